/*
 * registry_types - what a program and the registry client pass to each other: options, and what
 * requests come back with. The verbs are in oci/registry/registry.h.
 */
#ifndef OCI_REGISTRY_REGISTRY_TYPES_H
#define OCI_REGISTRY_REGISTRY_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/base/unit.h"
#include "oci/http/net_options.h"
#include "oci/image/digest.h"

struct buf;
struct referrer_row;
struct mirror_conf;
struct keychain;

/* All lent for the life of the registry, all but net.user_agent may be 0. */
struct registry_options {
	struct net_options net;
	const struct mirror_conf *conf; /* registry lines */
	/* How a file beside mirror.conf (`ca=corp-ca.pem`) is read: from a directory, or, when the
	 * lists are in a commit, by a function that fills `out`. */
	const char *conf_dir;
	int (*read_beside)(void *arg, const char *name, struct buf *out, struct err *err);
	void *read_beside_arg;
	struct keychain *keychain;      /* without it everything is anonymous */
	const char *const *certs_roots; /* certs.d directories, NULL-ended (oci/http/certs.h) */
	long parallel; /* requests under way to one host, unless its line says otherwise; 16 */
	struct unit_rate max_rate; /* bytes of all hosts together; amount <= 0: no limit */
	long quota_wait_seconds;   /* longest wait for the reset of a quota; 0: fail at once */
	void (*warn)(void *arg,
		     const char *text); /* once per text: a registry's Warning, a host given up */
	void *warn_arg;
};

/* The outcome of a manifest request. Valid during the callback only. */
struct registry_manifest {
	const struct err *err;  /* NULL on success */
	struct digest digest;   /* of the bytes; after a HEAD as the registry gives it */
	int64_t size;           /* -1 when a HEAD did not say */
	const char *media_type; /* Content-Type without parameters; "" when none */
	struct span bytes;      /* empty after a HEAD that needed no GET */
	unsigned
		requests; /* sent to the registry, with retries; not to token servers and storage */
};
typedef void registry_manifest_done(void *arg, const struct registry_manifest *m);

/* A blob to be fetched. Lent for the call. */
struct registry_wanted {
	const struct digest *digest;
	int64_t size;
	const char *urls; /* of a foreign layer: where else it is, separated by blanks; or NULL */
};

struct registry_blob {
	const struct err *err; /* NULL: the blob is staged in the layout */
	int64_t bytes;         /* received */
	unsigned requests;
};
typedef void registry_blob_done(void *arg, const struct registry_blob *b);

struct registry_tags {
	const struct err *err; /* NULL: the listing is complete */
	const char **tags;     /* valid during the callback; the array may be changed */
	size_t n;
	unsigned requests;
};
typedef void registry_tags_done(void *arg, const struct registry_tags *t);

struct registry_referrers {
	const struct err *err;           /* NULL: the listing is complete */
	bool no_api;                     /* nothing is listed: the registry has no such API */
	const struct referrer_row *rows; /* valid during the callback */
	size_t n;
	unsigned requests;
};
typedef void registry_referrers_done(void *arg, const struct registry_referrers *found);

/* The requests to one host, for the report. */
struct registry_host_stats {
	const char *host;
	uint64_t requests, bytes, retries;
	long quota_limit, quota_remaining; /* -1: unknown */
	time_t quota_until;                /* when the quota is reset at the latest; 0: unknown */
};
#endif
