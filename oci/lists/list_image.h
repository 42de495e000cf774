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
#include "oci/lists/image_options.h"

struct line;
struct place;
struct tag_select;

struct list_image {
	struct ref source; /* where it is asked for; tag NULL when tags come by option */
	struct ref target; /* what it is published as; likewise */
	const char *file;  /* lent */
	int line, column;
	struct image_options own;  /* what the line says */
	struct image_options o;    /* and what mirror.conf adds; its texts are lent */
	struct tag_select *select; /* which tags, when they come by option; else NULL */
	bool snapshot; /* has the name of a snapshot of a listed tag: asked of nobody when it is one */
};

/* Reads a line into *image; o and snapshot are lists_finish()'s. False when an error was added at `at`; then
 * *image is empty. */
bool list_image_read(struct list_image *image, const struct line *l, const struct place *at);
void list_image_release(struct list_image *image);

/* Whether both are asked for in the same repository. */
bool list_image_same_source(const struct list_image *a, const struct list_image *b);

#endif
