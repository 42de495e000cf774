#include "publish/verified.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/image/digest.h"
#include "oci/store/beneath.h"
#include "oci/store/layout.h"

#define PATH  ".mirror/verified"
#define FIRST "mirror-verified 1 "

struct row {
	time_t rehashed, deep; /* 0: never */
	char digest[];
};

void verified_release(struct verified *v)
{
	table_clear(&v->rows, free);
}

static struct row *find_or_add(struct verified *v, const char *digest)
{
	struct row *r = table_get(&v->rows, digest);

	if (r)
		return r;
	r = xcalloc(1, sizeof(*r) + strlen(digest) + 1);
	memcpy(r->digest, digest, strlen(digest) + 1);
	table_put(&v->rows, r->digest, r);
	return r;
}

/* The place that the file speaks of; 0 when it cannot be told. */
static unsigned long long place_of(const struct layout *l)
{
	struct stat st;

	return fstatat(l->root, "blobs", &st, 0) < 0 ? 0 : (unsigned long long)st.st_ino;
}

/* ---- reading ---- */

/* False when the line is none. */
static bool read_row(struct verified *v, struct span line, time_t now)
{
	struct digest d;
	struct err ignored;
	long long rehashed, deep;
	struct row *r;

	if (digest_parse(&d, span_word(&line), &ignored) < 0)
		return false;
	rehashed = span_number(span_word(&line), INT64_MAX / 2);
	deep = span_number(span_word(&line), INT64_MAX / 2);
	if (rehashed < 0 || deep < 0 || line.n)
		return false;
	/* a clock that was wrong */
	if (rehashed > now || deep > now)
		return true;
	r = find_or_add(v, d.str);
	r->rehashed = (time_t)rehashed;
	r->deep = (time_t)deep;
	return true;
}

static bool read_rows(struct verified *v, const struct layout *l, struct span text)
{
	cleanup_free char *first = xasprintf(FIRST "%llu", place_of(l));
	time_t now = clock_wall();
	struct span line;

	if (!span_cut(&text, '\n', &line) || !span_eq(line, first))
		return false;
	while (text.n)
		if (!span_cut(&text, '\n', &line) || !read_row(v, line, now))
			return false;
	return true;
}

void verified_load(struct verified *v, const struct layout *l)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_VERIFIED);
	struct err ignored;

	if (beneath_read(l->root, PATH, &bytes, &ignored) == 0 &&
	    !read_rows(v, l, buf_span(&bytes)))
		verified_release(v);
}

/* ---- in memory ---- */

bool verified_since(const struct verified *v, const char *digest, time_t changed, time_t since,
		    bool deep)
{
	const struct row *r = table_get(&v->rows, digest);
	time_t when = !r ? 0 : deep ? r->deep : r->rehashed;

	return when > 0 && when >= since && changed <= when;
}

void verified_note(struct verified *v, const char *digest, time_t when, bool deep)
{
	struct row *r = find_or_add(v, digest);

	r->rehashed = when;
	if (deep)
		r->deep = when;
}

void verified_forget(struct verified *v, const char *digest)
{
	free(table_remove(&v->rows, digest));
}

void verified_keep(struct verified *v, bool (*is_there)(const char *digest, void *arg), void *arg)
{
	struct table kept = TABLE_INIT;
	struct row *r;

	for (size_t at = 0; (r = table_next(&v->rows, &at));) {
		if (is_there(r->digest, arg))
			table_put(&kept, r->digest, r);
		else
			free(r);
	}
	table_release(&v->rows);
	v->rows = kept;
}

/* ---- writing ---- */

int verified_save(const struct verified *v, const struct layout *l, struct err *err)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_VERIFIED);
	const struct row *r;

	buf_addf(&out, FIRST "%llu\n", place_of(l));
	for (size_t at = 0; (r = table_next(&v->rows, &at));)
		buf_addf(&out, "%s %lld %lld\n", r->digest, (long long)r->rehashed,
			 (long long)r->deep);
	if (buf_failed(&out))
		return err_set(err, ERR_LIMIT, 0, PATH " would have more than %lu MiB",
			       LIMIT_VERIFIED / MIB);
	return file_replace(l->root, PATH, out.p, out.n, 0644, err);
}
