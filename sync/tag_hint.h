/*
 * tag_hint - what a tag that is not there was probably meant to be.
 *
 * A repository's tags are asked for only when one of its tags was not found; how a hint is worded depends on what comes
 * back. Usage: tag_hints_ask() after a run, then tag_hints_describe() for each target that failed with NOTFOUND.
 */
#ifndef SYNC_TAG_HINT_H
#define SYNC_TAG_HINT_H

#include <stdbool.h>

#include "oci/base/table.h"

struct buf;
struct err;
struct ref;
struct outcome;
struct target;

struct tag_hints {
	struct table repositories; /* struct tag_hint by "host/path" */
};

#define TAG_HINTS_INIT                                                                             \
	{                                                                                          \
		.repositories = TABLE_INIT                                                         \
	}

/* Whether a target failed for want of what its line names, and a person may have misspelt it. */
bool tag_hints_is_about(const struct target *t);

/* Asks for the tags of each repository in which a tag of the run's was not found. -1 when the loop itself breaks. */
int tag_hints_ask(struct tag_hints *h, const struct outcome *o, struct err *err);
void tag_hints_release(struct tag_hints *h);

/* Appends why that reference was not found: `no such tag (did you mean "1.27" or "1.26"?)`. */
void tag_hints_describe(const struct tag_hints *h, const struct ref *ref, struct buf *out);

/* The part of it that needs no upstream: ` (did you mean "1.27"?)`, with up to three of the tags that are near or, when
 * none is, that go on where `tag` ends. The array's order is changed. Appends nothing when there is none. */
void tag_hint_near(const char *tag, const char **tags, size_t n, struct buf *out);

#endif
