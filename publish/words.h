/*
 * words - how things are said to people: short digests, ages, days.
 */
#ifndef PUBLISH_WORDS_H
#define PUBLISH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* "sha256:1f2e3d4c5b6a": enough to tell apart, and what --digest takes. "-" for NULL and "". */
#define SHORT_DIGEST (sizeof("sha256:") + 12)
void words_digest(const char *digest, char out[static SHORT_DIGEST]);

/* "40s", "12m", "5h", "3d", "2y": how long ago RFC 3339 `since` was; "-" when it says nothing. */
#define WORDS_AGE 24
void words_age(const char *since, time_t now, char out[static WORDS_AGE]);

/* "2026-11-20" of an RFC 3339 time; "-" for NULL. */
#define WORDS_DAY 11
void words_day(const char *time, char out[static WORDS_DAY]);

/* The tag of a reference of ours; the whole reference when it has none. Lent. */
const char *words_tag(const char *ref);

/* user@host of this process; what is no plain ASCII becomes '?'. */
void words_who(char *out, size_t n);

#endif
