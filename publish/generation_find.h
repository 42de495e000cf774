/*
 * generation_find - finds an earlier generation: by number, by label, or the one before the last
 * sync.
 */
#ifndef PUBLISH_GENERATION_FIND_H
#define PUBLISH_GENERATION_FIND_H

#include "oci/store/index.h"

struct err;
struct layout;

struct found_generation {
	long number;
	struct index index;
};

#define FOUND_GENERATION_INIT                                                                      \
	{                                                                                          \
		.number = -1, .index = INDEX_INIT                                                  \
	}

/*
 * Reads the generation that `name` names among those up to `current`: by its number, or by its
 * label (the newest of several with that label). A number that is also the label of another
 * generation is refused: CI jobs use their numbers as labels. "#12" is always the number. USAGE
 * when there is none.
 */
int generation_find_named(struct found_generation *found, const struct layout *l, long current,
			  const char *name, struct err *err);

/* Reads the generation before the newest one in which a sync moved a tag (a sync that only recorded
 * what is gone or unlisted moved none); when no sync moved one, before the newest sync. `now` is
 * the current index. NOTFOUND when no generation of a sync is kept, or not the one before it. */
int generation_find_before_sync(struct found_generation *found, const struct layout *l,
				const struct index *now, struct err *err);

void found_generation_release(struct found_generation *found);

#endif
