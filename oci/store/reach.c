#include "oci/store/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"

#define READ_SIZE (256 * KIB)

/* A digest that a walk has met. */
struct seen {
	struct digest digest;
	int64_t size;       /* of the file; -1: there is none */
	bool told;          /* its problem was reported: once is enough */
	bool walked;        /* as a document ... */
	const char *filter; /* ... and under this platform filter (lent by an entry; may be NULL) */
};

/* A place in the walk: what a descriptor says, and the entry the walk began with. */
struct step {
	const struct entry *entry;
	const char *filter;
	const char *role, *media_type;
	struct digest digest;
	int64_t size;
	int nesting;
	bool is_document; /* a manifest or an index here, whatever it is elsewhere */
};

void reach_init(struct reach *s, const struct layout *l, enum reach_depth depth,
		void (*tell)(const struct reach_problem *problem, void *arg), void *arg)
{
	*s = (struct reach){ .layout = l, .depth = depth, .tell = tell, .arg = arg };
	s->seen = (struct table)TABLE_INIT;
}

void reach_release(struct reach *s)
{
	table_clear(&s->seen, free);
}

bool reach_reached(const struct reach *s, const struct digest *d)
{
	return table_get(&s->seen, d->str) != NULL;
}

int reach_rehash(const struct layout *l, const struct digest *d, struct err *err)
{
	cleanup_free char *piece = xmalloc(READ_SIZE);
	struct digest got;
	struct hash *h;
	int64_t size;
	cleanup_fd int fd = layout_open_blob(l, d, &size, err);
	ssize_t n;

	if (fd < 0)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	h = hash_new(d);
	while ((n = read(fd, piece, READ_SIZE)) > 0)
		hash_add(h, piece, (size_t)n);
	hash_end(h, &got);
	if (n < 0)
		return err_set(err, ERR_IO, errno, "cannot be read: %s", strerror(errno));
	if (!digest_eq(&got, d))
		return err_set(err, ERR_DIGEST, 0, "its content is %s", got.str);
	return 0;
}

/* ---- reporting ---- */

static void report_problem(struct reach *s, const struct step *at, enum reach_fault fault,
			   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void report_problem(struct reach *s, const struct step *at, enum reach_fault fault,
			   const char *fmt, ...)
{
	struct reach_problem p = {
		.fault = fault,
		.entry = at->entry,
		.role = at->role,
		.media_type = at->media_type,
		.digest = at->digest,
		.size = at->size,
	};
	char text[480];
	va_list ap;

	s->problems++;
	if (!s->tell)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p.text = text;
	s->tell(&p, s->arg);
}

static void report_err(struct reach *s, const struct step *at, const struct err *err)
{
	enum reach_fault fault = err->kind == ERR_DIGEST     ? REACH_CONTENT
				 : err->kind == ERR_NOTFOUND ? REACH_MISSING
				 : err->kind == ERR_INVALID  ? REACH_DOCUMENT
							     : REACH_DISK;

	report_problem(s, at, fault, "%s", err->msg);
}

/* ---- one file ---- */

static void report_file(struct reach *s, const struct step *at, enum blob_file f)
{
	bool disk = f == BLOB_FILE_DENIED || f == BLOB_FILE_BUSY || f == BLOB_FILE_DISK;

	report_problem(s, at, disk ? REACH_DISK : REACH_MISSING, "%s%s%s", blob_file_words(f),
		       disk ? ": " : "", disk ? strerror(errno) : "");
}

/* What is known of this digest; its file is looked for when the digest is met for the first
 * time. */
static struct seen *find_seen(struct reach *s, const struct step *at, bool *first)
{
	struct seen *seen = table_get(&s->seen, at->digest.str);
	enum blob_file f;

	*first = seen == NULL;
	if (seen)
		return seen;
	seen = xcalloc(1, sizeof(*seen));
	seen->digest = at->digest;
	seen->size = -1;
	f = layout_look(s->layout, &at->digest, -1, &seen->size);
	if (f == BLOB_FILE_HERE) {
		s->files++;
		s->bytes += (uint64_t)seen->size;
	} else {
		report_file(s, at, f);
	}
	table_put(&s->seen, seen->digest.str, seen);
	return seen;
}

/* ---- one document ---- */

static void visit_step(struct reach *s, const struct step *at);

static const char *role_of(const struct manifest *m, size_t i)
{
	if (m->kind == MEDIA_MANIFEST)
		return i == 0 ? "config" : "layer";
	return media_type_kind(m->below[i].media_type) == MEDIA_INDEX ? "index" : "manifest";
}

/* A descriptor in an index may be a document; one in an image manifest is a blob, whatever its
 * media type says. */
static bool names_document(const char *media_type)
{
	enum media_type_kind kind = media_type_kind(media_type);

	return kind == MEDIA_INDEX || kind == MEDIA_MANIFEST || !media_type[0];
}

static void visit_below(struct reach *s, const struct step *at, const struct manifest *m)
{
	cleanup_free bool *wanted =
		manifest_choose(m, m->kind == MEDIA_INDEX ? at->filter : PLATFORM_ALL);

	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];
		struct step below = *at;

		if (!wanted[i])
			continue;
		if ((d->urls || media_type_is_foreign(d->media_type)) &&
		    !layout_has(s->layout, &d->digest, -1))
			continue;
		below.role = role_of(m, i);
		below.media_type = d->media_type;
		below.digest = d->digest;
		below.size = d->size;
		below.is_document = m->kind == MEDIA_INDEX && names_document(d->media_type);
		below.nesting++;
		visit_step(s, &below);
	}
}

