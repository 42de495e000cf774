/*
 * remote_index - the published index of a running mirror-serve, for a dry run without the mirror's
 * directory.
 */
#ifndef SYNC_REMOTE_INDEX_H
#define SYNC_REMOTE_INDEX_H

struct err;
struct registry_options;
struct index;

/* Reads <url>/v2/_ocimirror/index.json into *x; url is "http://mirror.corp:5000", or
 * "https://user:password@mirror.corp". Without a user, the keychain is asked for one. No error
 * shows the password. NET when the request fails, AUTH for a 401, INVALID when the answer is not
 * the index of a mirror. */
int remote_index_load(const char *url, const struct registry_options *wire, struct index *x,
		      struct err *err);

#endif
