/*
 * generation_find - an earlier generation, found by its number, its label, or as the one before the last sync.
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
 * Reads the generation that `name` means among those up to `current`: a number, or a label (of several
 * generations so labelled the newest). A number that is also the label of another is refused, since
 * jobs like to use theirs as labels; "#12" is always the number. USAGE when there is none.
 */
int generation_find_named(struct found_generation *p, const struct layout *l, long current,
			  const char *name, struct err *err);

/* Reads the generation before the newest one that a sync made, `now` being the current one. NOTFOUND
 * when no sync is on record any more, or that generation is no longer kept. */
int generation_find_before_sync(struct found_generation *p, const struct layout *l,
				const struct index *now, struct err *err);

void found_generation_release(struct found_generation *p);

#endif
