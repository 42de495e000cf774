#include "oci/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/store/beneath.h"
#include "oci/store/layout.h"

#define PATH ".mirror/journal.jsonl"
/* Lines are gathered up to this before they are written. */
#define WRITE_SIZE (1 * MIB)

/* ---- a line ---- */

/* Reads a line; its strings are lent by *doc, which the caller frees. */
static int read_line(struct span text, struct journal_line *line, json_t **doc)
{
	struct err ignored;
	int64_t generation;

	*doc = text.n <= LIMIT_JOURNAL_LINE ? json_read(text, &ignored) : NULL;
	generation = json_get_size(*doc, "generation");
	if (generation < 0) {
		json_decref(take(*doc));
		return -1;
	}
	*line = (struct journal_line){
		.generation = (long)generation,
		.time = json_get_text(*doc, "time"),
		.ref = json_get_text(*doc, "ref"),
		.old_digest = json_get_text(*doc, "old"),
		.new_digest = json_get_text(*doc, "new"),
		.why = json_get_text(*doc, "why"),
		.detail = json_get_text(*doc, "detail"),
		.who = json_get_text(*doc, "who"),
		.list = json_get_text(*doc, "list"),
		.commit = json_get_text(*doc, "commit"),
	};
	return 0;
}

static long generation_of(struct span text)
{
	struct journal_line line = { .generation = -1 };
	cleanup_json json_t *doc = NULL;

	return read_line(text, &line, &doc) < 0 ? -1 : line.generation;
}

static void write_text(struct buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(out, ",\"%s\":", key);
	buf_add_json(out, value);
}

static void write_line(struct buf *out, const struct journal_line *line)
{
	buf_addf(out, "{\"generation\":%ld", line->generation);
	write_text(out, "time", line->time);
	write_text(out, "ref", line->ref);
	write_text(out, "old", line->old_digest);
	write_text(out, "new", line->new_digest);
	write_text(out, "why", line->why);
	write_text(out, "detail", line->detail);
	write_text(out, "who", line->who);
	write_text(out, "list", line->list);
	write_text(out, "commit", line->commit);
	buf_adds(out, "}\n");
}

/* ---- appending ---- */

/* A file read from its end. */
struct tail {
	int fd;
	off_t at; /* file offset of block[0] */
	size_t n; /* bytes of the block not yet given out */
	char *block;
};

/*
 * The last line not yet given out, without its newline: 1, or 0 at the beginning of the file, or -1
 * with errno. A line longer than a block is given in pieces, none of which will parse.
 */
static int tail_line(struct tail *t, struct span *line, off_t *start)
{
	const char *newline = t->n ? memrchr(t->block, '\n', t->n - 1) : NULL;
	off_t end = t->at + (off_t)t->n;
	size_t want;

	if (!newline &&
	    t->at > 0) { /* the block has its end only: read the block that ends there */
		want = end < (off_t)WRITE_SIZE ? (size_t)end : WRITE_SIZE;
		t->at = end - (off_t)want;
		t->n = want;
		if (pread(t->fd, t->block, want, t->at) != (ssize_t)want)
			return -1;
		newline = want ? memrchr(t->block, '\n', want - 1) : NULL;
	}
	if (!t->n)
		return 0;
	want = newline ? (size_t)(newline + 1 - t->block) : 0;
	*line = span_of(t->block + want, t->n - want - 1);
	*start = t->at + (off_t)want;
	t->n = want;
	return 1;
}

/*
 * Where the lines of published generations end. Behind that point may be lines of generations that
 * were not published, and a last line torn by a crash. A line that does not parse is kept, unless
 * lines of unpublished generations stand before it.
 */
static off_t find_journal_end(int fd, off_t size, long current)
{
	cleanup_free char *block = xmalloc(WRITE_SIZE);
	struct tail t = { .fd = fd, .at = size, .block = block };
	off_t end = size, start = 0;
	struct span line;
	bool torn = true;
	int r;

	while ((r = tail_line(&t, &line, &start)) > 0) {
		long generation;

		torn = torn && line.p[line.n] != '\n';
		if (torn)
			end = start;
		generation = generation_of(line);
		if (generation >= 0 && generation <= current)
			break;
		if (generation > current)
			end = start;
	}
	return r < 0 ? -1 : end;
}

