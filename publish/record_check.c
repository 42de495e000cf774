#include "publish/record_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/ref.h"
#include "oci/store/beneath.h"
#include "oci/store/generation.h"
#include "oci/store/generation_check.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "oci/store/marks.h"
#include "oci/store/private_blobs.h"
#include "oci/store/served.h"
#include "oci/store/served_file.h"

#define INDEX    "index.json"
#define JOURNAL  "journal.jsonl"
#define PARTIALS ".mirror/partial"

static void fail(struct record_check *c, enum damage damage, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void fail(struct record_check *c, enum damage damage, const char *name, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	c->bad(damage, name, text, c->arg);
}

/* ---- index.json ---- */

/* Annotations that are times. */
static const char *const times[] = { ANNOTATION_SYNCED, ANNOTATION_SNAPSHOT_AT,
				     ANNOTATION_GONE_SINCE, ANNOTATION_UNLISTED_SINCE };

static bool is_canonical(const char *name)
{
	struct ref r = REF_INIT;
	struct err ignored;
	bool canonical = ref_parse_canonical(&r, span_str(name), &ignored) == 0;

	ref_release(&r);
	return canonical;
}

static void check_entry(struct record_check *c, const struct entry *e)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const char *text = entry_annotation(e, times[i]);

		if (text && clock_parse_rfc3339(text) < 0)
			fail(c, DAMAGE_INDEX, INDEX,
			     "the entry %s has a %s that is no time: \"%s\"", e->ref, times[i],
			     text);
	}
}

/* Names that are no canonical references are those of a layout that another tool made. */
static void check_index(struct record_check *c, const struct index *x)
{
	struct marks marks = MARKS_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < x->n; i++) {
		const char *name = x->v[i]->ref;

		check_entry(c, x->v[i]);
		if (i && name[0] && strcmp(x->v[i - 1]->ref, name) == 0 && is_canonical(name))
			fail(c, DAMAGE_INDEX, INDEX, "there are two entries of the name %s", name);
	}
	if (marks_load(&marks, x, &err) < 0)
		fail(c, DAMAGE_INDEX, INDEX, "%s", err.msg);
	marks_release(&marks);
}

/* ---- generations and journal ---- */

static void on_generation(long number, const char *text, void *arg)
{
	char name[48];

	snprintf(name, sizeof(name), "generation %ld", number);
	fail(arg, DAMAGE_GENERATION, name, "%s", text);
}

struct journal_facts {
	struct record_check *c;
	long first, last;
	size_t lines, not_ascending, bad_digests;
};

static bool is_digest(const char *text)
{
	struct digest d;
	struct err ignored;

	return !text || digest_parse(&d, span_str(text), &ignored) == 0;
}

static int on_journal_line(const struct journal_line *line, void *arg)
{
	struct journal_facts *f = arg;

	f->lines++;
	f->not_ascending += line->generation < f->last;
	f->bad_digests += !is_digest(line->old_digest) || !is_digest(line->new_digest);
	if (f->first < 0)
		f->first = line->generation;
	if (line->generation > f->last)
		f->last = line->generation;
	return 0;
}

/* Every publish since generation 1 has left a line. */
static void check_extent(struct record_check *c, const struct journal_facts *f, long current)
{
	if (current < 1)
		return;
	if (f->first < 0)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "is missing or empty");
	else if (f->first > 1)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "begins with generation %ld", f->first);
	else if (f->last < current)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "ends with generation %ld; %ld is published",
		     f->last, current);
}

static void check_journal(struct record_check *c, const struct layout *l, long current)
{
	struct journal_facts f = { .c = c, .first = -1, .last = -1 };
	struct err err = ERR_INIT;
	size_t bad = 0;

	if (journal_walk(l, current, on_journal_line, &f, &bad, &err) < 0) {
		fail(c, DAMAGE_JOURNAL, JOURNAL, "%s", err.msg);
		return;
	}
	c->journal_lines = f.lines;
	check_extent(c, &f, current);
	if (bad)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "%zu line%s cannot be read", bad,
		     bad == 1 ? "" : "s");
	if (f.not_ascending)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "%zu line%s behind those of a later generation",
		     f.not_ascending, f.not_ascending == 1 ? " stands" : "s stand");
	if (f.bad_digests)
		fail(c, DAMAGE_JOURNAL, JOURNAL, "%zu line%s a digest that is none", f.bad_digests,
		     f.bad_digests == 1 ? " has" : "s have");
}

