/*
 * layer_type - which blobs of an image verify --deep opens, by their media types (image-spec,
 * layer.md, config.md; Docker's image manifest v2). Everywhere else media types of layers and
 * configs are not interpreted.
 */
#ifndef PUBLISH_LAYER_TYPE_H
#define PUBLISH_LAYER_TYPE_H

#include <stdbool.h>

/* A layer that is a tar, compressed or not. Not one that is encrypted (+encrypted). */
bool layer_type_is_tar(const char *media_type);

/* A config that names the diff_ids of its image's layers. */
bool layer_type_is_image_config(const char *media_type);

#endif
