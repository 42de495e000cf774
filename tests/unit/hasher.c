/* verify: the digest of a file that grows, whoever is faster. */
#include "oci/store/hasher.h"

#include <pthread.h>
#include <stdint.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define LARGE (3 * (int64_t)MIB + 12345)

static char content[LARGE];

static void fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(content); i++) {
		x = x * 1664525 + 1013904223;
		content[i] = (char)(x >> 24);
	}
}

static int new_file(struct tempdir *t)
{
	return openat(t->fd, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static bool put(int fd, struct hasher *v, int64_t at, int64_t n)
{
	if (pwrite(fd, content + at, (size_t)n, at) != n)
		return false;
	hasher_add(v, content + at, (size_t)n);
	return true;
}

/* Where a thread says that it is done. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	int times;
};

static void ring(void *arg)
{
	struct bell *b = arg;

	pthread_mutex_lock(&b->lock);
	b->times++;
	pthread_cond_signal(&b->rung);
	pthread_mutex_unlock(&b->lock);
}

static void listen_for(struct bell *b)
{
	pthread_mutex_lock(&b->lock);
	while (!b->times)
		pthread_cond_wait(&b->rung, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static const struct {
	const char *name;
	const char *like;
	int64_t size, have, piece;
	bool pool;
} rows[] = {
	{ "nothing", "sha256:", 0, 0, 1, true },
	{ "one byte", "sha256:", 1, 0, 1, true },
	{ "small, on the spot", "sha256:", 5000, 0, 999, true },
	{ "small, continued", "sha256:", 5000, 4000, 999, true },
	{ "large, by threads", "sha256:", LARGE, 0, 16384, true },
	{ "large, in one piece", "sha256:", LARGE, 0, LARGE, true },
	{ "large, continued", "sha256:", LARGE, 2 * (int64_t)MIB + 1, 16384, true },
	{ "large, all of it there", "sha256:", LARGE, LARGE, 1, true },
	{ "large, by sha512", "sha512:", LARGE, 0, 100000, true },
	{ "large, without threads", "sha256:", LARGE, 77, 16384, false },
};

static void test_rows(void)
{
	struct hasher_pool *pool = hasher_pool_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
		cleanup_fd int fd = new_file(&t);
		struct digest like = { "" }, want, got;
		struct bell bell = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
		struct err err = ERR_INIT;
		struct hasher *v;
		int64_t at = rows[i].have;
		bool ok = pwrite(fd, content, (size_t)at, 0) == at;

		strcpy(like.str, rows[i].like);
		digest_of(&like, content, (size_t)rows[i].size, &want);
		v = hasher_begin(rows[i].pool ? pool : NULL, fd, &like, rows[i].size, at);
		for (int64_t n; at < rows[i].size; at += n) {
			n = rows[i].size - at < rows[i].piece ? rows[i].size - at : rows[i].piece;
			ok = put(fd, v, at, n) && ok;
		}
		if (i % 2 && !hasher_ready(v, ring, &bell)) {
			listen_for(&bell);
			ok = ok && hasher_ready(v, ring, &bell);
		}
		ok = hasher_end(v, &got, &err) == 0 && ok;
		CHECK_ROW(ok && bell.times < 2, rows[i].name);
		CHECK_TEXT(got.str, want.str, rows[i].name);
	}
	hasher_pool_free(pool);
}

/* More files than threads, all of them growing in turns, some dropped half-way. */
static void test_many(void)
{
	enum { FILES = 24 };
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct hasher_pool *pool = hasher_pool_new();
	struct hasher *v[FILES];
	int fd[FILES], right = 0;
	struct digest want, got;
	struct err err = ERR_INIT;

	digest_of(NULL, content, (size_t)LARGE, &want);
	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		fd[i] = openat(t.fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		v[i] = hasher_begin(pool, fd[i], NULL, LARGE, 0);
	}
	for (int64_t at = 0, n; at < LARGE; at += n) {
		n = LARGE - at < 300000 ? LARGE - at : 300000;
		for (int i = 0; i < FILES; i++) {
			if (v[i])
				put(fd[i], v[i], at, n);
			if (i % 3 == 0 && at > (int64_t)MIB)
				hasher_drop(take(v[i]));
		}
	}
	for (int i = 0; i < FILES; i++) {
		if (v[i] && hasher_end(v[i], &got, &err) == 0)
			right += digest_eq(&got, &want);
		close(fd[i]);
	}
	CHECK_ROW(right == FILES - FILES / 3, "many at once, some dropped");
	hasher_pool_free(pool);
}

static void test_faults(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct hasher_pool *pool = hasher_pool_new();
	cleanup_fd int fd = new_file(&t);
	struct digest got;
	struct err err = ERR_INIT;
	struct bell bell = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	struct hasher *v = hasher_begin(pool, fd, NULL, LARGE, 0);

	hasher_add(v, content, LARGE); /* but nothing is in the file */
	if (!hasher_ready(v, ring, &bell))
		listen_for(&bell);
	CHECK_ROW(hasher_ready(v, ring, &bell), "a file that can't be read keeps nobody waiting");
	CHECK_ROW(hasher_end(v, &got, &err) < 0 && err.kind == ERR_IO, "and is told");
	v = hasher_begin(pool, fd, NULL, LARGE, LARGE);
	hasher_drop(v);
	hasher_drop(NULL);
	hasher_pool_free(pool);
	hasher_pool_free(NULL);
	CHECK_ROW(true, "dropped at any time");
}

int main(void)
{
	fill();
	test_rows();
	test_many();
	test_faults();
	return tap_done();
}
