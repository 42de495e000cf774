/*
 * waiting - what waits for its min-age=, as mirror-sync noted it in state.json.
 */
#ifndef PUBLISH_WAITING_H
#define PUBLISH_WAITING_H

#include <stddef.h>

#include "oci/base/json.h"

struct buf;
struct entry;
struct index;
struct sync_row;
struct sync_state;

/* The row whose offer waits under the name of an entry, or NULL. */
const struct sync_row *waiting_of(const struct sync_state *s, const struct entry *e);

/* Rows whose offer waits and whose reference is not published yet, sorted by it; gives how many.
 * The caller frees *rows. */
size_t waiting_new(const struct sync_state *s, const struct index *x,
		   const struct sync_row ***rows);

/* Appends "waiting: sha256:1f2e3d4c5b6a until 2026-11-23T08:15:00Z". */
void waiting_describe(struct buf *out, const struct sync_row *row);
/* {"digest", "since", "until"}; null for NULL. */
json_t *waiting_json(const struct sync_row *row);

#endif
