/*
 * tag_hint - proposes existing tags for a tag that upstream does not have.
 *
 * A repository's tag list is asked for only when one of its tags was not found. Usage:
 * tag_hints_ask() after a run, then tag_hints_describe() for each target that failed with NOTFOUND.
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

/* Whether upstream lacks the target's tag or digest, and the tag may be misspelt in the list. */
bool tag_hints_is_about(const struct target *t);

/* Asks for the tags of each repository in which a tag of the run was not found. -1 when the loop
 * itself breaks; a listing that fails only makes a hint shorter. */
int tag_hints_ask(struct tag_hints *h, const struct outcome *o, struct err *err);
void tag_hints_release(struct tag_hints *h);

/* Appends why that reference was not found: `no such tag (did you mean "1.27" or "1.26"?)`. */
void tag_hints_describe(const struct tag_hints *h, const struct ref *ref, struct buf *out);

/* Appends ` (did you mean "1.27"?)` with up to three of the n tags: the most similar ones or, when
 * none is similar, those that begin with `tag`. Appends nothing when there are none. The array's
 * order is changed. */
void tag_hint_near(const char *tag, const char **tags, size_t n, struct buf *out);

#endif
