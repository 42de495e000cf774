#include "serve/access.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/cli/message.h"
#include "serve/password_check.h"
#include "serve/sandbox.h"

/* The paths in the order of `seen`; NULL for one that is not used. */
static void list_paths(const struct access *a, const char *out[static ACCESS_FILES])
{
	out[0] = a->source.htpasswd;
	out[1] = a->source.groups;
	out[2] = a->source.token_key;
}

void access_unref(struct access_files *f)
{
	if (!f || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	htpasswd_release(&f->users);
	groups_release(&f->groups);
	token_keys_wipe(&f->keys);
	free(f);
}

CLEANUP_PTR(own_access_files_, struct access_files, access_unref)

static int read_file(const char *path, bool secret, struct buf *bytes, struct err *err)
{
	struct stat st;

	if (file_read(AT_FDCWD, path, bytes, err) < 0)
		return -1;
	if (secret && stat(path, &st) == 0 && (st.st_mode & S_IROTH))
		message_warn("%s: every user of this machine may read it: chmod o= %s", path, path);
	return 0;
}

static void wipe_buf(struct buf *b)
{
	explicit_bzero(b->p, b->n);
	buf_release(b);
}

/* Reads one file and hands its bytes to a parser; a path that is NULL is an empty file. */
#define READ_FILE(path, secret, parse, into)                                                       \
	__extension__({                                                                            \
		cleanup_by(wipe_buf) struct buf bytes_ = BUF_INIT(LIMIT_ACCESS_FILE);              \
		int result_ = (path) ? read_file(path, secret, &bytes_, err) : 0;                  \
		result_ == 0 ? parse(into, (path) ? (path) : "", buf_span(&bytes_), err) : -1;     \
	})

static struct access_files *read_files(struct access *a, struct err *err)
{
	const struct access_source *from = &a->source;
	__attribute__((cleanup(own_access_files_))) struct access_files *f = xcalloc(1, sizeof(*f));

	f->refs = 1;
	f->logins = from->htpasswd != NULL;
	if (READ_FILE(from->htpasswd, true, htpasswd_parse, &f->users) < 0 ||
	    READ_FILE(from->groups, false, groups_parse, &f->groups) < 0)
		return NULL;
	if (!from->token_key)
		f->keys = a->own;
	else if (READ_FILE(from->token_key, true, token_keys_parse, &f->keys) < 0)
		return NULL;
	return take(f);
}

/* Whether a file is another one, or has other bytes, than at the last look. */
static bool look_at_files(struct access *a)
{
	const char *paths[ACCESS_FILES];
	bool changed = false;

	list_paths(a, paths);
	for (size_t i = 0; i < ACCESS_FILES; i++) {
		struct stat now = { .st_size = 0 }, *seen = &a->seen[i];

		if (!paths[i] || stat(paths[i], &now) < 0)
			continue;
		changed |= now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
			   now.st_size != seen->st_size || now.st_mode != seen->st_mode ||
			   now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
			   now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
		*seen = now;
	}
	return changed;
}

/* One for two processors: serving comes first. */
static int hashing_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN) / 2;

	return n < 1 ? 1 : n > 4 ? 4 : (int)n;
}

/* What messages are about. */
static const char *first_path(const struct access_source *from)
{
	return from->htpasswd ? from->htpasswd : from->groups;
}

int access_init(struct access *a, const struct access_source *from, struct err *err)
{
	struct access_files *f;

	a->source = *from;
	if (!from->htpasswd && !from->groups)
		return 0;
	if (!from->token_key && token_keys_random(&a->own, err) < 0)
		return -1;
	look_at_files(a);
	f = read_files(a, err);
	if (!f) {
		err->kind = ERR_USAGE;
		return -1;
	}
	atomic_store(&a->files, f);
	message_line("%s: users: %zu, groups: %zu", first_path(from), f->users.n,
		     f->groups.groups.n);
	if (!from->htpasswd)
		return 0;
	a->passwords = password_check_new(hashing_threads(), err);
	return a->passwords ? 0 : -1;
}

void access_release(struct access *a)
{
	password_check_free(a->passwords);
	access_unref(atomic_load(&a->files));
	token_keys_wipe(&a->own);
	pthread_mutex_destroy(&a->lock);
}

bool access_check(struct access *a, bool in_any_case)
{
	struct access_files *old = atomic_load(&a->files), *next;
	struct err err = ERR_INIT;

	if (!old || (!look_at_files(a) && !in_any_case))
		return false;
	next = read_files(a, &err);
	if (!next) {
		if (!str_eq(err.msg, a->failed.msg) || in_any_case)
			message_warn("%s%s; users, groups and keys stay as they were", err.msg,
				     sandbox_words(err.sys));
		a->failed = err;
		return false;
	}
	a->failed = (struct err)ERR_INIT;
	pthread_mutex_lock(&a->lock);
	atomic_store(&a->files, next);
	pthread_mutex_unlock(&a->lock);
	access_unref(old);
	if (a->passwords)
		password_check_forget(a->passwords);
	message_line("%s read again: users: %zu, groups: %zu", first_path(&a->source),
		     next->users.n, next->groups.groups.n);
	return true;
}

struct access_files *access_latest(struct access *a, struct access_files *have)
{
	struct access_files *latest;

	if (atomic_load_explicit(&a->files, memory_order_acquire) == have)
		return have;
	/* the lock keeps the files from being freed before their reference is counted */
	pthread_mutex_lock(&a->lock);
	latest = atomic_load(&a->files);
	atomic_fetch_add_explicit(&latest->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&a->lock);
	access_unref(have);
	return latest;
}
