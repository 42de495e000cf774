/*
 * registry - the distribution API as verbs, against many upstream hosts at once.
 *
 * Everything is asynchronous on one thread: a verb queues a request, registry_run() turns the loop,
 * and done(arg, ...) is called exactly once for each verb, from within registry_run(). Callbacks may
 * queue more. Per host there is a queue with a ceiling on parallel requests, the endpoint it is really
 * asked at, its credentials, its pace and its faults; callers see none of that but the outcome.
 *
 * What an outcome's err.kind says: NOTFOUND not there; AUTH missing or private; LIMIT the host's quota,
 * come back later; NET the host or the way; INVALID bytes that break the protocol; DIGEST other
 * bytes than promised; IO this machine.
 */
#ifndef OCI_REGISTRY_H
#define OCI_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/digest.h"
#include "oci/err.h"
#include "oci/ref.h"
#include "oci/span.h"

struct conf;
struct layout;
struct registry;

struct registry_options {
	const struct conf *conf;      /* registry lines; lent; may be NULL */
	const char *conf_dir;         /* where `ca=corp-ca.pem` is found; may be NULL */
	const char *user_agent;       /* "mirror-sync/0.1" */
	const char *ca_file, *ca_dir; /* SSL_CERT_FILE, SSL_CERT_DIR; may be NULL */
	long parallel; /* requests under way to one host, unless its line says otherwise */
	void (*warn)(
		void *arg,
		const char *text); /* a registry's Warning header, a retry, ...: once per text */
	void *warn_arg;
};

struct registry *registry_new(const struct registry_options *o, struct err *err);
void registry_free(struct registry *r);

/* What a manifest request came back with. Valid during the callback only. */
struct registry_manifest {
	const struct err *err;  /* NULL on success */
	struct digest digest;   /* of the bytes; after a HEAD what the registry says */
	int64_t size;           /* -1 when a HEAD did not say */
	const char *media_type; /* Content-Type without parameters; "" when none */
	struct span bytes;      /* empty after a HEAD */
	unsigned requests;      /* registry requests spent, retries included */
};
typedef void registry_manifest_done(void *arg, const struct registry_manifest *m);

/* HEAD of a tag (or digest). A registry that gives no digest is asked once with GET, and the bytes
 * hashed. */
void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg);

/* GET of a manifest by digest from ref's repository; the bytes are checked against it. */
void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg);

struct registry_blob {
	const struct err *err; /* NULL: the blob is staged in the layout */
	int64_t bytes;         /* that came over the wire */
	unsigned requests;
};
typedef void registry_blob_done(void *arg, const struct registry_blob *b);

/* GET of a blob into the layout, hashed while it is written, resumed from what an earlier run left. */
void registry_blob(struct registry *r, const struct ref *ref, const struct digest *d, int64_t size,
		   struct layout *into, registry_blob_done *done, void *arg);

struct registry_tags {
	const struct err *err; /* NULL: the listing is complete */
	const char **tags;     /* valid during the callback; may be reordered */
	size_t n;
	unsigned requests;
};
typedef void registry_tags_done(void *arg, const struct registry_tags *t);

/* Every tag of ref's repository, following Link (distribution-spec, "Listing Tags"). */
void registry_tags(struct registry *r, const struct ref *ref, registry_tags_done *done, void *arg);

/* Turns the loop until nothing is under way or queued, or `until` (may be NULL) says so between turns;
 * waits at most `timeout_ms` for something to happen in a turn. */
int registry_run(struct registry *r, bool (*until)(void *arg), void *arg, int timeout_ms,
		 struct err *err);

/* No request starts any more; those queued end with err (kind NET, "interrupted"), those under way are
 * given up: their partial blobs stay. */
void registry_stop(struct registry *r);

/* What was asked of each host, for the report. */
struct registry_host_stats {
	const char *host;
	uint64_t requests, bytes, retries;
	long quota_limit, quota_remaining; /* -1: not said */
};
size_t registry_stats(const struct registry *r, struct registry_host_stats *out, size_t max);
/* Bytes received so far from all hosts, for a progress line. */
uint64_t registry_bytes(const struct registry *r);

#endif