/* ---- the table ---- */

static int hash_table(const struct layout *l, const char *path, const struct digest *like,
		      struct digest *got)
{
	cleanup_fd int fd = beneath_open(l->root, path, O_NOFOLLOW);
	cleanup_free char *piece = xmalloc(64 * KIB);
	struct hash *h;
	ssize_t n;

	if (fd < 0)
		return -1;
	h = hash_new(like);
	while ((n = read(fd, piece, 64 * KIB)) > 0)
		hash_add(h, piece, (size_t)n);
	hash_end(h, got);
	return n < 0 ? -1 : 0;
}

/* Whether the table is one of these entries. */
static bool is_table_of(const struct served *s, const struct layout *l, const struct index *x)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	struct err ignored;
	struct digest id;
	struct span entries;

	if (s->head->generation != generation_number(x))
		return false;
	if (beneath_read(l->root, INDEX, &bytes, &ignored) < 0)
		return true;
	digest_of(NULL, bytes.p, bytes.n, &id);
	if (!digest_eq(&id, &x->read_as)) /* replaced meanwhile */
		return true;
	if (!served_file_entries(buf_span(&bytes), &entries))
		return false;
	digest_of(NULL, entries.p, entries.n, &id);
	return strcmp(id.str, s->head->entries) == 0;
}

/* One that is as its name says may still be unknown to this program: it is of another version. */
static void check_table(struct record_check *c, const struct layout *l, const struct index *x)
{
	cleanup_by(served_release) struct served s = SERVED_INIT;
	const char *name = index_annotation(x, ANNOTATION_TABLE);
	cleanup_free char *path = name ? xasprintf(SERVED_FILE_DIR "/%s", name) : NULL;
	struct digest want, got;
	struct err err = ERR_INIT;

	if (!name)
		return;
	if (digest_parse(&want, span_str(name), &err) < 0)
		fail(c, DAMAGE_TABLE, INDEX, "names a table that is none: %s", err.msg);
	else if (faccessat(l->root, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		c->has_no_table = true;
	else if (hash_table(l, path, &want, &got) < 0)
		fail(c, DAMAGE_TABLE, path, "cannot be read");
	else if (!digest_eq(&want, &got))
		fail(c, DAMAGE_TABLE, path,
		     "has other content: %s; mirror-serve reads index.json instead, and the next "
		     "publish makes another",
		     got.str);
	else if (served_file_open(&s, l, name, &err) == 0 && !is_table_of(&s, l, x))
		fail(c, DAMAGE_TABLE, path, "is the table of another index.json");
}

/* ---- the others ---- */

static void check_private(struct record_check *c, const struct layout *l)
{
	struct private_blobs p = PRIVATE_BLOBS_INIT;
	struct err err = ERR_INIT;

	if (private_blobs_load(&p, l, &err) < 0)
		fail(c, DAMAGE_PRIVATE, "private-blobs", "%s", err.msg);
	private_blobs_release(&p);
}

struct partial_walk {
	struct record_check *c;
	const struct layout *layout;
};

static int on_partial(const char *name, void *arg)
{
	const struct partial_walk *w = arg;
	cleanup_free char *path = xasprintf(PARTIALS "/%s", name);
	struct stat st;

	if (fstatat(w->layout->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    strcmp(name, "lock") != 0) {
		w->c->partials++;
		w->c->partial_bytes += (uint64_t)st.st_size;
	}
	return 0;
}

int record_check(struct record_check *c, const struct layout *l, const struct index *x,
		 struct err *err)
{
	struct partial_walk w = { .c = c, .layout = l };
	struct err why = ERR_INIT;

	check_index(c, x);
	if (faccessat(l->root, ".mirror", F_OK, 0) < 0)
		return 0;
	if (generation_check(l, x, &c->generations, on_generation, c, err) < 0)
		return -1;
	check_journal(c, l, generation_number(x));
	check_table(c, l, x);
	check_private(c, l);
	if (file_walk(l->root, PARTIALS, on_partial, &w, &why) < 0 && why.kind != ERR_NOTFOUND) {
		*err = why;
		return err_wrap(err, "%s", l->path);
	}
	return 0;
}
