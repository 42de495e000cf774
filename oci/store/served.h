/*
 * served - what mirror-serve needs of one generation, as one block of bytes: a table.
 *
 * A table holds names, tags, manifests, blobs and referrers of an index.json, ready for lookups. It
 * is position-independent, so publishers leave it beside the index (served_file.h) and mirror-serve
 * reads it; the same bytes are made in memory where there is no such file (served_build.h). A table
 * does not change.
 *
 *	head | sections: arrays of the records below | texts, each ended by a NUL
 *
 * Records name each other by their number and texts by their offset, in the byte order of the
 * machine that made the table. served_open() refuses a table of another version, byte order or
 * checksum, and checks every number and offset once, so that the functions below need not. The
 * checksum finds damage; that a table is the publisher's own shows its digest, which index.json
 * names.
 */
#ifndef OCI_STORE_SERVED_H
#define OCI_STORE_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"

struct err;

/* "no such record"; the group of a public repository. */
#define SERVED_NONE UINT32_MAX

/* Content: a manifest or a blob. Number 0 is nothing. */
struct served_object {
	uint64_t size;   /* as descriptors say, in bytes; a file of another size is never served */
	uint32_t digest; /* text */
	uint32_t media_type;    /* text; "" of a blob */
	uint32_t below, nbelow; /* numbers of objects in SERVED_LINKS: what a manifest refers to */
	uint32_t referrer, flags; /* its own record in SERVED_REFERRERS, or SERVED_NONE */
};
#define SERVED_MANIFEST 1U /* an index or an entry refers to it as one */
#define SERVED_READ     2U /* its bytes were there and matched its digest */
/* It names content, but is no manifest that this program understands: nobody is served it, since
 * what it names could not be served with it. */
#define SERVED_ODD     4U
#define SERVED_FOREIGN 8U /* a layer that may stay away: of a foreign type, or with urls */

/* Tags of a repository are neighbours, sorted by name. */
struct served_tag {
	uint32_t name; /* text; "" for an entry that has only a digest */
	uint32_t object;
	uint32_t flags;
};
#define SERVED_SNAPSHOT 1U

/* Sorted by the name as written. */
struct served_repository {
	uint32_t name, written;     /* texts: "registry.corp:5000/app", "registry.corp_5000/app" */
	uint32_t group;             /* text: the only readers, "": nobody; SERVED_NONE: everybody */
	uint32_t tags, ntags;       /* in SERVED_TAGS */
	uint32_t reached, nreached; /* numbers of objects in SERVED_REACHED, ascending */
	uint32_t listed, nlisted; /* numbers of referrers in SERVED_LISTED, by subject and digest */
};

/* A manifest that names a subject, as the referrers API describes it; texts. */
struct served_referrer {
	uint32_t subject; /* a digest; of a fallback tag perhaps only its first 64 hex digits */
	uint32_t type;    /* artifactType, or "" */
	uint32_t digest;  /* its own */
	uint32_t json;    /* its descriptor, ready to be sent */
};

enum served_section {
	SERVED_OBJECTS,
	SERVED_LINKS,
	SERVED_TAGS,
	SERVED_REPOSITORIES,
	SERVED_REACHED,
	SERVED_REFERRERS,
	SERVED_LISTED,
	SERVED_SLOTS, /* numbers of objects by the hash of their digests; 0: free */
	SERVED_TEXTS,
	SERVED_SECTIONS
};

struct served_head {
	char magic[8];
	uint32_t version, order;
	uint64_t size;         /* of the table, in bytes */
	uint64_t checksum;     /* of all bytes behind this member */
	uint64_t salt;         /* of the hash of digests */
	int64_t generation;    /* of its index.json */
	uint64_t entries_size; /* bytes behind the first line of its index.json, and their digest */
	char entries[DIGEST_MAX + 1];
	/* entries without a usable name; of repositories of groups; whose manifest is missing or
	 * damaged; whose manifest may not be read by the user who made the table */
	uint32_t nameless, private, broken, denied;
	uint32_t first_broken, first_denied; /* texts: the name of the first of them */
	struct {
		uint64_t at, n; /* offset in bytes; number of records */
	} sections[SERVED_SECTIONS];
};

struct served {
	const struct served_head *head; /* the whole table; NULL: none */
	const struct served_object *objects;
	const uint32_t *links;
	const struct served_tag *tags;
	const struct served_repository *repositories;
	const uint32_t *reached;
	const struct served_referrer *referrers;
	const uint32_t *listed;
	const uint32_t *slots;
	const char *texts;
	uint32_t nobjects, nrepositories, nslots;
};

#define SERVED_INIT                                                                                \
	{                                                                                          \
		.head = NULL                                                                       \
	}

/* Takes n bytes at p, allocated and aligned to 8 bytes, as a table, and frees them with it. INVALID
 * when they are none, or one that this program does not know; then p stays the caller's. */
int served_open(struct served *s, void *p, size_t n, struct err *err);
void served_release(struct served *s);

static inline const char *served_text(const struct served *s, uint32_t text)
{
	return s->texts + text;
}

/* The number of the object of that digest; 0 when there is none. */
uint32_t served_find(const struct served *s, const char *digest);

/* For those who make a table. */
uint64_t served_hash(uint64_t salt, const char *digest);
extern const size_t served_record[SERVED_SECTIONS]; /* bytes of one record */
/* Fills in what makes the head one of a table of this version, and the checksum, last of all. */
void served_seal(struct served_head *h);

#endif
