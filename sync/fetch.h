/*
 * fetch - a manifest and all below it, from upstream into the store.
 *
 * An image is walked from its root: first the manifests, each read as soon as it arrives; then,
 * when the number of missing bytes is known, the blobs. What an image may consist of has ceilings
 * (sync/fetch_tally.h). What the store has is not asked for, so
 * that to walk a complete image costs no request; this is also how an image is found to be
 * complete. A digest that several images share is fetched once: the others wait for it, and ask
 * their own repository only when the first one could not give it.
 *
 * Everything is asynchronous, on the loop of registry_run(). done is called exactly once for each
 * image, perhaps before fetch_image() returns. sync/fetch.c begins with the life of an image.
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
struct platforms;
struct private_blobs;
struct registry;
struct time_budget;

struct fetch_result {
	const struct err *err;  /* NULL: all that is wanted is in the store (perhaps only staged) */
	const char *media_type; /* of the root; "" on failure */
	int64_t size;           /* of the root */
	int64_t missing;        /* when measuring: bytes that would be fetched */
	int64_t bytes;          /* that came over the wire for this image */
	const struct digest
		*manifests; /* all that were walked, the root first; lent during the call */
	size_t nmanifests;
	unsigned requests;    /* made for this image */
	bool is_refused;      /* failed by fetch_refuse() */
	struct digest lacked; /* failed since the repository does not have this; "": otherwise */
};
typedef void fetch_done(void *arg, const struct fetch_result *result);

/* Called before anything below the root of an image is asked for, with all bytes that the image is
 * known to need so far: first of some manifests, at last of the blobs, too. -1 with *err refuses,
 * and the image fails with that error. */
typedef int fetch_admit(void *arg, int64_t bytes, struct err *err);

/* Called before the blobs of an image are asked for (those but its config, which tells its
 * platform), with the platforms that it has. -1 with *err refuses it. */
typedef int fetch_judge(void *arg, const struct platforms *there, struct err *err);

/* How an image is fetched; what is left out is 0. */
struct fetch_how {
	const char *platforms; /* only these children of indexes ("linux/amd64,linux/arm64"); NULL:
				* all */
	fetch_admit *admit;
	fetch_judge *judge;
	bool no_external; /* layers of types that are not distributed stay away */
	bool is_private;  /* the image is not everybody's (private=) */
	bool only_judge;  /* the root, and what else tells the platforms, is all that is fetched */
	struct time_budget *budget; /* of several images together, lent; NULL: one of its own */
};

struct fetch *fetch_new(struct registry *r, struct layout *l);
/* NULL is fine. No image may be under way any more. */
void fetch_free(struct fetch *f);

/*
 * From now on blobs are not fetched but counted, and manifests are fetched into the store that
 * fetch_new() was given and counted, a digest once even when images share it. `base` is another
 * store that is only read: what it has is not missing; NULL when there is none.
 */
void fetch_measure(struct fetch *f, const struct layout *base);

/* Called for each digest that an image consists of, before it is asked for. -1 with *err refuses
 * the image. */
typedef int fetch_refuses(void *arg, const struct digest *d, struct err *err);
void fetch_refuse(struct fetch *f, fetch_refuses *refuses, void *arg);

/* From now on what is private is proven (sync/fetch_proof.h); p is lent. */
void fetch_prove(struct fetch *f, struct private_blobs *p);

/* Fetches `root` and what is below it from `from`'s repository. arg goes to admit, judge and
 * done. */
void fetch_image_as(struct fetch *f, const struct ref *from, const struct digest *root,
		    const struct fetch_how *how, fetch_done *done, void *arg);

/* The same for an image whose platforms are not judged; platforms and admit may be NULL. */
static inline void fetch_image(struct fetch *f, const struct ref *from, const struct digest *root,
			       const char *platforms, fetch_admit *admit, fetch_done *done,
			       void *arg)
{
	const struct fetch_how how = { .platforms = platforms, .admit = admit };

	fetch_image_as(f, from, root, &how, done, arg);
}

/* Whether the store has a manifest or blob, so that it need not be asked for. */
bool fetch_has(const struct fetch *f, const struct digest *d);

/* Bytes that were admitted and are not in the store's files yet. Looks at each file under way. */
uint64_t fetch_awaited(const struct fetch *f);

#endif
