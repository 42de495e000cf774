/*
 * registry - the distribution API as verbs, against many upstream hosts at once.
 *
 * Everything is asynchronous on one thread: a verb queues a request, registry_run() turns the loop,
 * and done(arg, ...) is called exactly once for each verb, from registry_run() or, for verbs that
 * are left then, from registry_free(). Callbacks may call verbs. For each host there is a queue
 * with a ceiling on parallel requests, its endpoints (mirrors of mirror.conf, then its own), its
 * credentials and its throttle; callers only see the outcome.
 *
 * err.kind of an outcome: NOTFOUND not there; AUTH missing or private; LIMIT the host's quota is
 * used up; NET the host or the network fails; INVALID the answer breaks the protocol; DIGEST the
 * bytes do not have the digest; IO this machine fails.
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
struct time_budget;

/* USAGE, naming the registry, when a registry line of mirror.conf cannot be used. */
struct registry *registry_new(const struct registry_options *o, struct err *err);
void registry_free(struct registry *r);

/* HEAD of a tag (or digest). When the registry gives no digest, one GET follows, and its bytes are
 * hashed. */
void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg);

/* GET of a tag, whose bytes are hashed: for a HEAD that says 404 although GET answers 200. */
void registry_tag(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		  void *arg);

/* GET of a manifest by digest from ref's repository; the bytes are checked against it. */
void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg);

/* GET of a blob into the layout, hashed while it is written, resumed where an earlier run stopped.
 * A foreign layer that ref's registry does not have is fetched from its `urls`, without
 * credentials. */
void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg);

/* Whether ref's repository has a blob: HEAD, and nothing is stored. */
void registry_has_blob(struct registry *r, const struct ref *ref, const struct digest *d,
		       int64_t size, registry_blob_done *done, void *arg);

/* Every tag of ref's repository, following Link (distribution-spec, "Listing Tags"). */
void registry_tags(struct registry *r, const struct ref *ref, registry_tags_done *done, void *arg);
/* The same, but INVALID when the list has more pages than that: it is not worth more requests. */
void registry_tags_within(struct registry *r, const struct ref *ref, size_t pages,
			  registry_tags_done *done, void *arg);

/* The referrers of a manifest of ref's repository, as the referrers API lists them
 * (distribution-spec, "Listing Referrers"). A registry that is known to have none is not asked. */
void registry_referrers(struct registry *r, const struct ref *ref, const struct digest *subject,
			registry_referrers_done *done, void *arg);

/* Where there is no referrers API, as texts that may be kept until a later run: what an earlier one
 * learnt is set before the first request, and each of what is known is told at the end. */
void registry_set_no_referrers(struct registry *r, const char *key);
void registry_each_no_referrers(const struct registry *r, void (*each)(void *arg, const char *key),
				void *arg);

/* The verb that is called next is charged to this budget, which is lent until its done(). Its
 * requests end with NET when the budget is used up. The pages of a tag list have one of their own.
 */
void registry_charge(struct registry *r, struct time_budget *b);

/* Turns the loop until no request is queued or under way, or until(arg) is true between two turns;
 * `until` may be NULL. A turn waits at most `timeout_ms` for an event. -1 when the loop itself
 * failed; then all verbs have ended. */
int registry_run(struct registry *r, bool (*until)(void *arg), void *arg, int timeout_ms,
		 struct err *err);

/* Stops the run in the next turn of the loop: all requests end with the error NET "interrupted".
 * Partial blobs stay. */
void registry_stop(struct registry *r);

/* Statistics of at most `max` hosts, for the report; gives the number of hosts. */
size_t registry_stats(const struct registry *r, struct registry_host_stats *out, size_t max);
/* Whether the wall clock of this machine differs by more than five minutes from those of most
 * hosts that have told their time; *ahead then gets by how many seconds one of them is ahead. */
bool registry_clock_differs(const struct registry *r, int64_t *ahead);
/* Bytes received so far from all hosts, for a progress line. */
uint64_t registry_bytes(const struct registry *r);

#endif
