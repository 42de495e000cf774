#include "sync/lists_diff.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/image/ref.h"
#include "oci/lists/lists.h"
#include "sync/list_source.h"

/* Each text of a line may stand in it more than once, with separators. */
#define MEANING_MAX (4UL * LIMIT_LIST_LINE)

/* All of a line that is compared, as one text; the caller frees it. */
static char *meaning_of_line(const struct list_image *image)
{
	struct buf b = BUF_INIT(MEANING_MAX);
	cleanup_free char *source = ref_str(&image->source),
			  *target = ref_str(list_image_target(image));

	buf_addf(&b, "%s\n%s\n", source, target);
	image_options_write_question(image->o, &b);
	return buf_take(&b);
}

static void release_texts(struct table *t)
{
	table_clear(t, free);
}

static void add_meanings(struct table *known, const struct lists *lists)
{
	for (size_t i = 0; i < lists->n; i++) {
		char *text = meaning_of_line(&lists->images[i]);

		if (table_get(known, text))
			free(text);
		else
			table_put(known, text, text);
	}
}

/* Adds the lines of revision `since`; none when it has no lists. Problems in them are not told,
 * they are not this revision's. */
static int read_old_meanings(struct table *known, const struct list_source_options *o,
			     const char *since, struct err *err)
{
	cleanup_by(list_source_release) struct list_source past = LIST_SOURCE_INIT;
	struct list_source_options then = *o;

	then.rev = since;
	then.worktree = false;
	then.quiet = true;
	if (list_source_load(&past, &then, err) == 0)
		add_meanings(known, past.lists);
	else if (err->kind != ERR_NOTFOUND)
		return err_wrap(err, "--since");
	return 0;
}

bool *lists_diff_since(const struct list_source *s, const struct list_source_options *o,
		       const char *since, size_t *n, struct err *err)
{
	cleanup_by(release_texts) struct table known = TABLE_INIT;
	const struct lists *lists = s->lists;
	bool *changed;

	if (since && read_old_meanings(&known, o, since, err) < 0)
		return NULL;
	changed = xcalloc(lists->n + 1, sizeof(bool));
	*n = 0;
	for (size_t i = 0; i < lists->n; i++) {
		cleanup_free char *text = meaning_of_line(&lists->images[i]);

		changed[i] = !table_get(&known, text);
		*n += changed[i];
	}
	return changed;
}
