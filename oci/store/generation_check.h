/*
 * generation_check - whether every generation that is kept can be read or rebuilt, and is what was
 * published.
 *
 * The newest is what index.json holds; each earlier one has the digest that the next one names as
 * .previous, and one that is kept as a difference also the digest that stands beside that. They are
 * rebuilt from the newest to the oldest, each from the one after it, so that a long history costs
 * one pass. Memory holds one generation, and the differences since the last whole one.
 *
 * Takes no lock. A generation that a publisher turns into a difference meanwhile is found as one.
 */
#ifndef OCI_STORE_GENERATION_CHECK_H
#define OCI_STORE_GENERATION_CHECK_H

#include <stddef.h>

struct err;
struct index;
struct layout;

/* x was read from index.json (index_load() with x->read_as, or generation_look()). Calls bad() for
 * each generation that is damaged, with its number and what is wrong in words; *n gets how many are
 * kept. IO when .mirror/generations cannot be listed. */
int generation_check(const struct layout *l, const struct index *x, size_t *n,
		     void (*bad)(long number, const char *text, void *arg), void *arg,
		     struct err *err);

#endif
