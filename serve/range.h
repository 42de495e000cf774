/*
 * range - which bytes a Range field asks for (RFC 9110, 14.1.2 and 14.2).
 *
 *	ranges-specifier = "bytes" "=" range-set
 *	range-set        = 1#range-spec
 *	range-spec       = first-pos "-" [ last-pos ] / "-" suffix-length
 *
 * A request for one range is answered with its bytes. One for several is answered with a part for
 * each range, in the order asked and never joined (serve/multipart.h): podman, buildah and CRI-O
 * count the parts when they fetch the changed files of a zstd:chunked layer. A range beyond the end
 * gets no part (14.2: "the satisfiable range-specs").
 *
 * The field is ignored, and everything is sent, where answering it would cost more than the whole
 * content: more than LIMIT_RANGES ranges, or ranges that overlap so much that together they are
 * longer than the content (14.2; RFC 9110, 17.15 names the attack).
 */
#ifndef SERVE_RANGE_H
#define SERVE_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"

enum range_result {
	RANGE_WHOLE,         /* answer 200 with everything: no range, another unit, or too much */
	RANGE_PART,          /* answer 206 with the one range in the set */
	RANGE_PARTS,         /* answer 206 with each range in the set: several were asked for */
	RANGE_UNSATISFIABLE, /* answer 416 */
};

/* Positions, both inside 0 to size - 1. */
struct range {
	int64_t first, last;
};

static inline int64_t range_length(const struct range *r)
{
	return r->last - r->first + 1;
}

struct range_set {
	size_t n;
	struct range v[LIMIT_RANGES]; /* in the order asked */
};

/* Fills in the set for RANGE_PART (n is 1) and RANGE_PARTS (n is at least 1). A single range whose
 * last position comes before its first is answered 416, as clients' tests expect; among several it
 * makes the field invalid, and everything is sent. */
enum range_result range_parse(struct range_set *set, struct span field, int64_t size);

#endif
