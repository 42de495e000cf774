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
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/store/beneath.h"
#include "oci/store/generation_bytes.h"
#include "oci/store/generation_files.h"
#include "oci/store/generation_trust.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "oci/store/served_file.h"

#define INDEX "index.json"
/* How often an index.json that is replaced while it is judged is read again. */
#define DOUBTS 8

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

long generation_number(const struct index *x)
{
	long n = generation_files_number(x);

	return n < 0 ? 0 : n;
}

int generation_list(const struct layout *l, long current, long **numbers, size_t *n,
		    struct err *err)
{
	cleanup_by(generation_files_release) struct generation_files kept = GENERATION_FILES_INIT;

	if (generation_files_list(&kept, l, current, err) < 0)
		return -1;
	*numbers = kept.n ? xcalloc(kept.n, sizeof(**numbers)) : NULL;
	*n = kept.n;
	for (size_t i = 0; i < kept.n; i++)
		(*numbers)[i] = kept.v[i].number;
	return 0;
}

/* ---- what is published ---- */

static int refuse_unreadable(const struct layout *l, const struct generation_files *kept,
			     struct err *err)
{
	cleanup_free char *what = xasprintf("cannot be read (%.200s)", err->msg);

	return generation_trust_refuse(l, kept, what, err);
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
	return index_load(x, l, &x->read_as, err);
}

static bool is_kept_as(const struct layout *l, long number, const struct buf *bytes)
{
	cleanup_by(buf_release) struct buf kept = BUF_INIT(LIMIT_INDEX);
	struct err ignored;

	return generation_files_read(l, number, &kept, &ignored) == 0 && kept.n == bytes->n &&
	       memcmp(kept.p, bytes->p, kept.n) == 0;
}

/* A layout of another tool has no number until it is published once; its first generation may have
 * been written by a writer that was killed. Otherwise an index without number is not ours any
 * more. */
static bool is_ours(const struct layout *l, const struct generation_files *kept,
		    const struct index *x, const struct buf *bytes)
{
	return generation_files_number(x) >= 0 || !kept->n || kept->v[kept->n - 1].number == 0 ||
	       is_kept_as(l, 0, bytes);
}

static int parse_published(const struct layout *l, const struct generation_files *kept,
			   struct index *x, const struct buf *bytes, struct err *err)
{
	if (index_parse(x, buf_span(bytes), err) < 0)
		return refuse_unreadable(l, kept, err);
	digest_of(NULL, bytes->p, bytes->n, &x->read_as);
	if (index_head_check(x, err) < 0)
		return err_wrap(err, "%s/" INDEX, l->path);
	if (is_ours(l, kept, x, bytes))
		return 0;
	return generation_trust_refuse(
		l, kept, "has lost its generation number: another tool has written it", err);
}

/* The digest of what is published, which is not kept in memory: with 100,000 entries, index.json
 * has 50 MB. */
static int digest_published(const struct layout *l, struct digest *id, struct err *err)
{
	cleanup_fd int fd = beneath_open(l->root, INDEX, 0);
	cleanup_free char *piece = xmalloc(64 * KIB);
	struct hash *h;
	ssize_t n;

	if (fd < 0)
		return beneath_failed(INDEX, err);
	h = hash_new(NULL);
	while ((n = read(fd, piece, 64 * KIB)) > 0)
		hash_add(h, piece, (size_t)n);
	hash_end(h, id);
	return n < 0 ? err_sys(err, "cannot read", INDEX) : 0;
}

/* Whether x is what is published. */
static bool is_read_already(const struct layout *l, const struct index *x)
{
	struct err ignored;
	struct digest id;

	return x->read_as.str[0] && digest_published(l, &id, &ignored) == 0 &&
	       digest_eq(&id, &x->read_as);
}

static int load_published(const struct layout *l, const struct generation_files *kept,
			  struct index *x, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);

	if (is_read_already(l, x))
		return 0;
	if (beneath_read(l->root, INDEX, &bytes, err) < 0) {
		if (err->kind == ERR_NOTFOUND && kept->n)
			return generation_trust_refuse(l, kept, "is missing", err);
		if (err->kind == ERR_NOTFOUND)
			return make_first(l, x, err);
		return err_wrap(err, "%s", l->path);
	}
	index_release(x); /* never two of them at once */
	return parse_published(l, kept, x, &bytes, err);
}

