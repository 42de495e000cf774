/*
 * conf - mirror.conf: `image`, `registry`, `snapshot` and `policy` lines.
 */
#ifndef OCI_CONF_H
#define OCI_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/span.h"

struct err;
struct problems;

/* The options of an image, from its own line or from `image` lines. Strings are owned; NULL or -1 where
 * nothing is said. */
struct image_options {
	char *platform; /* "linux/amd64,linux/arm64" */
	char *tags, *exclude, *match, *semver;
	long newest;
	long refresh; /* seconds; 0 every run, LONG_MAX never */
	long max_age; /* seconds */
	long keep;
	long keep_for; /* seconds */
	int referrers; /* 1, 0 */
	bool upstream_gone;
	char *as;
	char *owner, *reason;
};

/* A `registry HOST` line. Strings are owned; NULL or -1 where nothing is said. */
struct conf_registry {
	char *host;     /* "docker.io", "registry.corp:5000" */
	char *endpoint; /* "https://registry-1.docker.io" */
	char *mirror;   /* comma-separated URLs, tried first */
	char *scheme;   /* "http" or "https" */
	char *ca;       /* file beside mirror.conf, or absolute */
	char *cert, *key;
	long parallel, min_remaining;
	int line;
};

struct conf_image {
	char *pattern;
	struct image_options o;
	int line;
};

struct conf {
	struct conf_image *images;
	size_t nimages, capimages;
	struct conf_registry *registries;
	size_t nregistries, capregistries;
	char *snapshot_suffix; /* NULL: ".%Y%m%d" */
	char *allow;           /* comma-separated patterns, or NULL */
	long max_tags;         /* -1: no limit */
	int64_t max_bytes;     /* -1: no limit */
};

/* Reads the bytes of mirror.conf into c; what is wrong goes to `problems`. */
void conf_parse(struct conf *c, const char *file, struct span bytes, struct problems *problems);
void conf_release(struct conf *c);

/* The `registry` line of a host, or NULL. */
const struct conf_registry *conf_registry(const struct conf *c, const char *host);

#endif