static void visit_document(struct reach *s, const struct step *at, struct seen *seen)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;

	if (seen->told)
		return;
	if (layout_read(s->layout, &at->digest, &bytes, &err) < 0 ||
	    manifest_parse(&m, buf_span(&bytes), at->media_type, &err) < 0) {
		seen->told = true;
		report_err(s, at, &err);
		return;
	}
	/* an index cannot contain itself, but nested indexes may multiply the work */
	if (at->nesting > LIMIT_NESTING)
		report_problem(s, at, REACH_DOCUMENT, "is nested more than %d deep", LIMIT_NESTING);
	else
		visit_below(s, at, &m);
}

static bool is_walked(const struct seen *seen, const char *filter)
{
	if (!seen->walked)
		return false;
	return seen->filter && filter ? strcmp(seen->filter, filter) == 0 : seen->filter == filter;
}

static void visit_step(struct reach *s, const struct step *at)
{
	struct err err = ERR_INIT;
	struct seen *seen;
	bool first;

	seen = find_seen(s, at, &first);
	if (seen->size < 0)
		return;
	if (seen->size != at->size)
		report_problem(s, at, REACH_SIZE, "has %lld bytes, not %lld", (long long)seen->size,
			       (long long)at->size);
	if (at->is_document) {
		if (is_walked(seen, at->filter))
			return;
		seen->walked = true;
		seen->filter = at->filter;
		visit_document(s, at, seen);
	} else if (first && s->depth == REACH_REHASH &&
		   reach_rehash(s->layout, &at->digest, &err) < 0) {
		seen->told = true;
		report_err(s, at, &err);
	}
}

void reach_entry(struct reach *s, const struct entry *e)
{
	struct step at = {
		.entry = e,
		.filter = entry_annotation(e, ANNOTATION_PLATFORM),
		.role = media_type_kind(e->media_type) == MEDIA_INDEX ? "index" : "manifest",
		.media_type = e->media_type,
		.digest = e->digest,
		.size = e->size,
		.is_document = names_document(e->media_type),
	};

	visit_step(s, &at);
}

/* ---- unreached files ---- */

struct strays {
	const struct reach *reach;
	int (*each)(const struct digest *d, const char *path, int64_t size, void *arg);
	void *arg;
	const char *algorithm; /* the directory that is being walked */
};

static int stray_file(const char *name, void *arg)
{
	const struct strays *w = arg;
	cleanup_free char *path = xasprintf("blobs/%s/%s", w->algorithm, name);
	cleanup_free char *text = xasprintf("%s:%s", w->algorithm, name);
	struct digest d = { .str = "" };
	struct err ignored;
	struct stat st;

	if (digest_parse(&d, span_str(text), &ignored) == 0 && reach_reached(w->reach, &d))
		return 0;
	if (fstatat(w->reach->layout->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* removed meanwhile */
	return w->each(&d, path, st.st_size, w->arg);
}

int reach_strays(const struct reach *s,
		 int (*each)(const struct digest *d, const char *path, int64_t size, void *arg),
		 void *arg, struct err *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct strays w = { .reach = s, .each = each, .arg = arg };
		cleanup_free char *path = xasprintf("blobs/%s", algorithms[i]);
		struct err why = ERR_INIT;
		int r;

		w.algorithm = algorithms[i];
		r = file_walk(s->layout->root, path, stray_file, &w, &why);
		if (r < 0 && why.kind == ERR_NOTFOUND)
			continue;
		if (r && why.kind != ERR_NONE) {
			*err = why;
			err_wrap(err, "%s", s->layout->path);
		}
		if (r)
			return r;
	}
	return 0;
}
