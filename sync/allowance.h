/*
 * allowance - how much the policies of mirror.conf (oci/lists/policy.h) let an image bring.
 *
 * Lines of several files may ask for one image. Each line's policy allows it to that line, so the
 * largest limit of them holds.
 */
#ifndef SYNC_ALLOWANCE_H
#define SYNC_ALLOWANCE_H

#include <stdint.h>

struct err;
struct run;
struct target;

/* Whether max-bytes= allows an image that needs so many bytes; USAGE when it does not. */
int allowance_check_image(const struct run *r, const struct target *t, int64_t bytes,
			  struct err *err);

#endif
