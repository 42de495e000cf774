/*
 * fetch_proof - proof of possession: what only private lines have brought becomes part of another
 * repository's image only when that repository confirms that it has it (included by fetch*.c only).
 *
 * What a private image asks for is recorded (oci/store/private_blobs.h) before it comes. An image
 * of a repository that is not known to have a recorded digest asks for it with HEAD, once; content
 * that public lines have brought costs no request more. A public image whose repository has the
 * digest makes it everybody's.
 */
#ifndef SYNC_FETCH_PROOF_H
#define SYNC_FETCH_PROOF_H

#include <stdbool.h>

struct err;
struct walk;
struct want;

/* Whether the walk's repository is known to have all that the walk has met. Asks for what it is not
 * known to have; fetch_walk_proven() or fetch_walk_missed() tells how that ended. */
bool fetch_proof_is_whole(struct walk *w);

/* A want of a private image is about to be asked for; fetch_proof_flush() follows before anything
 * comes. */
void fetch_proof_record(const struct want *want);
/* IO: then nothing may be asked for. */
int fetch_proof_flush(const struct walk *w, struct err *err);

#endif