static int last_generation(int fd, off_t size, long *generation)
{
	cleanup_free char *block = xmalloc(WRITE_SIZE);
	struct tail t = { .fd = fd, .at = size, .block = block };
	struct span line;
	off_t start;
	int r;

	*generation = -1;
	while (*generation < 0 && (r = tail_line(&t, &line, &start)) > 0)
		if (line.p[line.n] == '\n')
			*generation = generation_of(line);
	return *generation < 0 && r < 0 ? -1 : 0;
}

int journal_last(const struct layout *l, long *generation, struct err *err)
{
	cleanup_fd int fd = beneath_open(l->root, PATH, 0);
	struct stat st;

	*generation = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || last_generation(fd, st.st_size, generation) < 0) {
		err_sys(err, "cannot read", PATH);
		return err_wrap(err, "%s", l->path);
	}
	return 0;
}

static int write_lines(int fd, const struct journal_line *lines, size_t n, struct err *err)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(WRITE_SIZE + LIMIT_JOURNAL_LINE);

	for (size_t i = 0; i < n; i++) {
		size_t before = out.n;

		write_line(&out, &lines[i]);
		if (buf_failed(&out) || out.n - before > LIMIT_JOURNAL_LINE)
			return err_set(err, ERR_INVALID, 0, "line about \"%s\" is too long",
				       lines[i].ref ? lines[i].ref : "");
		if (out.n < WRITE_SIZE && i + 1 < n)
			continue;
		if (file_write(fd, out.p, out.n, PATH, err) < 0)
			return -1;
		buf_clear(&out);
	}
	return 0;
}

/* Makes the file end with these n lines, from position `end` on. */
static int append_at(int fd, off_t end, const struct journal_line *lines, size_t n, struct err *err)
{
	if (ftruncate(fd, end) < 0 || lseek(fd, end, SEEK_SET) < 0)
		return err_sys(err, "cannot cut", PATH);
	if (write_lines(fd, lines, n, err) < 0) {
		(void)!ftruncate(fd, end); /* else the next append does it */
		return -1;
	}
	if (fsync(fd) < 0)
		return err_sys(err, "cannot make durable", PATH);
	return 0;
}

static int append_lines(const struct layout *l, long current, const struct journal_line *lines,
			size_t n, struct err *err)
{
	cleanup_fd int fd = file_open_or_create(l->root, PATH, O_RDWR, 0644);
	struct stat st;
	off_t end;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open", PATH);
	end = find_journal_end(fd, st.st_size, current);
	if (end < 0)
		return err_sys(err, "cannot read", PATH);
	if (append_at(fd, end, lines, n, err) < 0)
		return -1;
	return st.st_size ? 0 : file_sync_dir(l->root, ".mirror", err);
}