int generation_load(const struct layout *l, struct index *x, struct err *err)
{
	cleanup_by(generation_files_release) struct generation_files kept = GENERATION_FILES_INIT;

	if (generation_files_list(&kept, l, INT32_MAX, err) < 0)
		return -1;
	if (load_published(l, &kept, x, err) == 0 && generation_trust_check(l, &kept, x, err) == 0)
		return 0;
	index_release(x);
	return -1;
}

int generation_open(const struct layout *l, const char *who, int wait, struct index *x,
		    struct err *err)
{
	cleanup_fd int lock = -1;

	if (generation_load(l, x, err) == 0)
		return 0;
	if (err->kind != ERR_INVALID)
		return -1;
	/* what was read while another publisher was at work need not fit together */
	lock = generation_lock(l, who, wait, err);
	return lock < 0 ? -1 : generation_load(l, x, err);
}

int generation_is_current(const struct layout *l, const struct index *x, struct err *err)
{
	struct digest id;

	if (digest_published(l, &id, err) < 0)
		return err->kind == ERR_NOTFOUND ? 0 : err_wrap(err, "%s", l->path);
	return digest_eq(&id, &x->read_as);
}

int generation_look(const struct layout *l, struct index *x, struct err *err)
{
	cleanup_by(generation_files_release) struct generation_files kept = GENERATION_FILES_INIT;
	struct err why = ERR_INIT;

	if (index_load(x, l, &x->read_as, &why) == 0) {
		if (index_head_check(x, err) == 0)
			return 0;
		index_release(x);
		return err_wrap(err, "%s/" INDEX, l->path);
	}
	if (generation_files_list(&kept, l, INT32_MAX, err) < 0)
		return -1;
	if (kept.n)
		return load_published(l, &kept, x, err); /* says which file to put back */
	if (why.kind == ERR_NOTFOUND)
		return 0;
	*err = why;
	return err_failed();
}

/* 1: index.json, as x has it, is doubted; 0: it is not; -1: it is another one than x by now. */
static int doubt_once(const struct layout *l, const struct index *x, struct err *doubt)
{
	cleanup_by(generation_files_release) struct generation_files kept = GENERATION_FILES_INIT;
	struct err ignored;

	*doubt = (struct err)ERR_INIT;
	/* what cannot be read speaks for nothing: a copy made for serving has no records */
	if (generation_files_list(&kept, l, INT32_MAX, &ignored) < 0 ||
	    generation_trust_check(l, &kept, x, doubt) == 0 || doubt->kind != ERR_INVALID)
		return 0;
	return generation_is_current(l, x, &ignored) == 1 ? 1 : -1;
}

int generation_doubt(const struct layout *l, struct index *x, struct err *doubt)
{
	struct err ignored;

	for (int i = 0; i < DOUBTS; i++) {
		int first = doubt_once(l, x, doubt);

		/* between journal and index.json of a publisher there is one doubt, not two */
		if (first == 0 || (first == 1 && doubt_once(l, x, doubt) == 0))
			return 0;
		if (doubt->kind == ERR_INVALID && generation_is_current(l, x, &ignored) == 1)
			return 1;
		index_release(x);
		if (generation_look(l, x, &ignored) < 0)
			return 0;
	}
	return 0;
}

/* Refuses a number that is larger than that of index.json. */
static int check_published(const struct layout *l, long number, struct err *err)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;

	if (index_head_read(&x, l->root, INDEX, err) < 0)
		return -1;
	if (number >= 0 && number <= generation_number(&x))
		return 0;
	return err_set(err, ERR_NOTFOUND, 0, "generation %ld was never published", number);
}

int generation_read(const struct layout *l, long number, struct index *x, struct err *err)
{
	if (check_published(l, number, err) < 0 || generation_files_index(l, number, x, err) < 0)
		return err_wrap(err, "%s", l->path);
	return 0;
}

