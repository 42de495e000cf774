/*
 * list_image - one line of a list: a reference and its options.
 *
 *	docker.io/library/alpine:3.19
 *	quay.io/prometheus/prometheus     tags=v2.* exclude=*-rc* newest=5
 *	registry.corp:5000/team/base:2    as=docker.io/team/base:2
 *	docker.io/library/redis:7@sha256:1f2e...
 */
#ifndef OCI_LISTS_LIST_IMAGE_H
#define OCI_LISTS_LIST_IMAGE_H

#include <stdbool.h>

#include "oci/image/ref.h"

struct image_options;
struct line;
struct place;
struct tag_select;

struct list_image {
	struct ref source; /* upstream; its tag is NULL when options choose tags */
	struct ref *as;    /* the name in the mirror, owned; NULL: list_image_target() */
	const char *file;  /* lent */
	int line, column;
	const struct image_options *own; /* of the line alone; lent by the lists */
	const struct image_options *o;   /* with those of mirror.conf; lent by the lists */
	struct tag_select *select;       /* the choice of tags; NULL when no option chooses tags */
	char *conflict; /* what the line contradicts, and where that stands; or NULL; owned */
	bool snapshot;  /* the name may be a snapshot of a listed tag: then no upstream is asked */
};

/* Reads a line into *image, and its options into *own, which is the caller's to release; not `own`,
 * `o`, `conflict` and `snapshot`, which lists_add() and lists_finish() set. False when an error was
 * added at `at`; then both are empty. */
bool list_image_read(struct list_image *image, struct image_options *own, const struct line *l,
		     const struct place *at);
void list_image_release(struct list_image *image);

/* The name in the mirror: as=, or the source's. Its tag is NULL when options choose tags. Lent; it
 * moves with the image. */
const struct ref *list_image_target(const struct list_image *image);

/* Whether the sources of both are in the same repository. */
bool list_image_same_source(const struct list_image *a, const struct list_image *b);

#endif
