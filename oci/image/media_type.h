/*
 * media_type - the media types of manifests: OCI image-spec media-types.md and Docker's image manifest v2.
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

enum media_type_kind {
	MEDIA_OTHER = 0, /* a layer, a config, anything else: a blob */
	MEDIA_INDEX,     /* lists manifests */
	MEDIA_MANIFEST,  /* a config and layers */
	MEDIA_OLD,       /* schema 1: known, not supported */
};

/* What a media type names; parameters ("; charset=utf-8") are ignored. NULL is MEDIA_OTHER. */
enum media_type_kind media_type_kind(const char *type);

/* The one Accept value for manifests; HEAD and GET send the same, or a registry may answer them
 * differently. Schema 1 is in it, last, only so that the refusal can be a clear one. */
extern const char media_accept[];

#endif
