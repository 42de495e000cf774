/*
 * mirror_conf - mirror.conf: defaults and rules for all lists.
 *
 *	image     PATTERN option...      defaults of targets (oci/lists/image_options.h)
 *	registry  HOST[:PORT] option...  the endpoint of a host, and how to connect to it
 *	snapshot  suffix=FORMAT          the names of snapshots (oci/image/snapshot_suffix.h)
 *	policy    option...              the images that lists may name (oci/lists/policy.h)
 *	deny      DIGEST [reason=TEXT]   a manifest, config or layer that nothing may contain
 *	privacy   authors=WHAT           what index and journal say of the author of a line
 */
#ifndef OCI_LISTS_MIRROR_CONF_H
#define OCI_LISTS_MIRROR_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/base/unit.h"
#include "oci/image/digest.h"
#include "oci/lists/image_options.h"
#include "oci/lists/policy.h"

struct problems;
struct ref;

/* Texts are owned; NULL or -1 where the line says nothing. */
struct mirror_conf_registry {
	char *host;       /* "docker.io", "registry.corp:5000" */
	char *endpoint;   /* "https://registry-1.docker.io" */
	char *mirror;     /* comma-separated URLs, tried first; path prefixes allowed */
	char *scheme;     /* "http" or "https" */
	char *ca;         /* a file's name beside mirror.conf, or an absolute path */
	char *cert, *key; /* absolute paths, both or none */
	int tls_verify;   /* 0: any certificate is accepted */
	long parallel;
	struct unit_share min_remaining; /* pulls of a quota, or a share of its limit */
	struct unit_rate rate, max_rate; /* requests; bytes */
	int line, column;
};

struct mirror_conf_image {
	char *pattern;
	struct image_options o;
};

struct mirror_conf_deny {
	struct digest digest;
	char *reason; /* or NULL */
	int line;
};

/* What the index and the journal say of the author of a line. */
enum mirror_conf_authors { AUTHORS_MAIL, AUTHORS_NAME, AUTHORS_COMMIT };

struct mirror_conf {
	char *file;                       /* its name; NULL: there is no mirror.conf */
	struct mirror_conf_image *images; /* in the order of lines */
	size_t nimages, capimages;
	struct mirror_conf_registry *registries;
	size_t nregistries, capregistries;
	char *snapshot_suffix; /* NULL: SNAPSHOT_SUFFIX_DEFAULT */
	int snapshot_line;     /* 0: there is none */
	struct policies policies;
	struct mirror_conf_deny *denied;
	size_t ndenied, capdenied;
	int authors;      /* enum mirror_conf_authors, or -1: the line says nothing */
	int privacy_line; /* 0: there is none */
};

void mirror_conf_init(struct mirror_conf *c);
void mirror_conf_release(struct mirror_conf *c);

/* Reads the bytes of mirror.conf into c, once; errors are added to `problems`. */
void mirror_conf_parse(struct mirror_conf *c, const char *file, struct span bytes,
		       struct problems *problems);

/* Whether lines of mirror.conf begin with that word. */
bool mirror_conf_is_keyword(struct span word);

/* The `registry` line of a host, or NULL. */
const struct mirror_conf_registry *mirror_conf_registry(const struct mirror_conf *c,
							const char *host);

/* Fills in options that o does not give, from the `image` lines that match a target; later lines
 * win. */
void mirror_conf_fill(const struct mirror_conf *c, const struct ref *target,
		      struct image_options *o);

/* The group that the `image` lines give a repository to, or NULL: everybody's. */
const char *mirror_conf_private(const struct mirror_conf *c, const struct ref *r);

/* The `deny` line of a digest, or NULL. */
const struct mirror_conf_deny *mirror_conf_denies(const struct mirror_conf *c,
						  const struct digest *d);

/* What is recorded of an author, "Ann <ann@corp.example>", or of several with ", " between them:
 * all of it, the names alone, or NULL. The caller frees it. */
char *mirror_conf_author(const struct mirror_conf *c, const char *author);

#endif
