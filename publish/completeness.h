/*
 * completeness - whether an image can be pulled: everything its entry reaches is on disk (see oci/store/reach.h).
 */
#ifndef PUBLISH_COMPLETENESS_H
#define PUBLISH_COMPLETENESS_H

struct entry;
struct err;
struct layout;

/* NOTFOUND, naming the first thing that is missing or wrong. */
int completeness_check(const struct layout *l, const struct entry *e, struct err *err);

#endif
