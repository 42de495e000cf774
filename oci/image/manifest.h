/*
 * manifest - an image manifest or an image index, OCI's or Docker's, as one tree of descriptors.
 *
 *	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
 *	if (manifest_parse(&m, bytes, media_type, err) < 0) ...
 *	for (size_t i = 0; i < m.n; i++)
 *		visit(&m.below[i]);
 *
 * The document keeps its JSON and lends the strings in its descriptors.
 */
#ifndef OCI_IMAGE_MANIFEST_H
#define OCI_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"
#include "oci/image/descriptor.h"
#include "oci/image/media_type.h"

struct err;

struct manifest {
	json_t *doc;               /* owned */
	enum media_type_kind kind; /* MEDIA_INDEX or MEDIA_MANIFEST */
	const char *media_type;    /* what it is served as */
	const char *artifact_type; /* artifactType, else the config's media type; or NULL */
	const json_t *annotations; /* an object, or NULL */
	struct descriptor *below;  /* owned: an index's manifests; or the config, then the layers */
	size_t n;
	bool has_subject;
	struct descriptor subject; /* valid when has_subject: what this document is a referrer of */
};

#define MANIFEST_INIT                                                                              \
	{                                                                                          \
		.doc = NULL                                                                        \
	}

/*
 * Reads a document. Its own mediaType says its kind, then its members. `hint` (the Content-Type it
 * came with, or its descriptor's media type; may be NULL) only chooses between OCI's and Docker's
 * media type when the document has none, since registries may send text/plain. "manifests": null is
 * what Go writes for an index without children. INVALID for a
 * document that has both manifests and layers (CVE-2021-41190), contradicts its mediaType, is
 * schema 1 (said so), or has more than LIMIT_DESCRIPTORS.
 */
int manifest_parse(struct manifest *m, struct span bytes, const char *hint, struct err *err);
void manifest_release(struct manifest *m);

/*
 * The children of an index that a platform filter (a comma-separated list; NULL, "" or "all" keep
 * all) keeps: a flag for each of m->below, which the caller frees.
 *
 * Of each platform wanted, the children that serve it best are kept (platform_rank()). A child
 * without a platform is kept. An attestation (vnd.docker.reference.digest) is kept when the
 * manifest it refers to is. An index none of whose children names a platform (wasm, artifacts) is
 * kept whole.
 */
bool *manifest_choose(const struct manifest *m, const char *platforms);

/* The same flag of one child. */
bool manifest_wanted(const struct manifest *m, size_t i, const char *platforms);

/* Whether child i of an index describes another child (a buildkit attestation). */
bool manifest_is_attestation(const struct manifest *m, size_t i);

#endif
