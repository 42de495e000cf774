/*
 * authfile - docker's config.json and the containers stack's auth.json, which share one form:
 *
 *	{ "auths":	 { "<registry or registry/namespace>": { "auth": "<base64 of user:password>",
 *								"identitytoken": "...", ... }, ... },
 *	  "credHelpers": { "<registry>": "<helper>", ... },
 *	  "credsStore":	 "<helper>" }
 *
 * and ~/.dockercfg, docker's first form: what is under "auths" here, alone.
 *
 * Keys may be spelt as URLs ("https://index.docker.io/v1/"). An empty entry only says that a helper knows
 * the registry. Nothing of what the file holds but its keys gets into a message.
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

/* Reads the document; `name` is for messages ("/root/.docker/config.json"). INVALID when it is no JSON object. */
struct authfile *authfile_parse(const char *name, enum authfile_form form, struct span json,
				struct err *err);
void authfile_free(struct authfile *f);

/* How a registry is called here, whatever it is called there: "https://index.docker.io/v1/" and
 * "registry-1.docker.io" are docker.io, "https://HOST:443/v2/" is host, "host/ns/repo/" is host/ns/repo. The caller
 * frees it. */
char *authfile_key(const char *text);

/* In all that follows, host is as authfile_key() gives it. */

/* The helper of exactly this host, or NULL. Lent. */
const char *authfile_helper(const struct authfile *f, const char *host);
/* The helper for all hosts, or NULL. Lent. */
const char *authfile_store(const struct authfile *f);
const char *authfile_name(const struct authfile *f);

/* The credential of the entry with the longest match for host/path, lent in *found, NULL when there is none. AUTH
 * when that entry does not parse. */
int authfile_find(const struct authfile *f, const char *host, const char *path,
		  const struct credential **found, struct err *err);

#endif
