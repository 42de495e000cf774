/*
 * diff_ids - whether layers decompress to what the configs of their images say (image-spec,
 * config.md, rootfs.diff_ids; OCI and Docker alike).
 *
 * A layer is compared with every config that it stands beside. Layers that are no tar have no
 * diff_id worth the name (attestations repeat their digest there), and one that was not
 * decompressed is not compared.
 */
#ifndef PUBLISH_DIFF_IDS_H
#define PUBLISH_DIFF_IDS_H

#include <stdint.h>

struct blob_graph;
struct layout;

struct diff_ids_wrong {
	uint32_t blob;     /* the layer; or the config, when it names another number of layers */
	uint32_t manifest; /* the blob of the manifest that has both */
	const char *text;  /* lent for the call */
};

/* g was walked, and the layers in it have their reports (layer_report.h). */
void diff_ids_check(const struct blob_graph *g, const struct layout *l,
		    void (*wrong)(const struct diff_ids_wrong *w, void *arg), void *arg);

#endif
