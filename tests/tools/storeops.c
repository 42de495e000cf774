/*
 * storeops DIR REF TEXT [SIZE] - publishes an image in the mirror DIR: what a sync does to the
 * disk, without a network. Its one layer is TEXT (repeated up to SIZE bytes). Prints "generation
 * N", or one line on stderr and exits 1. Run it under strace to see what a failing disk or a kill
 * leaves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/generation.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"

static int put(struct layout *l, const struct buf *b, struct digest *d, struct err *err)
{
	digest_of(NULL, b->p, b->n, d);
	return layout_has(l, d, (int64_t)b->n) ? 0 : layout_put(l, d, b->p, b->n, err);
}

/* Config, layer and manifest; what the manifest is called is left in *root and *size. */
static int put_image(struct layout *l, const char *text, size_t layer_size, struct digest *root,
		     int64_t *size, struct err *err)
{
	cleanup_by(buf_release) struct buf layer = BUF_INIT(GIB), config = BUF_INIT(LIMIT_MANIFEST),
					   manifest = BUF_INIT(LIMIT_MANIFEST);
	struct digest dlayer, dconfig;

	do
		buf_adds(&layer, text);
	while (layer.n < layer_size && text[0]);
	buf_adds(&config, "{\"config\":{\"Labels\":{\"text\":");
	buf_add_json(&config, text);
	buf_adds(&config, "}}}");
	if (put(l, &layer, &dlayer, err) < 0 || put(l, &config, &dconfig, err) < 0)
		return -1;
	buf_addf(&manifest,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{"
		 "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
		 "\"size\":%zu},\"layers\":[{\"mediaType\":"
		 "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
		 dconfig.str, config.n, dlayer.str, layer.n);
	*size = (int64_t)manifest.n;
	return put(l, &manifest, root, err);
}

static int publish(struct layout *l, const char *ref, const struct digest *root, int64_t size,
		   struct err *err)
{
	cleanup_fd int lock = generation_lock(l, "storeops", 10, err);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct journal_line line = { .ref = ref, .new_digest = root->str, .why = "sync" };
	struct publication what = { .made_by = "sync", .lines = &line, .nlines = 1 };
	struct digest old;
	struct entry *e;
	long number;

	if (lock < 0 || generation_load(l, &x, err) < 0)
		return -1;
	e = index_find(&x, ref);
	if (e) {
		old = e->digest;
		line.old_digest = old.str;
	} else {
		e = index_add(&x, ref);
	}
	entry_set_content(e, MEDIA_OCI_MANIFEST, root, size);
	number = generation_publish(l, &x, &what, err);
	cleanup_fd_(&lock);
	if (number > 0) {
		generation_thin(l, number);
		printf("generation %ld\n", number);
	}
	return number < 0 ? -1 : 0;
}

static int run(char **argv, struct err *err)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	size_t layer_size = argv[4] ? strtoul(argv[4], NULL, 10) : 0;
	struct digest root;
	int64_t size;

	if (layout_open(&l, argv[1], LAYOUT_WRITE, err) < 0 ||
	    put_image(&l, argv[3], layer_size, &root, &size, err) < 0 || layout_commit(&l, err) < 0)
		return -1;
	return publish(&l, argv[2], &root, size, err);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc < 4) {
		fputs("usage: storeops DIR REF TEXT [SIZE]\n", stderr);
		return 2;
	}
	if (run(argv, &err) == 0)
		return 0;
	fprintf(stderr, "storeops: %s\n", err.msg);
	return 1;
}
