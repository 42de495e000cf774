/*
 * run - one sync, from the lists to a published generation.
 *
 *	plan	every line of the lists becomes targets; lines with tag options ask for the tag list
 *	work	each target: HEAD, compare, fetch what is missing (all at once, on one loop)
 *	merge	what arrived is merged onto what is published now, and published (sync/merge.h)
 *
 * A failing image, host or listing never stops the others; what is complete is published.
 *
 * struct run has three parts. Inputs (options, the lists with their mirror.conf) do not change.
 * What is opened (mirror, registries) belongs to run.c; plan, work, referrers and merge use it. The
 * outcome (sync/outcome.h) is all that the rest of the program reads.
 */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include <stdbool.h>

#include "oci/base/table.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/marks.h"
#include "oci/store/private_blobs.h"
#include "oci/store/sync_state.h"
#include "sync/allowance.h"
#include "sync/disk_space.h"
#include "sync/list_source.h"
#include "sync/outcome.h"
#include "sync/referrer_memory.h"
#include "sync/run_options.h"

struct err;
struct fetch;
struct registry;
struct work;

struct run {
	const struct run_options *options;
	struct list_source *source;
	void (*turn)(const struct outcome *o); /* between turns of the loop: progress; or NULL */

	struct layout layout;  /* the mirror's */
	int lock;              /* .mirror/sync.lock, or -1 */
	struct layout scratch; /* of a dry run: what was read to tell platforms and sizes */
	struct index index;    /* as published when the run began; merge takes it */
	struct marks marks;    /* of the index */
	struct sync_state checked;
	struct referrer_memory referrers;
	bool is_clock_wrong; /* it differs from those of most upstreams (sync/min_age.h) */
	struct registry *registry;
	struct fetch *fetch;
	struct private_blobs private_blobs;
	struct disk_space space;
	struct allowance allowance;
	struct work *work; /* private to work.c */
	/* references of upstream's own that would be names of this run's snapshots; owned texts */
	struct table reserved;

	struct outcome outcome;
};

/* How long an operator's publish may take, in seconds; it is milliseconds. */
#define PUBLISH_WAIT 60

#define RUN_INIT                                                                                   \
	{                                                                                          \
		.layout = LAYOUT_INIT, .scratch = LAYOUT_INIT, .lock = -1, .index = INDEX_INIT,    \
		.marks = MARKS_INIT, .private_blobs = PRIVATE_BLOBS_INIT                           \
	}

/* Opens the mirror and takes the lock of syncs, which is kept until run_release(). Lists that are
 * kept in the mirror need it before they are read; else run_sync() does it. */
int run_lock(struct run *r, const struct run_options *options, struct err *err);

/* 0 when the run could work through its targets, in whatever states they are now; -1 when the
 * mirror itself could not be used (kind IO, INVALID, ...), and nothing was published. */
int run_sync(struct run *r, const struct run_options *options, struct list_source *source,
	     struct err *err);

/* Whether this run cannot look into the mirror, and what is listed may be there. */
bool run_is_mirror_unseen(const struct run *r);

/* To be called before the lists are released: targets point into them. */
void run_release(struct run *r);

#endif
