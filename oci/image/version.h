/*
 * version - tags as versions, and ranges of them, as semver= means them. What people mean by the
 * newest versions is in oci/image/release.h.
 *
 * A tag is a version when it is one to four numbers, with an optional "v" in front and an optional
 * suffix ("-rc.1", "-alpine", "_2"); missing numbers are 0, leading zeros do not matter ("22.04").
 * Order is that of semver.org 2.0.0, section 11: a suffix is a pre-release, which comes before the
 * version without one. What stands behind "+" (which no tag can hold) is ignored.
 *
 * A range, as semver= writes it:
 *
 *	range      = all *("||" all)
 *	all        = comparator *(blank comparator)
 *	comparator = ["=" / "<" / "<=" / ">" / ">=" / "~" / "^"] *blank version
 *
 * Numbers that are left out, or "x" or "*", mean any: "1.4", "=1.4" and "1.4.x" take every 1.4.z,
 * ">1.4" starts at 1.5.0, "<=1.4" ends before 1.5.0. "~1.4.2" is >=1.4.2 <1.5.0; "^1.4.2" is
 * >=1.4.2 <2.0.0; "^0.4.2" is >=0.4.2 <0.5.0. A version with a suffix is taken only by comparators
 * of which one has a suffix itself (">=1.4-0 <2"); "<2" leaves 2.0.0-rc.1 out even then.
 */
#ifndef OCI_IMAGE_VERSION_H
#define OCI_IMAGE_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

struct err;

#define VERSION_NUMBERS 4

struct version {
	uint64_t n[VERSION_NUMBERS];
	int given;       /* how many numbers were written */
	struct span pre; /* "rc.1", lent by the text; p is NULL when there is none */
};

/* Whether `tag` is a version. */
bool version_parse(struct version *v, struct span tag);

/* Less than, equal to, or greater than 0, by precedence. */
int version_cmp(const struct version *a, const struct version *b);

struct version_range;

/* USAGE when text is no range; *at (may be NULL) gets the offset of what is wrong. */
struct version_range *version_range_new(struct span text, size_t *at, struct err *err);
void version_range_free(struct version_range *r);
bool version_in_range(const struct version_range *r, const struct version *v);
/* Whether one of its versions has a suffix, so that it takes versions with one. */
bool version_range_names_pre(const struct version_range *r);

#endif
