/*
 * external - external=no on a line: layers of types that are not distributed stay away
 * (oci/image/media_type.h). Other layers may have `urls`, too; those change nothing, with the
 * option and without it, and the run says so.
 */
#ifndef SYNC_EXTERNAL_H
#define SYNC_EXTERNAL_H

struct fetch_result;
struct run;
struct target;

/* Adds a warning to a target that has arrived, when one of its ordinary layers has `urls`. */
void external_warn(const struct run *r, struct target *t, const struct fetch_result *result);

#endif
