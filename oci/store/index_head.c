#include "oci/store/index_head.h"

#include <fcntl.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/beneath.h"
#include "oci/store/index.h"

#define FIRST_READ 4096
#define LINE_END   "\"manifests\":["

bool index_head_is_ours(struct span line)
{
	return span_starts(line, "{\"schemaVersion\":2,") && span_ends(line, LINE_END);
}

/* ---- reading ---- */

/* Reads up to the end of the first line. False when the file has none of our shape. */
static bool read_first_line(int fd, struct buf *line)
{
	for (size_t want = FIRST_READ;; want = line->n) {
		char *room = buf_reserve(line, want);
		ssize_t n = room ? read(fd, room, want) : -1;
		const char *newline;

		if (n <= 0)
			return false;
		newline = memchr(room, '\n', (size_t)n);
		line->n += (size_t)n;
		if (!newline)
			continue;
		line->n = (size_t)(newline - line->p);
		return index_head_is_ours(buf_span(line));
	}
}

int index_head_read(struct index *x, int dir, const char *path, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX_HEAD);
	cleanup_fd int fd = beneath_open(dir, path, 0);

	if (fd < 0)
		return beneath_failed(path, err);
	if (read_first_line(fd, &bytes)) {
		buf_adds(&bytes, "]}");
	} else {
		buf_release(&bytes);
		buf_init(&bytes, LIMIT_INDEX);
		if (beneath_read(dir, path, &bytes, err) < 0)
			return -1;
	}
	return index_parse_annotations(x, buf_span(&bytes), err) < 0 ? err_wrap(err, "%s", path)
								     : 0;
}

bool index_head_read_open(struct index *x, int fd, int64_t *length)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX_HEAD);
	struct err ignored;

	if (!read_first_line(fd, &bytes))
		return false;
	*length = (int64_t)bytes.n + 1;
	buf_adds(&bytes, "]}");
	return index_parse_annotations(x, buf_span(&bytes), &ignored) == 0;
}

/* ---- what a reader must understand ---- */

static bool has_private(const struct index *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (entry_annotation(x->v[i], ANNOTATION_PRIVATE))
			return true;
	return false;
}

/* One row a word: the annotation of the index, or the test, that makes it necessary. */
static const struct {
	const char *word;
	const char *annotation;
	bool (*needs)(const struct index *x);
} requirements[] = {
	{ .word = "bad", .annotation = ANNOTATION_BAD },
	{ .word = "banned", .annotation = ANNOTATION_BANNED },
	{ .word = "private", .needs = has_private },
};

#define REQUIREMENTS (sizeof(requirements) / sizeof(requirements[0]))

static bool is_known(struct span word)
{
	for (size_t i = 0; i < REQUIREMENTS; i++)
		if (span_eq(word, requirements[i].word))
			return true;
	return word.n == 0;
}

int index_head_check(const struct index *x, struct err *err)
{
	const char *text = index_annotation(x, ANNOTATION_REQUIRES);
	struct span rest = span_str(text ? text : ""), word;

	while (span_cut(&rest, ' ', &word))
		if (!is_known(word))
			return err_set(err, ERR_INVALID, 0,
				       "it requires \"%.*s\" (%s), which this version does not "
				       "know: a newer version of these programs has written it; "
				       "use that one",
				       (int)(word.n < 80 ? word.n : 80), word.p,
				       ANNOTATION_REQUIRES);
	return 0;
}

char *index_head_requires(const struct index *x)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_INDEX_HEAD);

	for (size_t i = 0; i < REQUIREMENTS; i++) {
		const char *key = requirements[i].annotation;

		if (key ? index_annotation(x, key) != NULL : requirements[i].needs(x))
			buf_addf(&out, "%s%s", out.n ? " " : "", requirements[i].word);
	}
	return out.n ? buf_take(&out) : NULL;
}
