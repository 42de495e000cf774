/*
 * miss_list - references that clients asked for and that a mirror does not have: who asked, how
 * often, since when.
 *
 * mirror-serve collects them (--record-misses), mirror-sync makes list lines of them (--suggest).
 * The file is oci/store/miss_file.h.
 *
 * Anybody who reaches the server can ask for any name, so a list is bounded, and made so that
 * a stranger cannot fill it or push out what is wanted:
 *
 *	- it has at most LIMIT_MISSES names;
 *	- of these, an address (of IPv6, its first 64 bits) brings in at most LIMIT_MISSES_PUBLIC,
 *	  and one of a private network or of this machine LIMIT_MISSES_PRIVATE; beyond that its
 *	  new names take the places of its own;
 *	- only a name that one address has asked for, within one hour, gives its place away: the one
 *	  that was asked for longest ago. When there is none, the new name is left out and counted;
 *	- a name that nobody has asked for in LIMIT_MISS_DAYS goes.
 *
 * No address is kept. Each leaves one of 64 bits, by a hash under the list's random key, which is
 * enough to estimate how many different ones asked (a small bitmap counts some 200), and the number
 * (below 1024) of the share that its names count for. Two addresses may have the same bit and the
 * same share.
 *
 * Not for several threads at once.
 */
#ifndef OCI_STORE_MISS_LIST_H
#define OCI_STORE_MISS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/table.h"
#include "oci/store/client_kind.h"

/* ORIGIN(enumerator, word, names that one address may bring in). The classes of addresses. */
#define MISS_ORIGINS(ORIGIN)                                                                       \
	ORIGIN(MISS_LOOPBACK, "loopback", LIMIT_MISSES_PRIVATE)                                    \
	ORIGIN(MISS_PRIVATE, "private", LIMIT_MISSES_PRIVATE)                                      \
	ORIGIN(MISS_PUBLIC, "public", LIMIT_MISSES_PUBLIC)

#define MISS_ENUMERATOR(origin, word, most) origin,
enum miss_origin { MISS_ORIGINS(MISS_ENUMERATOR) };
#undef MISS_ENUMERATOR
#define MISS_NORIGINS (MISS_PUBLIC + 1)

#define MISS_SHARES   1024 /* that addresses fall into */
#define MISS_KEY      16   /* bytes */

struct miss {
	char *ref;                       /* canonical reference; owned */
	uint64_t count;                  /* requests ... */
	uint64_t ns;                     /* ... of these, with a namespace (?ns=) */
	uint64_t clients[CLIENT_NKINDS]; /* ... by kind */
	uint64_t hours;                  /* different hours in which it was asked for */
	time_t since, last;
	uint64_t sketch;                  /* of addresses: a bit each */
	bool from[MISS_NORIGINS];         /* classes of addresses */
	unsigned share;                   /* of the address that asked first */
	char agent[LIMIT_MISS_AGENT + 1]; /* first product of the last request; may be "" */
};

struct miss_list {
	struct miss **v; /* in no order */
	size_t n;
	struct table by_ref;
	size_t shares[MISS_SHARES]; /* how many of the names each has brought in */
	unsigned char key[MISS_KEY];
	uint64_t left_out; /* requests whose names found no place */
};

/* One request. Texts are lent for the call. */
struct miss_request {
	const char *ref;     /* canonical */
	const char *address; /* as text; what is no IP address (a unix socket) is this machine's */
	struct span agent;   /* User-Agent */
	bool ns;
	time_t now;
};

/* An empty list with a random key. */
void miss_list_init(struct miss_list *l);
void miss_list_release(struct miss_list *l);

/* Counts a request. */
void miss_list_note(struct miss_list *l, const struct miss_request *r);
/* Takes *m, whose ref is handed over; false, and the caller keeps it, when the list is full or has
 * that name. For the reader of a file. */
bool miss_list_add(struct miss_list *l, const struct miss *m);
/* Drops what nobody has asked for in LIMIT_MISS_DAYS. */
void miss_list_expire(struct miss_list *l, time_t now);

/* The share of an address, below MISS_SHARES. */
unsigned miss_list_share(const struct miss_list *l, const char *address);
/* Estimates how many addresses asked; about 300 at most, which then means "many". */
unsigned miss_addresses(const struct miss *m);

/* "private" */
const char *miss_origin_word(enum miss_origin origin);
enum miss_origin miss_origin_of(const char *address);

/* For qsort() over pointers: the most wanted first; by addresses, hours, requests, then the latest,
 * then by name. */
int miss_order(const void *a, const void *b);

#endif
