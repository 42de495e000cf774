/*
 * fetch_object - a digest under way, and the images that wait for it (included by fetch*.c only).
 *
 * A digest that several images share is fetched once: the others wait for it, and ask their own
 * repository only when the first one could not give it.
 */
#ifndef SYNC_FETCH_OBJECT_H
#define SYNC_FETCH_OBJECT_H

#include <stdint.h>

struct fetch;
struct want;

/* Asks for a digest, or joins the wants for which it is under way. The want's walk waits for one
 * more; fetch_walk_came() or fetch_walk_missed() tells it how that ended. */
void fetch_object_ask(struct want *want);

/* Bytes that are admitted, and not in the store's files yet. */
uint64_t fetch_object_awaited(const struct fetch *f);

#endif
