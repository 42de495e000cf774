/*
 * state - one generation as it is served, immutable: repositories, tags, manifests, blobs,
 * referrers.
 *
 * state_load.h makes a state from a mirror's index.json; from then on it does not change, so
 * threads read it without locks, and a reload replaces one pointer. Each user of a state has a
 * reference to it; dropping the last one frees the state as a whole.
 *
 * A repository keeps the set of all content that its tags and digests reach. Content is found by
 * digest and served only through a repository that reaches it. Repositories of groups are here like
 * all others: visible.h decides who sees one.
 *
 * Two things are filled in while serving, atomically, as a cache: the bytes of manifests, and how
 * much memory they take.
 */
#ifndef SERVE_STATE_H
#define SERVE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "oci/store/blob_file.h"

/* A manifest that names a subject, as the referrers API describes it. */
struct referrer {
	const char *subject; /* digest; of a fallback tag perhaps only its first 64 hex digits */
	const char *type;    /* artifactType, or "" */
	const char *digest;  /* its own */
	const char *json;    /* its descriptor, ready to be sent */
};

/* Content: a manifest or a blob. */
struct object {
	int64_t size; /* as descriptors say, in bytes; a file of another size is never served */
	const char *media_type;          /* of a manifest; "" of a blob */
	struct object **below;           /* what a manifest refers to */
	const struct referrer *referrer; /* when it has a subject, else NULL */
	_Atomic(char *) bytes;           /* of a manifest in memory, or NULL */
	uint32_t nbelow;
	uint32_t id;      /* a small number, unique in its state */
	uint32_t mark;    /* used while loading */
	bool is_manifest; /* an index or an entry refers to it as one */
	bool is_read;     /* its bytes were there and matched its digest when the state was made */
	bool sha512;
	char digest[];
};

struct tag {
	struct repository *repository;
	const char *name; /* "" for an entry that has only a digest */
	struct object *object;
	bool snapshot; /* pulled by name, not listed */
};

struct repository {
	const char *name;    /* "docker.io/library/alpine", "registry.corp:5000/team/app" */
	const char *written; /* as a client can write it: "registry.corp_5000/team/app" */
	const char *group;   /* the only readers (private=); NULL: everybody; "": nobody */
	size_t host;         /* length of the host in both; 0: it has none */
	struct tag *tags;    /* sorted by name; those without a name come first */
	size_t ntags;
	uint32_t *reached; /* ids of its content, ascending */
	size_t nreached;
	struct referrer *referrers; /* sorted by subject, then digest */
	size_t nreferrers;
};

struct state {
	atomic_uint refs;
	struct chunk *memory;      /* all strings and structs of this state */
	struct table repositories; /* by name, and by the name as written */
	struct table objects;      /* by digest */
	struct repository **v;     /* sorted by the name as written */
	size_t n;
	const char **hosts; /* of public repositories, sorted */
	size_t nhosts;
	int blobs[2];     /* directories of sha256 and sha512; -1 when missing */
	struct stat file; /* index.json as it was looked at just before it was read */
	int index;        /* descriptor of a private copy of it */
	int64_t index_size;
	struct digest id;                /* of those bytes */
	char generation[DIGEST_MAX + 1]; /* its number, or id when it has none */
	atomic_size_t cached;            /* bytes of manifests in memory */
};

/* An empty state with one reference. */
struct state *state_new(void);
struct state *state_ref(struct state *s);
/* Drops a reference; NULL is fine. */
void state_unref(struct state *s);

/* Memory that lives as long as the state; never NULL. */
void *state_alloc(struct state *s, size_t n);
char *state_text(struct state *s, const char *p, size_t n);

/* Lookups; NULL when there is none. Names are those of repository_names.h. */
const struct repository *state_repository(const struct state *s, const char *name);
const struct tag *repository_tag(const struct repository *r, struct span name);
/* The content of that digest, if the repository reaches it. */
struct object *repository_object(const struct state *s, const struct repository *r,
				 const struct digest *d);
bool state_has_host(const struct state *s, const char *host);

/* The first referrer of that subject; *n gets how many follow it in the array, including those of
 * subjects that only begin alike: referrer_of() tells them apart. */
const struct referrer *repository_referrers(const struct repository *r,
					    const struct digest *subject, size_t *n);
bool referrer_of(const struct referrer *r, const struct digest *subject);

/* Looks for the file of an object. When fd is not NULL, it is opened for reading (the caller closes
 * it). */
enum blob_file state_open(const struct state *s, const struct object *o, int *fd);

/* The bytes of a manifest, kept in memory; NULL when the cache is full, or when the file is missing
 * or wrong: state_open() says which. Lent; valid as long as the state. */
const char *state_bytes(struct state *s, struct object *o);

#endif
