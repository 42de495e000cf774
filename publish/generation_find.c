#include "publish/generation_find.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/generation.h"
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
 * Reads generations from v[n - 1] down until one has that annotation. A generation
 * that cannot be read is skipped: an older one may still be found.
 */
static bool find_annotated(struct found_generation *found, const struct layout *l, const long *v,
			   size_t n, const char *key, const char *want)
{
	while (n-- > 0) {
		struct err ignored;

		if (read_number(found, l, v[n], &ignored) == 0 &&
		    annotation_is(&found->index, key, want))
			return true;
		found_generation_release(found);
	}
	return false;
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
	bool labelled;
	size_t n;

	if (generation_list(l, current, &v, &n, err) < 0)
		return -1;
	labelled = !only_number && find_annotated(found, l, v, n, ANNOTATION_LABEL, name);
	if (labelled && found->number != number && is_kept(v, n, number))
		return err_set(
			err, ERR_USAGE, 0,
			"\"%s\" is a generation, and the label of generation %ld: say \"#%s\" or "
			"\"%ld\"",
			name, found->number, name, found->number);
	if (labelled)
		return 0;
	if (!is_kept(v, n, number))
		return no_such_generation(name, v, n, err);
	return read_number(found, l, number, err);
}

int generation_find_before_sync(struct found_generation *found, const struct layout *l,
				const struct index *now, struct err *err)
{
	long current = generation_number(now), sync = current;
	cleanup_free long *v = NULL;
	size_t n;

	if (generation_list(l, current, &v, &n, err) < 0)
		return -1;
	if (!annotation_is(now, ANNOTATION_MADE_BY, RETAG_BY_SYNC)) {
		while (n && v[n - 1] >= current)
			n--;
		if (!find_annotated(found, l, v, n, ANNOTATION_MADE_BY, RETAG_BY_SYNC))
			return err_set(err, ERR_NOTFOUND, 0,
				       "no sync to undo among the generations kept");
		sync = found->number;
		found_generation_release(found);
	}
	if (read_number(found, l, sync - 1, err) < 0)
		return err_wrap(err, "the generation before the last sync (%ld)", sync);
	return 0;
}
