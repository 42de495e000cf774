/*
 * state_load - makes a state from a mirror's directory as it is now.
 *
 * When index.json names a table (oci/store/served_file.h) that fits it, the table is read, which
 * takes a moment however many entries there are; state_check() compares the two afterwards. Without
 * such a table, and for layouts of other tools, index.json and the manifests that an earlier state
 * has not read are read (oci/store/served_build.h).
 *
 * Entries whose manifest is missing or broken give a warning; the others are served.
 */
#ifndef SERVE_STATE_LOAD_H
#define SERVE_STATE_LOAD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "serve/state.h"

struct err;
struct state;

struct state_source {
	const char *mirror; /* directory, or a symbolic link to one, which may change */
	const char *index;  /* its index.json */
	const char *name;   /* of the repository of entries that have none, or NULL */
	const char *tag;    /* of a sole entry without a tag, or NULL */
};

/* Gives a new state with one reference, or NULL: NOTFOUND without an index.json, INVALID when it or
 * the directory is no layout. old may be NULL. whole: no table is taken. */
struct state *state_load(const struct state_source *from, const struct state *old, bool whole,
			 struct err *err);

/*
 * Compares index.json with the table that was taken for it, and makes the copy that other mirrors
 * may read, once for a state; takes as long as reading the file. STATE_WRONG: the state is to be
 * replaced by one that is read as a whole. STATE_UNCHECKED, with *err: it could not be done now.
 */
enum state_checked state_check(struct state *s, const struct state_source *from, struct err *err);

/* Looks at index.json; false when it cannot be looked at. Its path is resolved anew each time: the
 * mirror may be a link that is switched. */
bool state_load_look(const struct state_source *from, struct stat *now);
/* Whether two looks have met one file (device, inode, size, times). */
bool state_load_same(const struct stat *a, const struct stat *b);

#endif
