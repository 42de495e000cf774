/*
 * git_failure - why git failed, from what it said: one line, the kind of error, and what a person
 * can do.
 */
#ifndef SYNC_GIT_FAILURE_H
#define SYNC_GIT_FAILURE_H

#include "oci/base/span.h"

struct err;
struct remote;

/* Sets *err and gives -1. `said` is all that git wrote, one or more lines. The remote's password,
 * and users and passwords in front of the hosts of URLs, are taken out of it. NET and AUTH: the
 * other side, or the way there; IO: this machine's disk; INVALID: anything else, which may be that
 * the clone is broken. */
int git_failure_set(struct err *err, struct span said, const struct remote *from);

#endif
