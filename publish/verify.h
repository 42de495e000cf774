/*
 * verify - looks at everything that a mirror has, and collects what is wrong.
 *
 *	verify_init(&v, &options)
 *	verify_run(&v, "mirror", err)	-1: the mirror could not be read
 *	... v.findings, v.facts
 *	verify_release(&v)
 *
 * One run: the documents from index.json down (blob_walk.h), every other file under blobs/ once, by
 * several threads, the largest first (blob_check.h), then sizes, records (record_check.h) and, on
 * demand, layers against configs. No lock is taken, and publishers may be at work. So what is found
 * wrong is looked at again when index.json or the file was replaced meanwhile; what was found right
 * is not rehashed then. Blobs that are found right are remembered (verified.h).
 */
#ifndef PUBLISH_VERIFY_H
#define PUBLISH_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "publish/blob_graph.h"
#include "publish/finding.h"
#include "publish/mirror.h"
#include "publish/record_check.h"
#include "publish/verified.h"

struct err;

struct verify_facts {
	long generation;
	size_t entries;
	size_t blobs, rehashed, unreferenced,
		strangers; /* files; strangers have no digest's name */
	uint64_t bytes, rehashed_bytes, unreferenced_bytes;
	size_t generations, journal_lines, partials;
	uint64_t partial_bytes;
	bool has_no_table;
	size_t layers, device_layers;     /* opened by --deep; those that have devices */
	char device[DIGEST_MAX + 1 + 64]; /* of the first such layer: digest, and a device */
};

struct verify {
	bool deep;    /* layers are opened, too */
	time_t since; /* blobs found right since then are not rehashed; 0: every blob is */
	struct mirror mirror;
	struct blob_graph graph;
	struct verified verified;
	struct findings findings;
	struct verify_facts facts;
};

void verify_init(struct verify *v);
void verify_release(struct verify *v);

/* Fails when the mirror cannot be read: then nothing was found. A progress line is shown. */
int verify_run(struct verify *v, const char *path, struct err *err);

/* Leaves .mirror/verified for later runs; fails where this user may not write there. */
int verify_remember(struct verify *v, struct err *err);

#endif
