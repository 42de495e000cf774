/*
 * registry_types - the words between a program and its upstreams: how requests are to be made, and what comes back. The
 * verbs are in oci/registry/registry.h.
 */
#ifndef OCI_REGISTRY_REGISTRY_TYPES_H
#define OCI_REGISTRY_REGISTRY_TYPES_H

#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/http/net_options.h"
#include "oci/image/digest.h"

struct buf;
struct mirror_conf;
struct keychain;

/* All lent for the life of the registry, all but net.user_agent may be 0. */
struct registry_options {
	struct net_options net;
	const struct mirror_conf *conf; /* registry lines */
	/* Where a file beside mirror.conf (`ca=corp-ca.pem`) is found: in a directory, or, since lists mostly live in a
	 * commit, by a function that fills `out`. */
	const char *conf_dir;
	int (*read_beside)(void *arg, const char *name, struct buf *out, struct err *err);
	void *read_beside_arg;
	struct keychain *keychain;      /* without it everything is anonymous */
	const char *const *certs_roots; /* certs.d directories, NULL-ended (oci/http/certs.h) */
	long parallel; /* requests under way to one host, unless its line says otherwise; 16 */
	long quota_wait_seconds; /* how long to wait for a quota to fill up again; 0: fail at once */
	void (*warn)(void *arg,
		     const char *text); /* once per text: a registry's Warning, a host given up */
	void *warn_arg;
};

/* What a manifest request came back with. Valid during the callback only. */
struct registry_manifest {
	const struct err *err;  /* NULL on success */
	struct digest digest;   /* of the bytes; after a HEAD what the registry says */
	int64_t size;           /* -1 when a HEAD did not say */
	const char *media_type; /* Content-Type without parameters; "" when none */
	struct span bytes;      /* empty after a HEAD that needed no GET */
	unsigned
		requests; /* sent to the registry: retries and refusals too, tokens and storage not */
};
typedef void registry_manifest_done(void *arg, const struct registry_manifest *m);

/* A blob that is wanted. Lent for the call. */
struct registry_wanted {
	const struct digest *digest;
	int64_t size;
	const char *
		urls; /* where it is when the registry does not have it: URLs parted by blanks; or NULL */
};

struct registry_blob {
	const struct err *err; /* NULL: the blob is staged in the layout */
	int64_t bytes;         /* that came over the wire */
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
	const struct err *err;        /* NULL: the listing is complete */
	const struct digest *digests; /* valid during the callback */
	size_t n;
	unsigned requests;
};
typedef void registry_referrers_done(void *arg, const struct registry_referrers *found);

/* What was asked of each host, for the report. */
struct registry_host_stats {
	const char *host;
	uint64_t requests, bytes, retries;
	long quota_limit, quota_remaining; /* -1: not said */
	time_t quota_until; /* when there are pulls again, at the latest; 0: not said */
};
#endif
