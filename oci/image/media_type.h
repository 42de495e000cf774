/*
 * media_type - the media types of manifests: OCI image-spec media-types.md and Docker's image
 * manifest v2.
 *
 * Media types of layers and configs are never interpreted.
 */
#ifndef OCI_IMAGE_MEDIA_TYPE_H
#define OCI_IMAGE_MEDIA_TYPE_H

#include <stdbool.h>

#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_SCHEMA1         "application/vnd.docker.distribution.manifest.v1+json"
#define MEDIA_SCHEMA1_SIGNED  "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define MEDIA_OCI_EMPTY       "application/vnd.oci.empty.v1+json"
#define MEDIA_OCTETS          "application/octet-stream"

enum media_type_kind {
	MEDIA_OTHER = 0, /* a layer, a config, anything else: a blob */
	MEDIA_INDEX,     /* lists manifests */
	MEDIA_MANIFEST,  /* a config and layers */
	MEDIA_OLD,       /* schema 1: known, not supported */
};

/* Everything below is made of one table, in media_type.c: a manifest type is one row there. */

/* The kind of a media type; parameters ("; charset=utf-8") and case are ignored. NULL is
 * MEDIA_OTHER. */
enum media_type_kind media_type_kind(const char *type);

/* Whether a layer of that type is not to be given on by registries, and may be found at its `urls`
 * only (image-spec, layer.md, "Non-Distributable Layers"; Docker's foreign layers). */
bool media_type_is_foreign(const char *type);

/* The table's own text of a media type, without parameters and in its usual case (a static string);
 * NULL when the type is not in the table. */
const char *media_type_known(const char *type);

/* The Accept value for manifests: all types of the table, in its order. HEAD and GET must send the
 * same, or a registry may answer them differently. */
extern const char *const media_accept;

#endif
