/*
 * range - which bytes a Range field asks for (RFC 9110, 14.1.2 and 14.2).
 *
 *	ranges-specifier = "bytes" "=" range-set
 *	range-spec       = first-pos "-" [ last-pos ] / "-" suffix-length
 *
 * A request for one range is answered with its bytes; one for several with the whole content, which
 * clients must expect (14.2: a server may ignore the field).
 */
#ifndef SERVE_RANGE_H
#define SERVE_RANGE_H

#include <stdint.h>

#include "oci/base/span.h"

enum range_result {
	RANGE_WHOLE,         /* answer 200 with everything: no range, another unit, or several */
	RANGE_PART,          /* answer 206 with first to last */
	RANGE_UNSATISFIABLE, /* answer 416 */
};

/* first and last are positions, both inside 0 to size - 1; set for RANGE_PART only. A range whose
 * last position comes before its first is answered 416, as clients' tests expect. */
enum range_result range_parse(struct span field, int64_t size, int64_t *first, int64_t *last);

#endif
