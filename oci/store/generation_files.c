#include "oci/store/generation_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/image/digest.h"
#include "oci/store/beneath.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"
#include "oci/store/layout.h"
#include "oci/store/line_diff.h"

/* The newest ones that stay whole; every fiftieth does, too. */
#define WHOLE_NEWEST 10
#define WHOLE_EVERY  50
/* A longer chain of differences is none that we made. */
#define LONGEST_CHAIN 1000
/* One publish makes at most so many: a mirror of version 0.1 has hundreds to be made. */
#define THIN_AT_ONCE 4

/* ---- names ---- */

void generation_files_path(long number, bool whole, char out[static GENERATION_PATH])
{
	snprintf(out, GENERATION_PATH, GENERATION_DIR "/%ld.%s", number, whole ? "json" : "diff");
}

/* "42.json" is 42; -1 for a name that is none of ours. */
static long number_of_name(const char *name, bool *whole)
{
	struct span s = span_str(name);

	*whole = span_ends(s, ".json");
	if (!*whole && !span_ends(s, ".diff"))
		return -1;
	s.n -= strlen(".json");
	if (s.n > 1 && s.p[0] == '0')
		return -1;
	return (long)span_number(s, INT32_MAX);
}

static int collect_file(const char *name, void *arg)
{
	struct generation_files *f = arg;
	bool whole;
	long number = number_of_name(name, &whole);

	if (number < 0 || number > f->max)
		return 0;
	f->v = xgrow(f->v, f->n, &f->cap, sizeof(*f->v));
	f->v[f->n++] = (struct generation_file){ .number = number, .whole = whole };
	return 0;
}

/* By number; of one number, the whole one comes first. */
static int compare_files(const void *pa, const void *pb)
{
	const struct generation_file *a = pa, *b = pb;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (int)b->whole - (int)a->whole;
}

static void sort_files(struct generation_files *f)
{
	size_t n = 0;

	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_files);
	for (size_t i = 0; i < f->n; i++)
		if (!n || f->v[n - 1].number != f->v[i].number)
			f->v[n++] = f->v[i];
	f->n = n;
}

int generation_files_list(struct generation_files *f, const struct layout *l, long max,
			  struct err *err)
{
	struct generation_files found = { .max = max };
	struct err why = ERR_INIT;

	if (file_walk(l->root, GENERATION_DIR, collect_file, &found, &why) < 0 &&
	    why.kind != ERR_NOTFOUND) {
		generation_files_release(&found);
		*err = why;
		return err_wrap(err, "%s", l->path);
	}
	sort_files(&found);
	*f = found;
	return 0;
}

void generation_files_release(struct generation_files *f)
{
	free(f->v);
	*f = (struct generation_files)GENERATION_FILES_INIT;
}

static int compare_number(const void *key, const void *file)
{
	long a = *(const long *)key, b = ((const struct generation_file *)file)->number;

	return (a > b) - (a < b);
}

const struct generation_file *generation_files_find(const struct generation_files *f, long number)
{
	return f->n ? bsearch(&number, f->v, f->n, sizeof(*f->v), compare_number) : NULL;
}

/* ---- one generation ---- */

static bool is_there(const struct layout *l, long number, bool whole)
{
	char path[GENERATION_PATH];

	generation_files_path(number, whole, path);
	return faccessat(l->root, path, F_OK, 0) == 0;
}

static int not_kept(long number, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, 0, "generation %ld is no longer kept", number);
}

/* The whole one may become a difference while we look: it is looked for first. */
int generation_files_head(const struct layout *l, long number, struct index *x, struct err *err)
{
	char path[GENERATION_PATH];

	for (int whole = 1; whole >= 0; whole--) {
		generation_files_path(number, whole, path);
		if (index_head_read(x, l->root, path, err) == 0)
			return 0;
		if (err->kind != ERR_NOTFOUND)
			return -1;
	}
	return not_kept(number, err);
}

static int read_diff_header(struct generation_diff *d, long number, struct err *err)
{
	struct span rest = buf_span(&d->bytes), head, line;
	cleanup_json json_t *doc = NULL;
	const char *digest;

	if (!span_cut(&rest, '\n', &head) || !index_head_is_ours(head) ||
	    !span_cut(&rest, '\n', &line) || !rest.p || !(doc = json_read(line, err)))
		return err_set(err, ERR_INVALID, 0, "not the differences of a generation");
	digest = json_get_text(doc, "digest");
	if (json_get_size(doc, "against") != number + 1)
		return err_set(err, ERR_INVALID, 0, "not against generation %ld", number + 1);
	d->steps = rest;
	return digest_parse(&d->digest, span_str(digest ? digest : ""), err);
}