int journal_append(const struct layout *l, long current, const struct journal_line *lines, size_t n,
		   struct err *err)
{
	return append_lines(l, current, lines, n, err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

/* ---- walking ---- */

struct walk {
	long current;
	bool (*wants)(struct span text, void *arg); /* NULL: all lines */
	int (*each)(const struct journal_line *line, void *arg);
	void *arg;
	size_t bad;
};

static int walk_line(struct walk *w, struct span text)
{
	struct journal_line line;
	cleanup_json json_t *doc = NULL;

	if (w->wants && !w->wants(text, w->arg))
		return 0;
	if (read_line(text, &line, &doc) < 0) {
		w->bad++;
		return 0;
	}
	return line.generation <= w->current ? w->each(&line, w->arg) : 0;
}

/* Hands out the whole lines in the buffer and keeps the rest. Of a line that is too long, the bytes
 * are dropped and *skipping says so until its end. */
static int walk_buffer(struct walk *w, struct buf *b, bool *skipping)
{
	struct span rest = buf_span(b);
	const char *newline;
	int r = 0;

	while (r == 0 && (newline = memchr(rest.p, '\n', rest.n))) {
		struct span line = span_of(rest.p, (size_t)(newline - rest.p));

		rest = span_of(newline + 1, rest.n - line.n - 1);
		if (!*skipping)
			r = walk_line(w, line);
		*skipping = false;
	}
	if (rest.n > LIMIT_JOURNAL_LINE || *skipping) {
		w->bad += !*skipping;
		*skipping = true;
		rest.n = 0;
	}
	memmove(b->p, rest.p, rest.n);
	b->n = rest.n;
	return r;
}

/* Bytes behind the last newline are a line being written, or torn by a crash: they are not read. */
static int walk_file(struct walk *w, int fd, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(4 * LIMIT_JOURNAL_LINE);
	bool skipping = false;
	ssize_t n;

	for (;;) {
		char *room = buf_reserve(&b, 2 * LIMIT_JOURNAL_LINE);
		int r;

		n = read(fd, room, 2 * LIMIT_JOURNAL_LINE);
		if (n <= 0)
			break;
		b.n += (size_t)n;
		r = walk_buffer(w, &b, &skipping);
		if (r)
			return r;
	}
	return n < 0 ? err_sys(err, "cannot read", PATH) : 0;
}

int journal_walk_wanted(const struct layout *l, long current,
			bool (*wants)(struct span text, void *arg),
			int (*each)(const struct journal_line *line, void *arg), void *arg,
			size_t *bad, struct err *err)
{
	struct walk w = { .current = current, .wants = wants, .each = each, .arg = arg };
	cleanup_fd int fd = beneath_open(l->root, PATH, 0);
	struct err why = ERR_INIT;
	int r = 0;

	if (fd < 0 && errno != ENOENT)
		r = beneath_failed(PATH, &why);
	if (fd >= 0)
		r = walk_file(&w, fd, &why);
	if (why.kind != ERR_NONE) {
		*err = why;
		return err_wrap(err, "%s", l->path);
	}
	if (bad)
		*bad = w.bad;
	return r;
}

int journal_walk(const struct layout *l, long current,
		 int (*each)(const struct journal_line *line, void *arg), void *arg, size_t *bad,
		 struct err *err)
{
	return journal_walk_wanted(l, current, NULL, each, arg, bad, err);
}

/* ---- a part ---- */

/* Whether a line, or the end of the file, begins at `from`. */
static bool is_line_start(int fd, int64_t from, int64_t size)
{
	char before = '\n';

	return from <= size &&
	       (from == 0 || (pread(fd, &before, 1, from - 1) == 1 && before == '\n'));
}

static int open_part(const struct layout *l, const struct journal_part *part, int *out, off_t *size,
		     struct err *err)
{
	cleanup_fd int fd = beneath_open(l->root, PATH, 0);
	struct stat st;

	if (fd < 0 && errno != ENOENT)
		return beneath_failed(PATH, err);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		return err_sys(err, "cannot read", PATH);
	*size = fd < 0 ? 0 : st.st_size;
	if (part->from < 0 || !is_line_start(fd, part->from, *size))
		return err_set(err, ERR_NOTFOUND, 0, "no line of the journal begins at byte %lld",
			       (long long)part->from);
	*out = take_fd(&fd);
	return 0;
}

int journal_read_part(const struct layout *l, long current, struct journal_part *part,
		      void (*each)(const struct journal_line *line, struct span text, void *arg),
		      void *arg, struct err *err)
{
	cleanup_free char *block = xmalloc(WRITE_SIZE);
	const char *newline;
	struct span rest;
	off_t size = 0;
	cleanup_fd int fd = -1;
	ssize_t n;

	part->next = part->from;
	part->more = false;
	if (open_part(l, part, &fd, &size, err) < 0)
		return -1;
	if (fd < 0) /* no journal yet */
		return 0;
	n = pread(fd, block, WRITE_SIZE, part->from);
	if (n < 0)
		return err_sys(err, "cannot read", PATH);
	rest = span_of(block, (size_t)n);
	while (rest.n && (newline = memchr(rest.p, '\n', rest.n))) {
		struct span text = span_of(rest.p, (size_t)(newline + 1 - rest.p));
		struct journal_line line;
		cleanup_json json_t *doc = NULL;
		bool good = read_line(span_of(text.p, text.n - 1), &line, &doc) == 0;

		if (good && line.generation > current)
			return 0;
		if (good)
			each(&line, text, arg);
		rest = span_of(newline + 1, rest.n - text.n);
		part->next += (int64_t)text.n;
	}
	part->more = part->next > part->from && part->from + n < size;
	return 0;
}
