/*
 * blob_graph - what the entries of an index refer to, as a graph in memory: which blobs there are,
 * and which references need one of them.
 *
 *	entry -> document -> document ... -> blob
 *
 * A blob is a file, once for each digest. A document is an index or a manifest as one platform
 * filter sees it: of an index that two entries filter in different ways there are two documents,
 * since what one entry leaves out the other may need. Each document and each blob is there once,
 * however many entries share it, so the graph grows with the content of a mirror and not with the
 * number of its references.
 *
 *	root = blob_graph_document(&g, digest, filter, ...)	or blob_graph_blob()
 *	blob_graph_root(&g, entry, link)
 *	blob_graph_below(&g, root, links, n)		once a document
 *	blob_graph_turn(&g)				when all is there: then
 *	blob_graph_references(&g, ...)			which entries need a blob or a document
 *
 * Pure: no file is looked at. One thread at a time.
 */
#ifndef PUBLISH_BLOB_GRAPH_H
#define PUBLISH_BLOB_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/table.h"
#include "oci/image/media_type.h"
#include "publish/blob_check.h"

#define BLOB_GRAPH_NONE UINT32_MAX

struct layer_report;

struct graph_blob {
	struct blob_check check; /* what was found; filled in by the caller */
	bool is_tar;             /* a layer that is a tar, perhaps compressed */
	bool is_needed;          /* an entry reaches it, and it is not stored elsewhere */
	bool is_checked;
	bool is_rehashed;           /* its content was read, not only its size */
	struct layer_report *layer; /* what --deep found; owned; or NULL */
	uint32_t document;          /* a document of that digest, or BLOB_GRAPH_NONE */
	char digest[];
};

/* From a document, or an entry, to what is below it. */
struct graph_link {
	uint32_t blob;
	uint32_t document; /* BLOB_GRAPH_NONE: the blob is not read as a document */
	int64_t size;      /* as the descriptor says */
	bool is_away;      /* stored elsewhere (urls), and not here: nothing is missing */
};

struct graph_document {
	uint32_t blob;
	const char *filter;     /* lent by an entry; "" for none */
	const char *media_type; /* as its first descriptor says; owned by the graph */
	uint32_t nesting;
	size_t links, nlinks; /* in blob_graph.links */
	bool has_image_config;
	enum media_type_kind kind; /* of what its bytes are */
	const char *says; /* its own mediaType, as oci/image/media_type.h knows it; or NULL */
	uint32_t same;    /* the next document of the same digest, or BLOB_GRAPH_NONE */
	char key[];       /* digest and filter */
};

struct blob_graph {
	struct table by_digest, by_key;
	struct graph_blob **blobs;
	size_t nblobs, blobs_cap;
	struct graph_document **documents;
	size_t ndocuments, documents_cap;
	struct graph_link *links;
	size_t nlinks, links_cap;
	struct graph_link *roots; /* one for each entry, in their order */
	size_t nroots, roots_cap;
	struct table media_types;
	/* after blob_graph_turn(): who is above, in one array for each kind */
	size_t *above_blob, *above_document; /* where those of a number begin */
	uint32_t *parents_blob, *parents_document;
	uint32_t *marks; /* of documents, and behind them of entries */
	uint32_t mark;
};

#define BLOB_GRAPH_INIT                                                                            \
	{                                                                                          \
		.blobs = NULL                                                                      \
	}

void blob_graph_release(struct blob_graph *g);

/* The number of the blob of that digest, which is added when it is new. */
uint32_t blob_graph_blob(struct blob_graph *g, const char *digest);
/* NULL when no such blob is there. */
struct graph_blob *blob_graph_find(const struct blob_graph *g, const char *digest);
/* The number of the document, added when it is new: then *is_new, and its links are to be given.
 * The filter is lent. */
uint32_t blob_graph_document(struct blob_graph *g, const char *digest, const char *filter,
			     const char *media_type, uint32_t nesting, bool *is_new);
/* What the next entry refers to. */
void blob_graph_root(struct blob_graph *g, struct graph_link link);
/* What a document refers to: in a manifest the config, then the layers. */
void blob_graph_below(struct blob_graph *g, uint32_t document, const struct graph_link *links,
		      size_t n);

/* Makes the way from blobs up to entries; nothing is added afterwards. */
void blob_graph_turn(struct blob_graph *g);
/* Calls each() with the number of every entry that reaches the document, or with document
 * BLOB_GRAPH_NONE the blob (as a document, too), in the order of the entries. */
void blob_graph_references(struct blob_graph *g, uint32_t blob, uint32_t document,
			   void (*each)(size_t entry, void *arg), void *arg);

#endif
