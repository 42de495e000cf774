/*
 * authfile - docker's config.json and the containers stack's auth.json, which share one form:
 *
 *	{ "auths":	 { "<registry or registry/namespace>":
 *			   { "auth": "<base64 of user:password>", "identitytoken": "...", ... },
 *			   ... },
 *	  "credHelpers": { "<registry>": "<helper>", ... },
 *	  "credsStore":	 "<helper>" }
 *
 * and ~/.dockercfg, docker's first form: only the object that is under "auths" here.
 *
 * Keys may be spelt as URLs ("https://index.docker.io/v1/"). An empty entry only says that a
 * helper has the credential. Messages show the keys of the file and nothing else of it.
 */
#ifndef OCI_AUTH_AUTHFILE_H
#define OCI_AUTH_AUTHFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/auth/credential.h"
#include "oci/base/span.h"

struct authfile;
struct err;

enum authfile_form { AUTHFILE_CONFIG, AUTHFILE_DOCKERCFG };

/* Reads the document; `name` is for messages ("/root/.docker/config.json"). INVALID when it is not
 * a JSON object. */
struct authfile *authfile_parse(const char *name, enum authfile_form form, struct span json,
				struct err *err);
void authfile_free(struct authfile *f);

/* The normal form of a key: "https://index.docker.io/v1/" and "registry-1.docker.io" give
 * docker.io, "https://HOST:443/v2/" gives host, "host/ns/repo/" gives host/ns/repo. The caller
 * frees it. */
char *authfile_key(const char *text);

/* In the functions below, host is in the form that authfile_key() gives. */

/* The helper of exactly this host, or NULL. Lent. */
const char *authfile_helper(const struct authfile *f, const char *host);
/* The helper for all hosts, or NULL. Lent. */
const char *authfile_store(const struct authfile *f);
const char *authfile_name(const struct authfile *f);

/* *found is the credential of the entry with the longest match for host/path, lent; NULL when
 * there is none. AUTH when that entry does not parse. */
int authfile_find(const struct authfile *f, const char *host, const char *path,
		  const struct credential **found, struct err *err);

#endif
