/*
 * fetch_walk - one image under way: a walk below its root (included by fetch*.c only).
 *
 * fetch.c begins with the life of a walk.
 */
#ifndef SYNC_FETCH_WALK_H
#define SYNC_FETCH_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "oci/image/media_type.h"
#include "oci/http/time_budget.h"
#include "oci/image/ref.h"
#include "sync/fetch.h"
#include "sync/fetch_store.h"
#include "sync/fetch_tally.h"
#include "sync/platforms.h"

/* A manifest or blob that one image consists of; one for each digest of a walk. */
struct want {
	struct digest digest;
	int64_t size; /* -1: not known (a root) */
	bool manifest;
	bool lacks;                    /* of manifests: the mirror did not have it */
	bool arrived;                  /* of blobs: it came with this walk */
	bool needed;                   /* of blobs: its bytes are among walk->needs */
	bool tells;                    /* the platform of a manifest: no index names it */
	int depth;                     /* of manifests: the root is 0 */
	enum media_type_kind promised; /* by the descriptor; MEDIA_OTHER: nothing */
	char *urls;                    /* of a foreign layer; or NULL */
	struct walk *walk;
	struct want *next_of_object; /* others that wait for the same digest */
};

/* What a walk asks for now. */
enum walk_phase { WALK_MANIFESTS, WALK_CONFIGS, WALK_PROOFS, WALK_BLOBS, WALK_END };

/* One image under way. */
struct walk {
	struct fetch *fetch;
	struct ref from;
	char *platforms; /* or NULL */
	bool only_judge, no_external, is_private;
	char *repository; /* of from */
	/* Wants by digest, owned. A digest may be named as a blob and as a manifest: as the latter
	 * it has something below it. */
	struct table seen_blobs, seen_manifests;
	struct want **blobs; /* those of seen_blobs that are missing, in the order met */
	size_t nblobs, capblobs;
	struct want **missing; /* those of seen_manifests that the store lacks, in the order met */
	size_t nmissing, capmissing, next_missing; /* the next one to be asked for */
	struct digest *manifests;                  /* walked, the root first */
	size_t nmanifests, capmanifests;
	struct platforms there; /* told so far */
	struct want **configs;  /* of seen_blobs: they tell more */
	size_t nconfigs, capconfigs;
	struct fetch_tally tally;
	struct time_budget own, *budget; /* of all its requests: its own, or a lent one */
	int64_t needs, admitted; /* bytes: known to be needed, and those that admit has allowed */
	size_t waiting;          /* wants under way */
	enum walk_phase phase;
	bool failed, is_refused, in_walk;
	bool gives_back; /* it will not come: what it has left on the disk is removed */
	struct err err;
	struct digest lacked; /* that its repository does not have; "" */
	char *media_type;     /* of the root */
	int64_t size, measured, bytes;
	unsigned requests;
	struct walk *before, *after; /* of fetch->walks */
	fetch_admit *admit;
	fetch_judge *judge;
	fetch_done *done;
	void *arg;
};

struct fetch {
	struct registry *registry;
	struct fetch_store store;
	struct table objects;                /* under way, by digest */
	struct walk *walks;                  /* under way */
	uint64_t queued;                     /* bytes of manifests that walks will ask for */
	struct buf scratch;                  /* a manifest read back from the store */
	fetch_refuses *refuses;              /* or NULL */
	struct private_blobs *private_blobs; /* or NULL; lent */
	void *refuses_arg;
};

/* Fetches below `root`; done is called once, perhaps before this returns. */
void fetch_walk_begin(struct fetch *f, const struct ref *from, const struct digest *root,
		      const struct fetch_how *how, fetch_done *done, void *arg);

/* A want that was under way has come: the blob or manifest is in the store. */
void fetch_walk_came(struct want *want);
/* The walk's repository has confirmed that it has the want. */
void fetch_walk_proven(struct want *want);
/* The want cannot be had from the walk's repository. */
void fetch_walk_missed(struct want *want, const struct err *err);

#endif