int generation_files_diff(const struct layout *l, long number, struct generation_diff *d,
			  struct err *err)
{
	char path[GENERATION_PATH];

	buf_init(&d->bytes, LIMIT_INDEX);
	generation_files_path(number, false, path);
	if (beneath_read(l->root, path, &d->bytes, err) < 0)
		return -1;
	return read_diff_header(d, number, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

/* A whole generation, and the differences that lead from it to the one that is wanted. */
struct chain {
	struct buf base;
	struct generation_diff *v; /* that of the wanted one first */
	size_t n, cap;
};

static void chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_release(&c->v[i].bytes);
	free(c->v);
	buf_release(&c->base);
}

/* A step could not be read; when it is not there, says what that means. */
static int no_diff(long number, long step, struct err *err)
{
	if (err->kind != ERR_NOTFOUND)
		return err_failed();
	if (number == step)
		return not_kept(number, err);
	return err_set(err, ERR_INVALID, 0,
		       "generation %ld cannot be rebuilt: generation %ld is missing", number, step);
}

static int read_chain(struct chain *c, const struct layout *l, long number, struct err *err)
{
	char path[GENERATION_PATH];

	for (size_t i = 0; i < LONGEST_CHAIN; i++) {
		generation_files_path(number + (long)i, true, path);
		if (beneath_read(l->root, path, &c->base, err) == 0)
			return 0;
		if (err->kind != ERR_NOTFOUND)
			return -1;
		c->v = xgrow(c->v, c->n, &c->cap, sizeof(*c->v));
		if (generation_files_diff(l, number + (long)i, &c->v[c->n++], err) < 0)
			return no_diff(number, number + (long)i, err);
	}
	return err_set(err, ERR_INVALID, 0, "generation %ld cannot be rebuilt: too many steps",
		       number);
}

static int join_chain(struct chain *c, struct buf *bytes, struct err *err)
{
	cleanup_by(lines_release) struct lines lines = LINES_INIT;
	struct digest got;

	if (lines_split(&lines, buf_span(&c->base), err) < 0)
		return -1;
	for (size_t i = c->n; i-- > 0;)
		if (line_diff_apply(&lines, c->v[i].steps, err) < 0)
			return -1;
	buf_clear(bytes);
	lines_join(&lines, bytes);
	digest_of(&c->v[0].digest, bytes->p, bytes->n, &got);
	if (buf_failed(bytes) || !digest_eq(&got, &c->v[0].digest))
		return err_set(err, ERR_DIGEST, 0, "what is rebuilt is not what was published");
	return 0;
}

int generation_files_read(const struct layout *l, long number, struct buf *bytes, struct err *err)
{
	cleanup_by(chain_release) struct chain c = { .base = BUF_INIT(LIMIT_INDEX) };

	if (read_chain(&c, l, number, err) < 0)
		return -1;
	if (c.n)
		return join_chain(&c, bytes, err) < 0 ? err_wrap(err, "generation %ld", number) : 0;
	buf_clear(bytes);
	buf_add(bytes, c.base.p, c.base.n);
	return 0;
}

long generation_files_number(const struct index *x)
{
	const char *text = index_annotation(x, ANNOTATION_GENERATION);

	return text ? (long)span_number(span_str(text), INT32_MAX) : -1;
}

static int parse_generation(long number, const struct buf *bytes, struct index *x, struct err *err)
{
	long said;

	if (index_parse(x, buf_span(bytes), err) < 0)
		return -1;
	said = generation_files_number(x);
	/* another tool's layout, before it became a mirror, had no number */
	if ((said == number || (number == 0 && said < 0)) && index_head_check(x, err) == 0)
		return 0;
	index_release(x);
	return said == number ? -1
			      : err_set(err, ERR_INVALID, 0, "it says it is generation %ld", said);
}

int generation_files_index(const struct layout *l, long number, struct index *x, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	char path[GENERATION_PATH];

	if (generation_files_read(l, number, &bytes, err) < 0)
		return -1;
	generation_files_path(number, is_there(l, number, true), path);
	return parse_generation(number, &bytes, x, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

/* ---- published, or not yet ---- */

bool generation_files_is_pending(const struct layout *l, long number)
{
	char path[GENERATION_PATH];
	struct stat st;

	generation_files_path(number, true, path);
	return fstatat(l->root, path, &st, 0) == 0 && (st.st_mode & 0222) != 0;
}

void generation_files_settle(const struct layout *l, long number)
{
	char path[GENERATION_PATH];
	struct stat st;

	generation_files_path(number, true, path);
	if (fstatat(l->root, path, &st, 0) == 0 && (st.st_mode & 0222))
		(void)!fchmodat(l->root, path, st.st_mode & 07555, 0);
}

/* ---- differences ---- */

/* 1 when this generation stays whole, 0 when it may become a difference, -1 when its file cannot be
 * read. */
static int stays_whole(const struct layout *l, long number)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	struct err ignored;

	if (number % WHOLE_EVERY == 0)
		return 1;
	if (generation_files_head(l, number, &head, &ignored) < 0)
		return -1;
	return index_annotation(&head, ANNOTATION_LABEL) != NULL;
}

static int read_lines(const struct layout *l, long number, struct buf *bytes, struct lines *lines,
		      struct err *err)
{
	char path[GENERATION_PATH];

	generation_files_path(number, true, path);
	if (beneath_read(l->root, path, bytes, err) < 0)
		return -1;
	return lines_split(lines, buf_span(bytes), err);
}

static int write_diff(const struct lines *base, const struct lines *to, struct span bytes,
		      long number, struct buf *out, struct err *err)
{
	struct digest id;

	if (!to->n || !index_head_is_ours(to->v[0]))
		return err_set(err, ERR_INVALID, 0, "not written by this program");
	digest_of(NULL, bytes.p, bytes.n, &id);
	buf_addf(out, "%.*s\n{\"digest\":\"%s\",\"against\":%ld}\n", SPAN_ARG(to->v[0]), id.str,
		 number + 1);
	line_diff_write(base, to, out);
	return buf_failed(out) ? err_set(err, ERR_LIMIT, 0, "too large") : 0;
}

/* The difference is durable before the whole file goes, and it was read back. */
static int replace_whole(const struct layout *l, long number, const struct buf *diff,
			 const struct buf *bytes, const struct buf *base, struct err *err)
{
	cleanup_by(chain_release) struct chain c = { .base = BUF_INIT(LIMIT_INDEX) };
	cleanup_by(buf_release) struct buf again = BUF_INIT(LIMIT_INDEX);
	char whole[GENERATION_PATH], path[GENERATION_PATH];

	generation_files_path(number, true, whole);
	generation_files_path(number, false, path);
	if (file_replace(l->root, path, diff->p, diff->n, 0444, err) < 0 ||
	    file_sync_dir(l->root, GENERATION_DIR, err) < 0)
		return -1;
	buf_add(&c.base, base->p, base->n);
	c.v = xgrow(c.v, 0, &c.cap, sizeof(*c.v));
	c.n = 1;
	if (generation_files_diff(l, number, &c.v[0], err) < 0 || join_chain(&c, &again, err) < 0 ||
	    again.n != bytes->n || memcmp(again.p, bytes->p, again.n) != 0) {
		unlinkat(l->root, path, 0);
		return -1;
	}
	return unlinkat(l->root, whole, 0);
}

static int thin_one(const struct layout *l, long number)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX),
					   base = BUF_INIT(LIMIT_INDEX),
					   diff = BUF_INIT(LIMIT_INDEX);
	cleanup_by(lines_release) struct lines to = LINES_INIT, from = LINES_INIT;
	struct err err;

	if (read_lines(l, number, &bytes, &to, &err) < 0 ||
	    read_lines(l, number + 1, &base, &from, &err) < 0 ||
	    write_diff(&from, &to, buf_span(&bytes), number, &diff, &err) < 0)
		return -1;
	return replace_whole(l, number, &diff, &bytes, &base, &err);
}

/* Ascending: the one after a whole one is still whole when it is needed. */
void generation_files_thin(const struct layout *l, long current)
{
	cleanup_by(generation_files_release) struct generation_files f = GENERATION_FILES_INIT;
	struct err ignored;
	int done = 0;

	if (generation_files_list(&f, l, current - WHOLE_NEWEST, &ignored) < 0)
		return;
	for (size_t i = 0; i < f.n && done < THIN_AT_ONCE; i++)
		if (f.v[i].whole && is_there(l, f.v[i].number + 1, true) &&
		    stays_whole(l, f.v[i].number) == 0 && thin_one(l, f.v[i].number) == 0)
			done++;
}
