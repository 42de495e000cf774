/*
 * against - what a running mirror-serve publishes, for a dry run without the mirror's directory.
 */
#ifndef SYNC_AGAINST_H
#define SYNC_AGAINST_H

struct err;
struct http_options;
struct index;

/* Reads <url>/v2/_ocimirror/index.json; url is "http://mirror.corp:5000". NET when it cannot be had,
 * INVALID when it is no index of a mirror. */
int against_load(const char *url, const struct http_options *o, struct index *x, struct err *err);

#endif
