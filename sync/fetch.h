/*
 * fetch - a manifest and all below it, from the wire into the store.
 *
 * An image is walked from its root: first the manifests (each read as soon as it arrives), then, when
 * it is known what is missing and how many bytes that takes, the blobs. What the store has already is
 * not asked for; so walking an image that is whole costs no request, and is how an image is checked
 * to be whole. A digest that several images share is fetched once: the others wait for it, and ask
 * their own repository only when the first one's could not give it.
 *
 * Everything is asynchronous on registry_run()'s loop; done is called exactly once for each image,
 * perhaps before fetch_image() returns.
 */
#ifndef SYNC_FETCH_H
#define SYNC_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/err.h"
#include "oci/image/digest.h"
#include "oci/image/ref.h"

struct fetch;
struct layout;
struct registry;

struct fetch_result {
	const struct err *err;  /* NULL: all that is wanted is in the store (perhaps only staged) */
	const char *media_type; /* of the root; "" on failure */
	int64_t size;           /* of the root */
	int64_t missing;        /* when measuring: bytes of blobs that would be fetched */
	int64_t bytes;          /* that came over the wire for this image */
	const struct digest
		*manifests; /* all that were walked, the root first; valid during the call */
	size_t nmanifests;
	unsigned requests; /* that were spent on it */
};
typedef void fetch_done(void *arg, const struct fetch_result *result);

/* Asked before the blobs of an image are requested: `bytes` are still missing. -1 with *err refuses,
 * and the image fails with it. */
typedef int fetch_admit(void *arg, int64_t bytes, struct err *err);

struct fetch *fetch_new(struct registry *r, struct layout *l);
/* Nothing may be under way any more. */
void fetch_free(struct fetch *f);

/*
 * From now on blobs are not fetched but counted, each digest once whoever shares it; manifests still
 * come, into the store that fetch_new() was given. `base` is another store that is only looked at, for
 * what is there already; NULL when there is none.
 */
void fetch_measure(struct fetch *f, const struct layout *base);

/*
 * Fetches `root` and what is below it from `from`'s repository. platforms: only these children of
 * indexes ("linux/amd64,linux/arm64"; NULL: all). admit may be NULL; arg goes to it and to done.
 */
void fetch_image(struct fetch *f, const struct ref *from, const struct digest *root,
		 const char *platforms, fetch_admit *admit, fetch_done *done, void *arg);

/* Bytes of blobs that have been asked for and are not in the store's files yet. Looks at each such file. */
uint64_t fetch_awaited(const struct fetch *f);

#endif
