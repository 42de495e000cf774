/*
 * snapshot_suffix - the suffix that makes a tag a snapshot's name: ".%Y%m%d" turns 3.19 into 3.19.20261120.
 *
 * A suffix is a strftime format, in UTC. A second snapshot of a day gets "-2" behind it, then "-3".
 */
#ifndef OCI_IMAGE_SNAPSHOT_SUFFIX_H
#define OCI_IMAGE_SNAPSHOT_SUFFIX_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/span.h"

struct err;

#define SNAPSHOT_SUFFIX_DEFAULT ".%Y%m%d"
#define SNAPSHOT_SUFFIX_MAX     64

/* Whether a format gives something that a tag can end in, and that differs from day to day ("", "/%Y" and
 * ".old" do not). USAGE, saying why. */
int snapshot_suffix_check(const char *format, struct err *err);

/* The suffix at that time; the format has passed snapshot_suffix_check. */
void snapshot_suffix_print(const char *format, time_t when, char out[static SNAPSHOT_SUFFIX_MAX]);

/* How many characters at the end of a tag have the shape of a suffix in this format, with or without
 * "-2"; 0 when there are none or nothing would be left of the tag. */
size_t snapshot_suffix_length(const char *format, struct span tag);

#endif
