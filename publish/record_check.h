/*
 * record_check - what is wrong with the records of a mirror: index.json's own rules, the
 * generations, the journal, .mirror/private-blobs and the table; and how many partial downloads
 * there are.
 *
 * A copy that was made for serving may lack .mirror; then only index.json is looked at.
 */
#ifndef PUBLISH_RECORD_CHECK_H
#define PUBLISH_RECORD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish/damage.h"

struct err;
struct index;
struct layout;

struct record_check {
	/* called for each problem: `name` is the record ("generation 17"), text what is wrong */
	void (*bad)(enum damage damage, const char *name, const char *text, void *arg);
	void *arg;
	/* filled in */
	size_t generations, journal_lines, partials;
	uint64_t partial_bytes;
	bool has_no_table; /* the one that index.json names: mirror-serve goes without */
};

/* x was read from index.json. IO when a directory cannot be listed. */
int record_check(struct record_check *c, const struct layout *l, const struct index *x,
		 struct err *err);

#endif
