/*
 * remote_index - the published index of a running mirror-serve, for a dry run without the mirror's
 * directory.
 */
#ifndef SYNC_REMOTE_INDEX_H
#define SYNC_REMOTE_INDEX_H

struct err;
struct net_options;
struct index;

/* Reads <url>/v2/_ocimirror/index.json into *x; url is "http://mirror.corp:5000". NET when the
 * request fails, INVALID when the answer is not the index of a mirror. */
int remote_index_load(const char *url, const struct net_options *o, struct index *x,
		      struct err *err);

#endif
