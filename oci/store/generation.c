#include "oci/store/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"

#define INDEX "index.json"
#define KEPT  ".mirror/generations"
/* ".mirror/generations/42.json" */
#define KEPT_PATH (sizeof(KEPT) + 32)

int generation_lock(const struct layout *l, const char *who, int wait, struct err *err)
{
	int fd = file_lock(l->root, ".mirror/lock", who, wait, err);

	return fd < 0 ? err_wrap(err, "%s", l->path) : fd;
}

static int replace_file(const struct layout *l, const char *path, const struct buf *bytes,
			mode_t mode, struct err *err)
{
	if (file_replace(l->root, path, bytes->p, bytes->n, mode, err) < 0)
		return err_wrap(err, "%s", l->path);
	return 0;
}

static int sync_dir(const struct layout *l, const char *path, struct err *err)
{
	return file_sync_dir(l->root, path, err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

/* ---- numbers ---- */

/* -1 when the index has no number, or none that is one. */
static long number_of(const struct index *x)
{
	const char *text = index_annotation(x, ANNOTATION_GENERATION);

	return text ? (long)span_number(span_str(text), INT32_MAX) : -1;
}

long generation_number(const struct index *x)
{
	long n = number_of(x);

	return n < 0 ? 0 : n;
}

static void kept_path(long number, char out[static KEPT_PATH])
{
	snprintf(out, KEPT_PATH, KEPT "/%ld.json", number);
}

/* "42.json" is 42; -1 for a name that is none of ours. */
static long number_of_name(const char *name)
{
	struct span s = span_str(name);

	if (!span_ends(s, ".json"))
		return -1;
	s.n -= strlen(".json");
	if (s.n > 1 && s.p[0] == '0')
		return -1;
	return (long)span_number(s, INT32_MAX);
}

struct numbers {
	long *v;
	size_t n, cap;
	long max; /* larger ones are left out */
};

static int collect_number(const char *name, void *arg)
{
	struct numbers *found = arg;
	long number = number_of_name(name);

	if (number < 0 || number > found->max)
		return 0;
	found->v = xgrow(found->v, found->n, &found->cap, sizeof(*found->v));
	found->v[found->n++] = number;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static int list_numbers(const struct layout *l, long max, struct numbers *out, struct err *err)
{
	struct numbers found = { .max = max };

	if (file_walk(l->root, KEPT, collect_number, &found, err) < 0) {
		free(found.v);
		return -1;
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_numbers);
	*out = found;
	return 0;
}

int generation_list(const struct layout *l, long current, long **numbers, size_t *n,
		    struct err *err)
{
	struct numbers found = { .v = NULL };
	struct err why = ERR_INIT;

	/* a layout of another tool has kept none */
	if (list_numbers(l, current, &found, &why) < 0 && why.kind != ERR_NOTFOUND) {
		*err = why;
		return err_wrap(err, "%s", l->path);
	}
	*numbers = found.v;
	*n = found.n;
	return 0;
}

/* ---- what is published ---- */

/* Refuses an index.json that cannot be trusted; the message says that nothing was changed and what
 * to do. */
static int refuse_index(const struct layout *l, const struct numbers *kept, const char *what,
			struct err *err)
{
	if (!kept->n)
		return err_set(err, ERR_INVALID, 0, "%s/" INDEX " %s; nothing was changed", l->path,
			       what);
	return err_set(err, ERR_INVALID, 0,
		       "%s/" INDEX " %s; nothing was changed; to go on from the newest generation "
		       "kept: cp %s/" KEPT "/%ld.json %s/" INDEX,
		       l->path, what, l->path, kept->v[kept->n - 1], l->path);
}

static int refuse_unreadable(const struct layout *l, const struct numbers *kept, struct err *err)
{
	cleanup_free char *what = xasprintf("cannot be read (%.200s)", err->msg);

	return refuse_index(l, kept, what, err);
}

/* Gives the first index its name, unless another writer's has it meanwhile. */
static int name_first(const struct layout *l, const char *temporary, struct err *err)
{
	int r = renameat2(l->root, temporary, l->root, INDEX, RENAME_NOREPLACE);

	if (r < 0 && (errno == EINVAL || errno == ENOSYS)) /* a file system that cannot do that */
		r = renameat(l->root, temporary, l->root, INDEX);
	if (r == 0 || errno == EEXIST)
		return 0;
	err_sys(err, "cannot make", INDEX);
	return err_wrap(err, "%s", l->path);
}

static int make_first(const struct layout *l, struct index *x, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(index_release) struct index first = INDEX_INIT;
	cleanup_free char *temporary = xasprintf(INDEX ".first-%ld.tmp", (long)getpid());
	char now[CLOCK_RFC3339];
	int r;

	clock_rfc3339(clock_wall(), now);
	index_set_annotation(&first, ANNOTATION_GENERATION, "0");
	index_set_annotation(&first, ANNOTATION_CREATED, now);
	index_write(&first, &bytes);
	r = replace_file(l, temporary, &bytes, 0644, err);
	if (r == 0)
		r = name_first(l, temporary, err);
	unlinkat(l->root, temporary, 0); /* when it has not become index.json */
	if (r < 0 || sync_dir(l, ".", err) < 0)
		return -1;
	index_release(x);
	return index_load(x, l, NULL, err);
}

static bool is_kept_as(const struct layout *l, long number, const struct buf *bytes)
{
	cleanup_by(buf_release) struct buf kept = BUF_INIT(bytes->n + 1);
	char path[KEPT_PATH];
	struct err ignored;

	kept_path(number, path);
	return file_read(l->root, path, &kept, &ignored) == 0 && kept.n == bytes->n &&
	       memcmp(kept.p, bytes->p, kept.n) == 0;
}

/* A layout of another tool has no number until it is published once; its first generation may have
 * been written by a writer that was killed. Otherwise an index without number is not ours any
 * more. */
static bool is_ours(const struct layout *l, const struct numbers *kept, const struct index *x,
		    const struct buf *bytes)
{
	return number_of(x) >= 0 || !kept->n || kept->v[kept->n - 1] == 0 ||
	       is_kept_as(l, 0, bytes);
}

static int load_published(const struct layout *l, const struct numbers *kept, struct index *x,
			  struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	struct digest id;

	if (file_read(l->root, INDEX, &bytes, err) < 0) {
		if (err->kind == ERR_NOTFOUND && kept->n)
			return refuse_index(l, kept, "is missing", err);
		if (err->kind == ERR_NOTFOUND)
			return make_first(l, x, err);
		return err_wrap(err, "%s", l->path);
	}
	digest_of(NULL, bytes.p, bytes.n, &id);
	if (digest_eq(&id, &x->read_as))
		return 0;
	index_release(x); /* never two of them at once */
	if (index_parse(x, buf_span(&bytes), err) < 0)
		return refuse_unreadable(l, kept, err);
	x->read_as = id;
	if (is_ours(l, kept, x, &bytes))
		return 0;
	index_release(x);
	return refuse_index(l, kept, "has lost its generation number: another tool has written it",
			    err);
}

int generation_load(const struct layout *l, struct index *x, struct err *err)
{
	struct numbers kept = { .v = NULL };
	int r;

	if (list_numbers(l, INT32_MAX, &kept, err) < 0)
		return err_wrap(err, "%s", l->path);
	r = load_published(l, &kept, x, err);
	free(kept.v);
	return r;
}

int generation_look(const struct layout *l, struct index *x, struct err *err)
{
	struct numbers kept = { .v = NULL };
	struct err why = ERR_INIT;
	int r = 0;

	if (index_load(x, l, NULL, &why) == 0)
		return 0;
	if (generation_list(l, INT32_MAX, &kept.v, &kept.n, err) < 0)
		return -1;
	if (kept.n) {
		r = load_published(l, &kept, x, err); /* says which file to put back */
	} else if (why.kind != ERR_NOTFOUND) {
		*err = why;
		r = -1;
	}
	free(kept.v);
	return r;
}

/* The number of what is published, without reading its entries. */
static int current_number(const struct layout *l, long *number, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	cleanup_by(index_release) struct index x = INDEX_INIT;

	if (file_read(l->root, INDEX, &bytes, err) < 0)
		return -1;
	if (index_parse_annotations(&x, buf_span(&bytes), err) < 0)
		return err_wrap(err, INDEX);
	*number = generation_number(&x);
	return 0;
}

static int read_kept(const struct layout *l, long number, struct index *x, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	char path[KEPT_PATH];
	long current;

	if (current_number(l, &current, err) < 0)
		return -1;
	if (number < 0 || number > current)
		return err_set(err, ERR_NOTFOUND, 0, "generation %ld was never published", number);
	kept_path(number, path);
	if (file_read(l->root, path, &bytes, err) < 0) {
		if (err->kind == ERR_NOTFOUND)
			err_set(err, ERR_NOTFOUND, 0, "generation %ld is no longer kept", number);
		return -1;
	}
	if (index_parse(x, buf_span(&bytes), err) < 0)
		return err_wrap(err, "%s", path);
	if (generation_number(x) == number)
		return 0;
	err_set(err, ERR_INVALID, 0, "%s: it says it is generation %ld", path,
		generation_number(x));
	index_release(x);
	return -1;
}

int generation_read(const struct layout *l, long number, struct index *x, struct err *err)
{
	return read_kept(l, number, x, err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

/* ---- the next one ---- */

static int drop_leftover(const char *name, void *dir)
{
	const char *end = name + strspn(name, "0123456789");
	bool ours = span_starts(span_str(name), INDEX ".") ||
		    span_starts(span_str(name), "oci-layout.") ||
		    (end > name && span_starts(span_str(end), ".json."));

	if (ours && span_ends(span_str(name), ".tmp"))
		unlinkat(*(int *)dir, name, 0);
	return 0;
}

/* Removes temporary files of writers that were killed. Under the lock no other writer has one. */
static void drop_leftovers(const struct layout *l)
{
	struct err ignored;
	cleanup_fd int kept = file_open_dir(l->root, KEPT, &ignored);
	int root = l->root;

	file_walk(root, ".", drop_leftover, &root, &ignored);
	if (kept >= 0)
		file_walk(kept, ".", drop_leftover, &kept, &ignored);
}

/*
 * The generation that is replaced must be kept, to go back to. It is not kept yet when a writer was
 * killed after its first index.json; and an index.json that another tool wrote, and may have
 * changed since, is kept as it is now.
 */
static int keep_current(const struct layout *l, const struct index *x, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	char path[KEPT_PATH];

	kept_path(generation_number(x), path);
	if (number_of(x) >= 0 && faccessat(l->root, path, F_OK, 0) == 0)
		return 0;
	if (file_read(l->root, INDEX, &bytes, err) < 0)
		return err_wrap(err, "%s", l->path);
	return replace_file(l, path, &bytes, 0444, err);
}

/* The order makes a crash at any point harmless: the generation file comes before the index that
 * names it, and the journal before the change that it records can be seen. */
static int write_all(const struct layout *l, const struct index *x, const struct publication *what,
		     struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	long number = generation_number(x);
	char path[KEPT_PATH];

	index_write(x, &bytes);
	if (buf_failed(&bytes))
		return err_set(err, ERR_LIMIT, 0, "%s/" INDEX " would have more than %lu MiB",
			       l->path, LIMIT_INDEX / MIB);
	kept_path(number, path);
	if (replace_file(l, path, &bytes, 0444, err) < 0 || sync_dir(l, KEPT, err) < 0 ||
	    journal_append(l, number - 1, what->lines, what->nlines, err) < 0 ||
	    replace_file(l, INDEX, &bytes, 0644, err) < 0)
		return -1;
	if (sync_dir(l, ".", err) < 0)
		return err_wrap(err,
				"generation %ld is published, but the disk does not confirm it",
				number);
	return 0;
}

/* The next index: the entries of x, lent, and annotations of its own. */
static struct index make_next(const struct index *x, const struct publication *what)
{
	struct index next = { .v = x->v, .n = x->n, .rest = x->rest };
	char number[32], now[CLOCK_RFC3339];

	clock_rfc3339(clock_wall(), now);
	for (size_t i = 0; i < x->nannotations; i++)
		index_set_annotation(&next, x->annotations[i].key, x->annotations[i].value);
	snprintf(number, sizeof(number), "%ld", generation_number(x) + 1);
	index_set_annotation(&next, ANNOTATION_GENERATION, number);
	index_set_annotation(&next, ANNOTATION_CREATED, now);
	index_set_annotation(&next, ANNOTATION_MADE_BY, what->made_by);
	index_set_annotation(&next, ANNOTATION_LABEL, what->label);
	if (what->commit)
		index_set_annotation(&next, ANNOTATION_LIST_COMMIT, what->commit);
	return next;
}

static void swap_annotations(struct index *a, struct index *b)
{
	struct annotation *annotations = a->annotations;
	size_t n = a->nannotations;

	a->annotations = b->annotations;
	a->nannotations = b->nannotations;
	b->annotations = annotations;
	b->nannotations = n;
}

static void date_lines(const struct publication *what, long number, const char *time)
{
	for (size_t i = 0; i < what->nlines; i++) {
		what->lines[i].generation = number;
		what->lines[i].time = time;
	}
}

long generation_publish(const struct layout *l, struct index *x, const struct publication *what,
			struct err *err)
{
	long number = generation_number(x) + 1;
	struct index next = make_next(x, what);

	date_lines(what, number, index_annotation(&next, ANNOTATION_CREATED));
	drop_leftovers(l);
	if (keep_current(l, x, err) < 0 || write_all(l, &next, what, err) < 0) {
		if (err->kind == ERR_NOTFOUND) /* it is the mirror's own that is not there */
			err->kind = ERR_IO;
		date_lines(what, number, NULL);
		number = -1;
	} else {
		swap_annotations(x, &next);
	}
	index_release(&(struct index){ .annotations = next.annotations,
				       .nannotations = next.nannotations });
	return number;
}
