/*
 * history DIR TAGS GENERATIONS - makes a mirror with a long history: TAGS references, then a sync
 * in every generation that moves one tag in 200. Every tenth generation has a label, "sprint-N".
 * For tests/bench/publish.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/strvec.h"
#include "oci/image/media_type.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/generation.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "oci/store/retag.h"

#define MOVED_IN 200
/* A day, so that snapshots of a tag have names of their own. */
#define STEP  86400
#define BEGIN 1700000000L

struct history {
	struct layout layout;
	struct index index;
	long tags, generations;
	struct digest config;
	struct journal_line *lines;
	size_t nlines, cap;
	struct strvec texts; /* of the lines */
};

static int put_manifest(struct history *h, long nth, struct digest *d, int64_t *size,
			struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);

	buf_addf(&b,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{"
		 "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
		 "\"size\":2},\"layers\":[],\"annotations\":{\"nth\":\"%ld\"}}",
		 h->config.str, nth);
	digest_of(NULL, b.p, b.n, d);
	*size = (int64_t)b.n;
	return layout_put(&h->layout, d, b.p, b.n, err);
}

static void add_line(struct history *h, const char *ref, const char *old, const char *now,
		     const char *why)
{
	h->lines = xgrow(h->lines, h->nlines, &h->cap, sizeof(*h->lines));
	h->lines[h->nlines++] = (struct journal_line){
		.ref = ref ? strvec_add(&h->texts, ref) : NULL,
		.old_digest = old ? strvec_add(&h->texts, old) : NULL,
		.new_digest = now ? strvec_add(&h->texts, now) : NULL,
		.why = why,
		.who = "ann@host",
		.list = "base.list:1",
	};
}

static void describe_entry(struct entry *e, time_t when)
{
	cleanup_free char *source =
		xasprintf("%.*s@%s", (int)(strrchr(e->ref, ':') - e->ref), e->ref, e->digest.str);
	char at[CLOCK_RFC3339];

	clock_rfc3339(when, at);
	entry_set_annotation(e, ANNOTATION_SOURCE, source);
	entry_set_annotation(e, ANNOTATION_SYNCED, at);
	entry_set_annotation(e, ANNOTATION_LIST,
			     "base.list:1@7d98127dc7b64bebfbd0a01ea242545747d953ff");
	entry_set_annotation(e, ANNOTATION_AUTHOR, "Ann <ann@corp.example>");
}

/* Gives a tag the content of this generation. */
static int move_tag(struct history *h, long tag, long generation, struct err *err)
{
	cleanup_free char *ref =
		xasprintf("registry.example/team/app-%04ld:v%ld", tag % 1000, tag / 1000);
	time_t when = BEGIN + generation * STEP;
	struct retag move = { .index = &h->index,
			      .suffix = SNAPSHOT_SUFFIX_DEFAULT,
			      .when = when,
			      .by = RETAG_BY_SYNC };
	struct entry *e = index_find(&h->index, ref), *kept = NULL;
	struct digest d, old = { .str = "" };
	int64_t size;

	if (put_manifest(h, generation * h->tags + tag, &d, &size, err) < 0)
		return -1;
	if (e)
		old = e->digest;
	if (e && retag_move(&move, e, MEDIA_OCI_MANIFEST, &d, size, &kept, err) < 0)
		return -1;
	if (!e) {
		e = index_add(&h->index, ref);
		entry_set_content(e, MEDIA_OCI_MANIFEST, &d, size);
	}
	describe_entry(e, when);
	if (kept)
		add_line(h, kept->ref, NULL, old.str, "snapshot");
	add_line(h, ref, old.str[0] ? old.str : NULL, d.str, "sync");
	return 0;
}

static int publish_next(struct history *h, long generation, struct err *err)
{
	cleanup_free char *label =
		generation % 10 ? NULL : xasprintf("sprint-%ld", generation / 10);
	struct publication what = { .made_by = "sync", .label = label, .who = "ann@host" };
	cleanup_fd int lock = -1;
	long step = generation == 1 ? 1 : MOVED_IN;

	for (long tag = (generation * 7) % step; tag < h->tags; tag += step)
		if (move_tag(h, tag, generation, err) < 0)
			return -1;
	add_line(h, NULL, NULL, NULL, "sync");
	what.lines = h->lines;
	what.nlines = h->nlines;
	lock = generation_lock(&h->layout, "history", 10, err);
	if (lock < 0 || layout_commit(&h->layout, err) < 0 ||
	    generation_publish(&h->layout, &h->index, &what, err) < 0)
		return -1;
	generation_thin(&h->layout, generation);
	h->nlines = 0;
	strvec_release(&h->texts);
	return 0;
}

static int make_history(struct history *h, const char *dir, struct err *err)
{
	if (layout_open(&h->layout, dir, LAYOUT_WRITE, err) < 0 ||
	    generation_load(&h->layout, &h->index, err) < 0)
		return -1;
	digest_of(NULL, "{}", 2, &h->config);
	if (layout_put(&h->layout, &h->config, "{}", 2, err) < 0)
		return -1;
	for (long i = 1; i <= h->generations; i++)
		if (publish_next(h, i, err) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct history h = { .layout = LAYOUT_INIT, .index = INDEX_INIT, .texts = STRVEC_INIT };
	struct err err = ERR_INIT;
	int r;

	if (argc != 4) {
		fputs("usage: history DIR TAGS GENERATIONS\n", stderr);
		return 2;
	}
	h.tags = strtol(argv[2], NULL, 10);
	h.generations = strtol(argv[3], NULL, 10);
	r = make_history(&h, argv[1], &err);
	if (r < 0)
		fprintf(stderr, "history: %s\n", err.msg);
	index_release(&h.index);
	strvec_release(&h.texts);
	free(h.lines);
	layout_close(&h.layout);
	return r < 0;
}
