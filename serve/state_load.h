/*
 * state_load - makes a state from a mirror's directory as it is now.
 *
 * Any OCI layout is read: entries whose ref.name is a reference are found under it; those with a
 * bare tag, or without a name, under the name given for them. Manifests are read and checked
 * against their digests here, once; those that an earlier state has read are not read again.
 *
 * An entry whose manifest is missing or broken gives a warning, and 404 to clients; the others are
 * served.
 */
#ifndef SERVE_STATE_LOAD_H
#define SERVE_STATE_LOAD_H

#include <stdbool.h>
#include <sys/stat.h>

struct err;
struct state;

struct state_source {
	const char *mirror; /* directory, or a symbolic link to one, which may change */
	const char *index;  /* its index.json */
	const char *name;   /* of the repository of entries that have none, or NULL */
};

/* Gives a new state with one reference, or NULL: NOTFOUND without an index.json, INVALID when it or
 * the directory is no layout. old may be NULL. */
struct state *state_load(const struct state_source *from, const struct state *old, struct err *err);

/* Looks at index.json; false when it cannot be looked at. Its path is resolved anew each time: the
 * mirror may be a link that is switched. */
bool state_load_look(const struct state_source *from, struct stat *now);
/* Whether two looks have met one file (device, inode, size, times). */
bool state_load_same(const struct stat *a, const struct stat *b);

#endif
