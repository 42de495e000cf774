/*
 * remote_index - what a running mirror-serve publishes, for a dry run without the mirror's directory.
 */
#ifndef SYNC_REMOTE_INDEX_H
#define SYNC_REMOTE_INDEX_H

struct err;
struct net_options;
struct index;

/* Reads <url>/v2/_ocimirror/index.json; url is "http://mirror.corp:5000". NET when it cannot be had,
 * INVALID when it is no index of a mirror. */
int remote_index_load(const char *url, const struct net_options *o, struct index *x,
		      struct err *err);

#endif
