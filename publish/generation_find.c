#include "publish/generation_find.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/generation.h"
#include "oci/store/journal.h"
#include "oci/store/retag.h"

void found_generation_release(struct found_generation *found)
{
	index_release(&found->index);
	*found = (struct found_generation)FOUND_GENERATION_INIT;
}

static bool annotation_is(const struct index *x, const char *key, const char *want)
{
	const char *value = index_annotation(x, key);

	return value && strcmp(value, want) == 0;
}

static int read_number(struct found_generation *found, const struct layout *l, long number,
		       struct err *err)
{
	if (generation_read(l, number, &found->index, err) < 0)
		return -1;
	found->number = number;
	return 0;
}

/*
 * Reads the first lines of generations from v[n - 1] down until one has that annotation; -1 when
 * none has. One that cannot be read is skipped: an older one may still be found.
 */
static long find_annotated(const struct layout *l, const long *v, size_t n, const char *key,
			   const char *want)
{
	while (n-- > 0) {
		cleanup_by(index_release) struct index head = INDEX_INIT;
		struct err ignored;

		if (generation_read_head(l, v[n], &head, &ignored) == 0 &&
		    annotation_is(&head, key, want))
			return v[n];
	}
	return -1;
}

static int no_such_generation(const char *name, const long *v, size_t n, struct err *err)
{
	if (!n)
		return err_set(err, ERR_USAGE, 0, "no generation \"%s\": none is kept", name);
	return err_set(err, ERR_USAGE, 0,
		       "no generation \"%s\": those kept are %ld to %ld, and none of them has that "
		       "label (a sync that changes nothing makes none; log lists them)",
		       name, v[0], v[n - 1]);
}

static bool is_kept(const long *v, size_t n, long number)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == number)
			return true;
	return false;
}

int generation_find_named(struct found_generation *found, const struct layout *l, long current,
			  const char *name, struct err *err)
{
	bool only_number = name[0] == '#';
	long number = (long)span_number(span_str(name + only_number), LONG_MAX);
	cleanup_free long *v = NULL;
	long labelled;
	size_t n;

	if (generation_list(l, current, &v, &n, err) < 0)
		return -1;
	labelled = only_number ? -1 : find_annotated(l, v, n, ANNOTATION_LABEL, name);
	if (labelled >= 0 && labelled != number && is_kept(v, n, number))
		return err_set(
			err, ERR_USAGE, 0,
			"\"%s\" is a generation, and the label of generation %ld: say \"#%s\" or "
			"\"%ld\"",
			name, labelled, name, labelled);
	if (labelled < 0 && !is_kept(v, n, number))
		return no_such_generation(name, v, n, err);
	return read_number(found, l, labelled < 0 ? number : labelled, err);
}

/* The newest line of a sync that gave a reference other content: its generation. */
static int note_move(const struct journal_line *line, void *arg)
{
	if (line->why && strcmp(line->why, RETAG_BY_SYNC) == 0 && line->old_digest &&
	    line->new_digest && strcmp(line->old_digest, line->new_digest) != 0)
		*(long *)arg = line->generation;
	return 0;
}

/* Whether a sync moved something; the journal says it of generations of version 0.1, and what the
 * journal does not know may have. */
static bool has_moved(const struct layout *l, const struct index *head)
{
	long moved = generation_moved(head), number = generation_number(head), last = -1;
	struct err ignored;

	if (moved >= 0)
		return moved > 0;
	return journal_walk(l, number, note_move, &last, NULL, &ignored) < 0 || last < 0 ||
	       last == number;
}

/* The newest generation up to v[n - 1] in which a sync moved something, or else the newest of a
 * sync; -1: none. */
static long find_sync(const struct layout *l, const long *v, size_t n)
{
	long newest = -1;

	while (n-- > 0) {
		cleanup_by(index_release) struct index head = INDEX_INIT;
		struct err ignored;

		if (generation_read_head(l, v[n], &head, &ignored) < 0 ||
		    !annotation_is(&head, ANNOTATION_MADE_BY, RETAG_BY_SYNC))
			continue;
		if (has_moved(l, &head))
			return v[n];
		if (newest < 0)
			newest = v[n];
	}
	return newest;
}

int generation_find_before_sync(struct found_generation *found, const struct layout *l,
				const struct index *now, struct err *err)
{
	long current = generation_number(now), sync;
	cleanup_free long *v = NULL;
	size_t n;

	if (generation_list(l, current, &v, &n, err) < 0)
		return -1;
	sync = find_sync(l, v, n);
	if (sync < 0)
		return err_set(err, ERR_NOTFOUND, 0, "no sync to undo among the generations kept");
	if (read_number(found, l, sync - 1, err) < 0)
		return err_wrap(err, "the generation before the last sync that moved a tag (%ld)",
				sync);
	return 0;
}
