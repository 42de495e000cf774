/*
 * platforms - which platforms an image has, and whether they are those that its line asks for.
 *
 * An index names the platforms of its children. An image manifest, and a child without a platform,
 * count by their config (OCI image-spec, config.md). Attestations are no platform; charts, models,
 * wasm and other artifacts, and images whose config names no architecture, have none: then nothing
 * is promised and nothing judged.
 *
 * sync/fetch.c collects them while it walks an image; platforms_load() reads them from the store.
 */
#ifndef SYNC_PLATFORMS_H
#define SYNC_PLATFORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/image/platform.h"

struct descriptor;
struct digest;
struct err;
struct layout;
struct manifest;

struct platforms {
	struct platform *v; /* in the order met; texts lent by `texts` */
	size_t n, cap;
	struct strvec texts;
	bool has_index;  /* it is, or has, an index */
	bool may_be_any; /* an index has a child that may be an image: not all are attestations */
};

#define PLATFORMS_INIT                                                                             \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void platforms_release(struct platforms *ps);

/* Adds those that an index names of its children. */
void platforms_add_index(struct platforms *ps, const struct manifest *m);
/* Whether a child's platform is told by what it is, since the index does not name it. */
bool platforms_child_is_unnamed(const struct manifest *m, size_t i);

/* The config of an image manifest, when it may tell the platform: of an image's media type, and
 * small. Else NULL. */
const struct descriptor *platforms_config(const struct manifest *m);
/* Adds the platform that a config names, if it names one. */
void platforms_add_config(struct platforms *ps, struct span bytes);

/* Adds those of a manifest that is in the store, with all that tells them. What cannot be read adds
 * none. */
void platforms_load(struct platforms *ps, const struct layout *l, const struct digest *root);

/* What is judged. */
struct platforms_promise {
	const char *wanted;             /* as platform= has it, comma-separated; NULL: all */
	const struct platforms *there;  /* of the content that upstream offers */
	const struct platforms *before; /* of other content that the mirror has under the name; or
					 * empty */
	bool is_asked_anew; /* the reference, or a platform on its line, is new: what is missing is
			     * worth a warning */
};

/*
 * Judges a promise. INVALID, saying what there is, when none of the wanted platforms is there, or
 * one is lost that the content before has; an index without any image has none. Otherwise 0, and
 * *warning gets a text that the caller frees, or NULL: some are missing, or (nothing being wanted
 * in particular) linux/amd64 is lost, or there is no image at all.
 */
int platforms_judge(const struct platforms_promise *p, char **warning, struct err *err);

#endif
