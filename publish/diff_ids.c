#include "publish/diff_ids.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "publish/blob_check.h"
#include "publish/blob_graph.h"
#include "publish/layer_report.h"

struct image {
	const struct blob_graph *g;
	const struct graph_document *manifest;
	const struct graph_link *links; /* the config, then the layers */
	void (*wrong)(const struct diff_ids_wrong *w, void *arg);
	void *arg;
};

static void tell(const struct image *image, uint32_t blob, const char *text)
{
	image->wrong(&(struct diff_ids_wrong){ .blob = blob,
					       .manifest = image->manifest->blob,
					       .text = text },
		     image->arg);
}

static const struct graph_blob *layer_blob(const struct image *image, size_t i)
{
	return image->g->blobs[image->links[1 + i].blob];
}

static void compare_layer(const struct image *image, size_t i, const char *said)
{
	const struct graph_blob *b = layer_blob(image, i);
	cleanup_free char *text = NULL;

	if (!b->layer || !b->layer->diff_id.str[0] ||
	    (said && strcmp(said, b->layer->diff_id.str) == 0))
		return;
	text = xasprintf("decompresses to %s, and the config %s says %s", b->layer->diff_id.str,
			 image->g->blobs[image->links[0].blob]->digest, said ? said : "nothing");
	tell(image, image->links[1 + i].blob, text);
}

/* Whether all layers are tars: then each has a diff_id. */
static bool has_tars_only(const struct image *image)
{
	for (size_t i = 1; i < image->manifest->nlinks; i++)
		if (!image->g->blobs[image->links[i].blob]->is_tar)
			return false;
	return true;
}

static void compare_layers(const struct image *image, const json_t *config)
{
	const json_t *ids = json_get_array(json_get_object(config, "rootfs"), "diff_ids");
	size_t layers = image->manifest->nlinks - 1;
	cleanup_free char *text = NULL;

	if (!has_tars_only(image))
		return;
	if (json_array_size(ids) == layers) {
		for (size_t i = 0; i < layers; i++)
			compare_layer(image, i, json_string_value(json_array_get(ids, i)));
		return;
	}
	text = xasprintf("names %zu diff_ids, and its manifest %s has %zu layers",
			 json_array_size(ids), image->g->blobs[image->manifest->blob]->digest,
			 layers);
	tell(image, image->links[0].blob, text);
}

static void check_image(const struct image *image, const struct layout *l)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);
	struct blob_check c = { .size = -1 };
	cleanup_json json_t *config = NULL;
	struct err err = ERR_INIT;
	cleanup_free char *text = NULL;

	blob_check_read(&c, l, image->g->blobs[image->links[0].blob]->digest, &bytes);
	if (c.damage == DAMAGE_NONE && !(config = json_read(buf_span(&bytes), &err))) {
		text = xasprintf("is a config that cannot be read: %s", err.msg);
		tell(image, image->links[0].blob, text);
	}
	blob_check_release(&c);
	if (config)
		compare_layers(image, config);
}

/* Whether a layer of it was decompressed in this run. */
static bool has_reports(const struct image *image)
{
	for (size_t i = 1; i < image->manifest->nlinks; i++)
		if (image->g->blobs[image->links[i].blob]->layer)
			return true;
	return false;
}

void diff_ids_check(const struct blob_graph *g, const struct layout *l,
		    void (*wrong)(const struct diff_ids_wrong *w, void *arg), void *arg)
{
	for (uint32_t i = 0; i < g->ndocuments; i++) {
		const struct graph_document *d = g->documents[i];
		struct image image = { .g = g, .manifest = d, .wrong = wrong, .arg = arg };

		/* one manifest under several filters is one image */
		if (!d->has_image_config || !d->nlinks || g->blobs[d->blob]->document != i)
			continue;
		image.links = &g->links[d->links];
		if (has_reports(&image))
			check_image(&image, l);
	}
}
