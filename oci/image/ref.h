/*
 * ref - a reference to an image: host[:port]/path:tag, host[:port]/path@digest, or both.
 *
 * Grammar (distribution-spec, "Pulling manifests"; host and defaults as docker's
 * distribution/reference):
 *
 *	path      = component *("/" component)
 *	component = [a-z0-9]+ *(("." / "_" / "__" / "-"+) [a-z0-9]+)
 *	tag       = [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
 *
 * What people write is normalised as docker does it: "alpine:3.19" is
 * docker.io/library/alpine:3.19; the first component is a host when it holds "." or ":" or is
 * "localhost"; index.docker.io and registry-1.docker.io are docker.io; a host is lower-cased. A
 * reference that was parsed is safe to build a path or a URL from: no "..", no empty component, no
 * blank, no control character.
 */
#ifndef OCI_IMAGE_REF_H
#define OCI_IMAGE_REF_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"
#include "oci/image/digest.h"

struct err;

struct ref {
	char *host;           /* "docker.io", "registry.corp:5000", "[::1]:5000" */
	char *path;           /* "library/alpine" */
	char *tag;            /* NULL when there is none */
	struct digest digest; /* "" when there is none */
};

#define REF_INIT                                                                                   \
	{                                                                                          \
		.host = NULL, .path = NULL, .tag = NULL, .digest = { "" }                          \
	}

/* Fills *r, which must be empty. The tag stays NULL when none is written: "latest" is the caller's
 * decision. INVALID, naming the part that is wrong. */
int ref_parse(struct ref *r, struct span text, struct err *err);
/* As ref_parse, but the text must already be canonical: it names its host and has a tag or
 * digest. */
int ref_parse_canonical(struct ref *r, struct span text, struct err *err);
void ref_release(struct ref *r);
void ref_copy(struct ref *to, const struct ref *from);

/* "host/path" with ":tag" and "@digest" if there are any. The caller frees it. */
char *ref_str(const struct ref *r);
/* The name it is published under: "host/path:tag", or "host/path@digest" without a tag. */
char *ref_target(const struct ref *r);
/* "host/path" */
char *ref_repository(const struct ref *r);

/* A repository's name as a client can write it, without a colon: "host:port/path" becomes
 * "host_port/path". The caller frees it. */
char *ref_written_name(const char *repository);

bool ref_valid_host(struct span s);
bool ref_valid_path(struct span s);
bool ref_valid_tag(struct span s);
/* Whether a tag is one of signatures, other referrers, and indexes of referrers: sha256-<hex>... */
bool ref_is_digest_tag(struct span tag);

/* "docker.io" for its aliases, else host. */
const char *ref_host_alias(const char *host);

/* The tag of a canonical reference: lent from it; NULL when it has none (it names a digest). */
const char *ref_tag_of(const char *ref);

#endif
