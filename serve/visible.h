/*
 * visible - who may read which repository.
 *
 * A repository that is not visible to a request is answered as one that does not exist, wherever
 * repositories are found or listed: this function is the only judge. A public one is visible to
 * everybody. No user is known yet, so a repository of a group (private=) is visible to nobody.
 */
#ifndef SERVE_VISIBLE_H
#define SERVE_VISIBLE_H

#include <stdbool.h>

struct exchange;
struct repository;

bool visible_repository(const struct exchange *x, const struct repository *r);

#endif
