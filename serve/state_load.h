/*
 * state_load - makes a state from what a mirror's directory holds now.
 *
 * Any OCI layout is read: entries whose ref.name is a reference are found under it; those with a bare
 * tag, or without a name, under the name given for them. Manifests are read and checked against their
 * digests here, once; what an earlier state knows already is taken over without being read again.
 *
 * An entry whose manifest is missing or broken is left out with a warning: the others are served.
 */
#ifndef SERVE_STATE_LOAD_H
#define SERVE_STATE_LOAD_H

#include <sys/stat.h>

struct err;
struct state;

struct state_source {
	const char *mirror; /* directory; may be a symbolic link that is switched */
	const char *name;   /* of the repository of entries that have none, or NULL */
};

/* Gives a new state with one reference, or NULL: NOTFOUND without an index.json, INVALID when it or the
 * directory is no layout. old may be NULL. */
struct state *state_load(const struct state_source *from, const struct state *old, struct err *err);

/* Whether index.json is another file, or has other content, than *seen says; *seen is brought up to
 * date. A directory that cannot be looked at has not changed. */
int state_load_changed(const struct state_source *from, struct stat *seen);

#endif
