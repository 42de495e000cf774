/*
 * format - how things are said to people: short digests, ages, days.
 */
#ifndef PUBLISH_FORMAT_H
#define PUBLISH_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* "sha256:1f2e3d4c5b6a": enough to tell apart, and what --digest takes. "-" for NULL and "". */
#define FORMAT_DIGEST (sizeof("sha256:") + 12)
void format_digest(const char *digest, char out[static FORMAT_DIGEST]);

/* "40s", "12m", "5h", "3d", "2y": how long ago RFC 3339 `since` was; "-" when it says nothing. */
#define FORMAT_AGE 24
void format_age(const char *since, time_t now, char out[static FORMAT_AGE]);

/* "2026-11-20" of an RFC 3339 time; "-" for NULL. */
#define FORMAT_DAY 11
void format_day(const char *time, char out[static FORMAT_DAY]);

/* The tag of a reference of ours; the whole reference when it has none. Lent. */
const char *format_tag(const char *ref);

/* user@host of this process; what is no plain ASCII becomes '?'. */
void format_who(char *out, size_t n);

#endif
