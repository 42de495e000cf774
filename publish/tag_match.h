/*
 * tag_match - which tags a command is about: those that a PATTERN matches, or those that mean a digest.
 *
 * Only tags are picked: a reference by digest and a snapshot never move, so there is nothing to roll
 * back or to hold. They are in the index's order, each once however many patterns match it.
 */
#ifndef PUBLISH_TAG_MATCH_H
#define PUBLISH_TAG_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct digest;
struct entry;
struct err;
struct index;
struct ref;

struct tag_match {
	struct entry **v; /* lent by the index */
	size_t n, cap;
	size_t missed; /* patterns that matched no tag; each was reported on stderr */
};

#define TAG_MATCH_INIT                                                                             \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void tag_match_release(struct tag_match *p);

/* Whether an entry is a tag: it has one, and is no snapshot. */
bool tag_match_is_tag(const struct entry *e);

/* Whether any of n patterns matches the entry's reference; none at all match everything. */
bool tag_match_matches(const struct entry *e, char *const *patterns, size_t n);

/* Checks patterns before anything is done. USAGE or INVALID, naming the one that is wrong. */
int tag_match_check(char *const *patterns, size_t n, struct err *err);

/* The tags that any of n patterns matches. */
void tag_match_patterns(struct tag_match *p, const struct index *x, char *const *patterns,
			size_t n);

/* The tags that mean the digest: whole, or its first characters as status shows them (7 hex digits or
 * more). INVALID when it is no digest, or the beginning of several (which are named). */
int tag_match_digest(struct tag_match *p, const struct index *x, const char *digest,
		     struct err *err);

#endif
