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

/* -1 and errno when there is none. */
static int64_t file_size(const struct layout *l, const struct digest *d)
{
	char path[DIGEST_PATH];
	struct stat st;

	digest_path(d, path);
	if (fstatat(l->root, path, &st, 0) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return st.st_size;
	errno = ENOENT;
	return -1;
}

/* What is known of this digest; its file is looked for when the digest is met for the first
 * time. */
static struct seen *find_seen(struct reach *s, const struct step *at, bool *first)
{
	struct seen *seen = table_get(&s->seen, at->digest.str);

	*first = seen == NULL;
	if (seen)
		return seen;
	seen = xcalloc(1, sizeof(*seen));
	seen->digest = at->digest;
	seen->size = file_size(s->layout, &at->digest);
	table_put(&s->seen, seen->digest.str, seen);
	if (seen->size >= 0) {
		s->files++;
		s->bytes += (uint64_t)seen->size;
	} else if (errno == ENOENT || errno == ENOTDIR) {
		report_problem(s, at, REACH_MISSING, "is missing");
	} else {
		report_problem(s, at, REACH_DISK, "cannot be looked at: %s", strerror(errno));
	}
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

static void visit_below(struct reach *s, const struct step *at, const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];
		struct step below = *at;

		if (m->kind == MEDIA_INDEX && !manifest_wanted(m, i, at->filter))
			continue;
		if (d->urls && !layout_has(s->layout, &d->digest, -1))
			continue;
		below.role = role_of(m, i);
		below.media_type = d->media_type;
		below.digest = d->digest;
		below.size = d->size;
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

static bool is_document(const struct step *at)
{
	enum media_type_kind kind = media_type_kind(at->media_type);

	return kind == MEDIA_INDEX || kind == MEDIA_MANIFEST || !at->media_type[0];
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
	if (is_document(at)) {
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
