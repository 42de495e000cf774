#include "sync/asked_by.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/lists/list_image.h"
#include "oci/store/index.h"
#include "sync/list_source.h"
#include "sync/target.h"

/* All lines may ask for one image. */
#define TEXT_MAX (64UL * MIB)

char *asked_by_lines(const struct target *t)
{
	struct buf b = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < target_lines(t); i++) {
		const struct list_image *line = target_line(t, i);

		buf_addf(&b, "%s%s:%d", i ? " " : "", line->file, line->line);
	}
	return buf_take(&b);
}

char *asked_by_places(const struct list_source *s, const struct target *t)
{
	struct buf b = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < target_lines(t); i++) {
		cleanup_free char *place = list_source_place(s, target_line(t, i));

		buf_addf(&b, "%s%s", i ? " " : "", place);
	}
	return buf_take(&b);
}

static bool has_author(const char *authors, const char *author)
{
	const char *at = strstr(authors, author);
	size_t n = strlen(author);

	return at && (at == authors || at[-1] == ' ') && (!at[n] || at[n] == ',');
}

char *asked_by_authors(struct list_source *s, const struct target *t)
{
	struct buf b = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < target_lines(t); i++) {
		const char *author = list_source_author(s, target_line(t, i));

		if (author && !(b.n && has_author(b.p, author)))
			buf_addf(&b, "%s%s", b.n ? ", " : "", author);
	}
	return b.n ? buf_take(&b) : NULL;
}

bool asked_by_is_recorded(const struct entry *e, const struct target *t)
{
	const char *list = entry_annotation(e, ANNOTATION_LIST);
	size_t n = 1;

	for (; list && *list; list++)
		n += *list == ' ';
	return list && n == target_lines(t);
}
