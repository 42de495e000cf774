/*
 * registry - the distribution API as verbs, against many upstream hosts at once.
 *
 * Everything is asynchronous on one thread: a verb queues a request, registry_run() turns the loop,
 * and done(arg, ...) is called exactly once for each verb, from within registry_run() (or, for what is
 * left then, registry_free()). Callbacks may queue more. Per host there is a queue with a ceiling on
 * parallel requests, the endpoint it is really asked at, its credentials, its throttle and its faults;
 * callers see none of that but the outcome.
 *
 * What an outcome's err.kind says: NOTFOUND not there; AUTH missing or private; LIMIT the host's quota,
 * come back later; NET the host or the way; INVALID bytes that break the protocol; DIGEST other
 * bytes than promised; IO this machine.
 */
#ifndef OCI_REGISTRY_REGISTRY_H
#define OCI_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"
#include "oci/image/ref.h"
#include "oci/registry/registry_types.h"

struct err;
struct layout;
struct registry;

/* USAGE, naming the registry, when a line of mirror.conf can't be followed. */
struct registry *registry_new(const struct registry_options *o, struct err *err);
void registry_free(struct registry *r);

/* HEAD of a tag (or digest). A registry that gives no digest is asked once with GET, and the bytes
 * hashed. */
void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg);

/* GET of a manifest by digest from ref's repository; the bytes are checked against it. */
void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg);

/* GET of a blob into the layout, hashed while it is written, resumed from what an earlier run left. A foreign layer
 * that ref's registry does not have is asked for, without credentials, where its `urls` say. */
void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg);

/* Every tag of ref's repository, following Link (distribution-spec, "Listing Tags"). */
void registry_tags(struct registry *r, const struct ref *ref, registry_tags_done *done, void *arg);

/* What refers to a manifest of ref's repository (distribution-spec, "Listing Referrers"); none where the registry
 * knows of none. */
void registry_referrers(struct registry *r, const struct ref *ref, const struct digest *subject,
			registry_referrers_done *done, void *arg);

/* Turns the loop until nothing is under way or queued, or `until` (may be NULL) says so between turns;
 * waits at most `timeout_ms` for something to happen in a turn. -1 when the loop itself failed; all verbs have ended
 * then, too. */
int registry_run(struct registry *r, bool (*until)(void *arg), void *arg, int timeout_ms,
		 struct err *err);

/* No request starts any more; those queued end with err (kind NET, "interrupted"), those under way are
 * given up: their partial blobs stay. */
void registry_stop(struct registry *r);

/* What was asked of each host, for the report; gives how many hosts. */
size_t registry_stats(const struct registry *r, struct registry_host_stats *out, size_t max);
/* Bytes received so far from all hosts, for a progress line. */
uint64_t registry_bytes(const struct registry *r);

#endif
