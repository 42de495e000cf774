/*
 * format - digests, ages, days, amounts and users as texts that people read.
 */
#ifndef OCI_CLI_FORMAT_H
#define OCI_CLI_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* "sha256:1f2e3d4c5b6a": enough to tell digests apart, and what --digest takes. "-" for NULL and
 * "". */
#define FORMAT_DIGEST (sizeof("sha256:") + 12)
void format_digest(const char *digest, char out[static FORMAT_DIGEST]);

/* "40s", "12m", "5h", "3d", "2y": how long before `now` the RFC 3339 time `since`
 * was; "-" when `since` is NULL or no such time. */
#define FORMAT_AGE 24
void format_age(const char *since, time_t now, char out[static FORMAT_AGE]);

/* "2026-11-20" of an RFC 3339 time; "-" for NULL. */
#define FORMAT_DAY 11
void format_day(const char *time, char out[static FORMAT_DAY]);

/* The tag of a reference of ours; the whole reference when it has none. Lent. */
const char *format_tag(const char *ref);

/* "3.2 MB": decimal units, as disks and networks have them. 16 bytes are enough for any amount. */
void format_bytes(uint64_t bytes, char *out, size_t n);

/* What makes a noun agree with n: "" for 1, else "s". */
const char *format_plural(size_t n);

/* user@host of this process, the user as a number when it has no name. A character that is not a
 * visible ASCII one becomes '?'. */
#define FORMAT_WHO 160
void format_who(char out[static FORMAT_WHO]);

#endif