int generation_read_kept(const struct layout *l, long number, struct index *x, struct err *err)
{
	return generation_files_index(l, number, x, err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

int generation_read_head(const struct layout *l, long number, struct index *x, struct err *err)
{
	return generation_files_head(l, number, x, err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

/* The line of an index of ours that stands around `at`. */
static struct span line_around(struct span all, const char *at)
{
	const char *start = memrchr(all.p, '\n', (size_t)(at - all.p)), *end;
	struct span line;

	start = start ? start + 1 : all.p;
	end = memchr(at, '\n', all.n - (size_t)(at - all.p));
	line = span_of(start, (size_t)((end ? end : all.p + all.n) - start));
	line.n -= span_ends(line, ",");
	return line;
}

/* Parses no entry but that of the reference, when the index is one of ours. */
static int entry_meaning(struct span all, const char *ref, struct digest *d, struct err *err)
{
	cleanup_by(buf_release) struct buf name = BUF_INIT(LIMIT_INDEX_LINE),
					   one = BUF_INIT(LIMIT_INDEX);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	const struct entry *e;
	const char *at;

	buf_adds(&name, "\"" ANNOTATION_REF_NAME "\":");
	buf_add_json(&name, ref);
	at = memmem(all.p, all.n, name.p, name.n);
	if (!at)
		return 0;
	buf_addf(&one, "{\"schemaVersion\":2,\"manifests\":[%.*s]}",
		 SPAN_ARG(line_around(all, at)));
	if (index_parse(&x, buf_span(&one), err) < 0 && index_parse(&x, all, err) < 0)
		return -1;
	e = index_find(&x, ref);
	if (e)
		*d = e->digest;
	return e != NULL;
}

int generation_meaning(const struct layout *l, long number, const char *ref, struct digest *d,
		       struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);

	if (generation_files_read(l, number, &bytes, err) < 0)
		return err_wrap(err, "%s", l->path);
	return entry_meaning(buf_span(&bytes), ref, d, err);
}

long generation_moved(const struct index *x)
{
	const char *text = index_annotation(x, ANNOTATION_RUN);
	struct err ignored;
	cleanup_json json_t *run = text ? json_read(span_str(text), &ignored) : NULL;

	return (long)json_get_size(run, "moved");
}

/* ---- the next one ---- */

static int drop_leftover(const char *name, void *dir)
{
	const char *end = name + strspn(name, "0123456789");
	bool ours = span_starts(span_str(name), INDEX ".") ||
		    span_starts(span_str(name), "oci-layout.") ||
		    (end > name && (span_starts(span_str(end), ".json.") ||
				    span_starts(span_str(end), ".diff.")));

	if (ours && span_ends(span_str(name), ".tmp"))
		unlinkat(*(int *)dir, name, 0);
	return 0;
}

/* Removes temporary files of writers that were killed. Under the lock no other writer has one. */
static void drop_leftovers(const struct layout *l)
{
	struct err ignored;
	cleanup_fd int kept = file_open_dir(l->root, GENERATION_DIR, &ignored);
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
	char path[GENERATION_PATH];

	generation_files_path(generation_number(x), true, path);
	if (generation_files_number(x) >= 0 && faccessat(l->root, path, F_OK, 0) == 0) {
		/* its writer may have been killed before it did this */
		generation_files_settle(l, generation_number(x));
		return 0;
	}
	if (beneath_read(l->root, INDEX, &bytes, err) < 0)
		return err_wrap(err, "%s", l->path);
	return replace_file(l, path, &bytes, 0444, err);
}

/* The order makes a crash at any point harmless: table and generation file come before the index
 * that names them, and the journal before the change that it records can be seen. The file can be
 * written to until its generation is published, which tells the two apart. */
static int write_all(const struct layout *l, struct index *x, const struct publication *what,
		     struct digest *id, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	long number = generation_number(x);
	char path[GENERATION_PATH];

	generation_files_path(number, true, path);
	if (generation_bytes_make(l, x, &bytes, what->no_table, err) < 0 ||
	    replace_file(l, path, &bytes, 0644, err) < 0 || sync_dir(l, GENERATION_DIR, err) < 0 ||
	    journal_append(l, number - 1, what->lines, what->nlines, err) < 0 ||
	    replace_file(l, INDEX, &bytes, 0644, err) < 0)
		return -1;
	generation_files_settle(l, number);
	digest_of(NULL, bytes.p, bytes.n, id);
	if (sync_dir(l, ".", err) < 0)
		return err_wrap(err,
				"generation %ld is published, but the disk does not confirm it",
				number);
	return 0;
}

/* A line moves a reference that had other content, or adds one; snapshots only accompany moves. */
static void count_lines(const struct publication *what, long *moved, long *added)
{
	for (size_t i = 0; i < what->nlines; i++) {
		const struct journal_line *j = &what->lines[i];

		if (!j->ref || !j->new_digest || (j->why && strcmp(j->why, "snapshot") == 0))
			continue;
		if (!j->old_digest)
			++*added;
		else if (strcmp(j->old_digest, j->new_digest) != 0)
			++*moved;
	}
}

/* {"started":...,"who":...,"moved":N,"added":N} */
static void describe_run(struct index *next, const struct publication *what)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_INDEX_ENTRY);
	long moved = 0, added = 0;
	char started[CLOCK_RFC3339];

	count_lines(what, &moved, &added);
	clock_rfc3339(what->started ? what->started : clock_wall(), started);
	buf_addf(&out, "{\"started\":\"%s\"", started);
	if (what->who) {
		buf_adds(&out, ",\"who\":");
		buf_add_json(&out, what->who);
	}
	buf_addf(&out, ",\"moved\":%ld,\"added\":%ld}", moved, added);
	index_set_annotation(next, ANNOTATION_RUN, out.p);
}

/* The next index: the entries of x, lent, and annotations of its own. */
static struct index make_next(const struct index *x, long n, const struct digest *previous,
			      const struct publication *what)
{
	struct index next = { .v = x->v, .n = x->n, .rest = x->rest };
	char number[32], now[CLOCK_RFC3339];
	cleanup_free char *requires = NULL;

	clock_rfc3339(clock_wall(), now);
	for (size_t i = 0; i < x->nannotations; i++)
		index_set_annotation(&next, x->annotations[i].key, x->annotations[i].value);
	snprintf(number, sizeof(number), "%ld", n);
	index_set_annotation(&next, ANNOTATION_GENERATION, number);
	index_set_annotation(&next, ANNOTATION_PREVIOUS, previous->str[0] ? previous->str : NULL);
	index_set_annotation(&next, ANNOTATION_CREATED, now);
	index_set_annotation(&next, ANNOTATION_MADE_BY, what->made_by);
	index_set_annotation(&next, ANNOTATION_LABEL, what->label);
	if (what->commit)
		index_set_annotation(&next, ANNOTATION_LIST_COMMIT, what->commit);
	describe_run(&next, what);
	requires = index_head_requires(&next);
	index_set_annotation(&next, ANNOTATION_REQUIRES, requires);
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

static long publish_as(const struct layout *l, struct index *x, long number,
		       const struct digest *previous, const struct publication *what,
		       struct err *err)
{
	struct index next = make_next(x, number, previous, what);
	struct digest id = { .str = "" };

	date_lines(what, number, index_annotation(&next, ANNOTATION_CREATED));
	drop_leftovers(l);
	if (keep_current(l, x, err) < 0 || write_all(l, &next, what, &id, err) < 0) {
		if (err->kind == ERR_NOTFOUND) /* it is the mirror's own that is not there */
			err->kind = ERR_IO;
		date_lines(what, number, NULL);
		number = -1;
	} else {
		swap_annotations(x, &next);
		x->read_as = id;
		served_file_drop(l, index_annotation(x, ANNOTATION_TABLE),
				 index_annotation(&next, ANNOTATION_TABLE));
	}
	index_release(&(struct index){ .annotations = next.annotations,
				       .nannotations = next.nannotations });
	return number;
}

long generation_publish(const struct layout *l, struct index *x, const struct publication *what,
			struct err *err)
{
	return publish_as(l, x, generation_number(x) + 1, &x->read_as, what, err);
}

void generation_thin(const struct layout *l, long current)
{
	generation_files_thin(l, current);
}

/* ---- one that was put back ---- */

int generation_restored_open(const struct layout *l, struct index *x, long *newest, struct err *err)
{
	if (index_load(x, l, &x->read_as, err) < 0)
		return -1;
	if (index_head_check(x, err) < 0)
		return err_wrap(err, "%s/" INDEX, l->path);
	return generation_trust_last(l, x, newest, err);
}

long generation_publish_restored(const struct layout *l, struct index *x,
				 const struct publication *what, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	struct digest previous = { .str = "" };
	struct err ignored;
	long newest;

	if (generation_trust_last(l, x, &newest, err) < 0)
		return -1;
	if (generation_files_read(l, newest, &bytes, &ignored) == 0)
		digest_of(NULL, bytes.p, bytes.n, &previous);
	return publish_as(l, x, newest + 1, &previous, what, err);
}
