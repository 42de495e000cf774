/*
 * index_diff - what differs between two indexes, entry by entry. Pure functions.
 */
#ifndef PUBLISH_INDEX_DIFF_H
#define PUBLISH_INDEX_DIFF_H

struct buf;
struct entry;
struct index;

/* Calls each() for every reference whose entries differ, in order; one of the two is NULL when only
 * one index has the reference. */
void index_diff(const struct index *from, const struct index *to,
		void (*each)(const char *ref, const struct entry *old, const struct entry *now,
			     void *arg),
		void *arg);

/* Appends the names of the annotations that differ, with blanks between them and without
 * "dev.ocimirror.". */
void index_diff_annotations(const struct entry *old, const struct entry *now, struct buf *out);

#endif
