/*
 * private_blobs - the blobs and manifests that only private lines have brought, and the upstream
 * repositories that are known to have them: .mirror/private-blobs.
 *
 * The store is one for all images, so a manifest could name a layer of somebody else's private
 * image and get it from the store. What is recorded here becomes part of another repository's image
 * only when that repository delivers or confirms it. What is not recorded is everybody's.
 *
 *	private_blobs_load()
 *	private_blobs_add()	before the digest is asked for
 *	private_blobs_flush()	before the first of its bytes is written
 *	private_blobs_publish()	a public line's repository has it: it is everybody's
 *	private_blobs_save()	at the end; losing it means that a digest stays private for longer
 *
 * A line of the file is a digest and, behind a blank, a repository ("host/path") that has it; a
 * digest that several repositories have stands on several lines. Lines are appended and made
 * durable; the file is replaced when lines are taken out.
 */
#ifndef OCI_STORE_PRIVATE_BLOBS_H
#define OCI_STORE_PRIVATE_BLOBS_H

#include <stdbool.h>

#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"

struct digest;
struct err;
struct layout;

struct private_blobs {
	struct table rows;   /* by digest */
	struct buf news;     /* lines that are not in the file yet */
	bool is_out_of_date; /* the file has lines that it should not have */
	bool is_torn;        /* its last line has no end: nothing can be appended */
};

#define PRIVATE_BLOBS_INIT                                                                         \
	{                                                                                          \
		.news = BUF_INIT(LIMIT_INDEX)                                                      \
	}

void private_blobs_release(struct private_blobs *p);

/* An absent file is an empty one. INVALID when a line cannot be read: it may be about a private
 * blob, so a writer stops. A last line without its end was never made durable, and is left out. */
int private_blobs_load(struct private_blobs *p, const struct layout *l, struct err *err);

/* Whether the digest is private, and this repository is not known to have it. */
bool private_blobs_is_foreign(const struct private_blobs *p, const struct digest *d,
			      const char *repository);

/* A private line's repository has it. */
void private_blobs_add(struct private_blobs *p, const struct digest *d, const char *repository);
/* A public line's repository has it. */
void private_blobs_publish(struct private_blobs *p, const struct digest *d);

/* Appends what was added to the file, and makes it durable. IO. */
int private_blobs_flush(struct private_blobs *p, const struct layout *l, struct err *err);
/* The same, and takes out of the file what was published. IO. */
int private_blobs_save(struct private_blobs *p, const struct layout *l, struct err *err);

#endif
