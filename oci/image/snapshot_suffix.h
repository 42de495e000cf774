/*
 * snapshot_suffix - the suffix that makes a tag a snapshot's name: ".%Y%m%d" turns 3.19 into
 * 3.19.20261120.
 *
 * A suffix is a strftime format, in UTC. When the name means something else already, a counter
 * follows: 3.19.20261120-2, then -3. How the counter is written and how it is read stand here;
 * which names are taken is known to oci/store/retag.h.
 */
#ifndef OCI_IMAGE_SNAPSHOT_SUFFIX_H
#define OCI_IMAGE_SNAPSHOT_SUFFIX_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/span.h"

struct err;

#define SNAPSHOT_SUFFIX_DEFAULT ".%Y%m%d"
#define SNAPSHOT_SUFFIX_MAX     64

/* Checks a format: what it gives must be able to stand at the end of a tag, and must differ from
 * day to day ("", "/%Y" and ".old" do not). USAGE, saying why. */
int snapshot_suffix_check(const char *format, struct err *err);

/* The suffix at that time; the format has passed snapshot_suffix_check(). */
void snapshot_suffix_print(const char *format, time_t when, char out[static SNAPSHOT_SUFFIX_MAX]);

/* The n-th name made of `base`, a tag or reference with its suffix: base itself for 1, base-2 for
 * 2. The caller frees it. */
char *snapshot_suffix_numbered(const char *base, int n);
/* The inverse: the n of a name, given the text behind its base: 1 for "", 2 for "-2"; 0 when that
 * text is no counter ("-1", "-02", "x"). */
long snapshot_suffix_number(const char *rest);

/* How many characters at the end of a tag have the shape of a suffix in this format, with or
 * without a counter; 0 when there are none or nothing would be left of the tag. */
size_t snapshot_suffix_length(const char *format, struct span tag);

#endif
