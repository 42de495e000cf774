/*
 * visible - who may read which repository.
 *
 * A repository that is not visible to a request is answered as one that does not exist, wherever
 * repositories are found or listed: this function is the only judge. A public one is visible to
 * everybody, without a look at who asks. One of a group (private=) is visible to the users of that
 * group (serve/groups.h, or the O of their certificates); in a server without users, to nobody.
 *
 * Manifests, blobs, tags and referrers are found through a repository that has them, so nothing of
 * a private one is reached by its digest alone.
 */
#ifndef SERVE_VISIBLE_H
#define SERVE_VISIBLE_H

#include <stdbool.h>

struct exchange;
struct repository;

/* asker_find(x) has found out who asks, unless r is public. */
bool visible_repository(const struct exchange *x, const struct repository *r);

/* Whether the same repositories are visible to everybody, so that a listing that was made for one
 * request may answer another. */
bool visible_to_all(const struct exchange *x);

#endif
