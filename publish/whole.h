/*
 * whole - whether an image can be pulled: everything its entry reaches is on disk (see oci/store/sweep.h).
 */
#ifndef PUBLISH_WHOLE_H
#define PUBLISH_WHOLE_H

struct entry;
struct err;
struct layout;

/* NOTFOUND, naming the first thing that is missing or wrong. */
int whole_check(const struct layout *l, const struct entry *e, struct err *err);

#endif
