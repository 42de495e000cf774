/*
 * reserve - room that is kept on the disk for operators: .mirror/reserve.
 *
 * A disk that downloads have filled must not keep an operator from a rollback. So a sync allocates
 * a small file before it fetches; a verb that finds the disk full removes it and publishes once
 * more; the next sync that finds room allocates it again.
 */
#ifndef OCI_STORE_RESERVE_H
#define OCI_STORE_RESERVE_H

#include <stdbool.h>

struct err;
struct layout;

/* Allocates the file, if it is missing or became too small: room for a publication of what
 * index.json is now. A disk that has no room for it is none of the caller's errors. */
void reserve_keep(const struct layout *l);

/* Whether *err says that the disk is full, and the reserve was there and gave its room: the caller
 * tries once more. */
bool reserve_spend(const struct layout *l, const struct err *err);

#endif
