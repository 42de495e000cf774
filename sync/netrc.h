/*
 * netrc - passwords by host, in ~/.netrc, as curl and git read it:
 *
 *	machine git.corp login deploy password s3cret
 *	default login anonymous password x
 *
 * Words stand between blanks or line ends, in double quotes when they hold blanks (\ escapes); a line that begins
 * with # is a comment; "account" and "macdef" belong to ftp and are skipped.
 */
#ifndef SYNC_NETRC_H
#define SYNC_NETRC_H

struct credential;
struct err;

/* The first entry for the host, of that user when user is not NULL. *out stays of kind NONE when there is none, or no
 * such file. */
int netrc_find(const char *path, const char *host, const char *user, struct credential *out,
	       struct err *err);

#endif
