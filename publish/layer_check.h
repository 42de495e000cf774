/*
 * layer_check - a layer opened: what it decompresses to, and what its tar holds (libarchive).
 *
 * The file is read once: its bytes are hashed, decompressed (gzip, zstd, xz, bzip2, or none) and
 * hashed again for the diff_id (image-spec, config.md, "Layer DiffID"), and the names in the tar
 * are judged (layer_names.h). Nothing is written anywhere.
 *
 * The layer may be anybody's: what it decompresses to has a ceiling in bytes, and one in relation
 * to what was read of the file (LIMIT_LAYER_TAR, LIMIT_LAYER_RATIO). Beyond either it is not
 * decompressed further, and its digest is checked all the same.
 */
#ifndef PUBLISH_LAYER_CHECK_H
#define PUBLISH_LAYER_CHECK_H

#include <stdint.h>

#include "publish/blob_check.h"
#include "publish/layer_report.h"

struct layout;

/* As blob_check_rehash(), and fills *r, which is empty. When the blob itself is damaged, *r says
 * nothing. */
void layer_check(struct blob_check *c, struct layer_report *r, const struct layout *l,
		 const char *digest, uint64_t *bytes);

#endif
