/*
 * layer_report - what verify --deep found in a layer.
 */
#ifndef PUBLISH_LAYER_REPORT_H
#define PUBLISH_LAYER_REPORT_H

#include <stddef.h>

#include "oci/image/digest.h"
#include "publish/damage.h"

struct layer_report {
	enum damage damage;    /* LAYER, ESCAPE, BOMB; or NONE */
	char *text;            /* what is wrong: the first of its kind, and how many; or NULL */
	struct digest diff_id; /* "" when it could not be decompressed to its end */
	size_t entries, devices;
	char *first_device; /* the name of the first device; or NULL */
};

/* Frees the texts; the report is empty afterwards. */
void layer_report_release(struct layer_report *r);

#endif
