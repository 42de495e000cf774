/*
 * state - one generation as it is served, immutable: repositories, tags, manifests, blobs,
 * referrers.
 *
 * state_load.h makes a state from a mirror; from then on it does not change, so threads read it
 * without locks, and a reload replaces one pointer. Each user of a state has a reference to it;
 * dropping the last one frees the state as a whole.
 *
 * What is looked up stands in a table (oci/store/served.h), which a publisher has left or which was
 * made from index.json. Beside it a state has what is this process's own: opened directories and,
 * as a cache that is filled in atomically while serving, the bytes of manifests.
 *
 * A repository keeps the set of all content that its tags and digests reach. Content is found by
 * digest and served only through a repository that reaches it. Repositories of groups are here like
 * all others: visible.h decides who sees one.
 */
#ifndef SERVE_STATE_H
#define SERVE_STATE_H

#include <pthread.h>
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
#include "serve/page_cache.h"
#include "oci/store/served.h"
#include "serve/index_views.h"

struct err;

/* A manifest that names a subject, as the referrers API describes it. Texts are lent by the
 * state. */
struct referrer {
	const char *subject; /* digest; of a fallback tag perhaps only its first 64 hex digits */
	const char *type;    /* artifactType, or "" */
	const char *digest;  /* its own */
	const char *json;    /* its descriptor, ready to be sent */
};

/* Content: a manifest or a blob. Texts are lent by the state. */
struct object {
	int64_t size; /* as descriptors say, in bytes; a file of another size is never served */
	const char *media_type; /* of a manifest; "" of a blob */
	const char *digest;
	uint32_t number;  /* in the table */
	bool is_manifest; /* an index or an entry refers to it as one */
};

struct repository {
	const char *name;    /* "docker.io/library/alpine", "registry.corp:5000/team/app" */
	const char *written; /* as a client can write it: "registry.corp_5000/team/app" */
	const char *group;   /* the only readers (private=); NULL: everybody; "": nobody */
	size_t host;         /* length of the host in both; 0: it has none */
	const struct served_tag *tags; /* sorted by name; those without a name come first */
	size_t ntags;
	const struct served_repository *record;
};

/* Names of hosts, sorted, each once. */
struct state_hosts {
	char **v;
	size_t n;
};

/* Whether index.json is what the table says; see state_check(). */
enum state_checked { STATE_UNCHECKED, STATE_RIGHT, STATE_WRONG };

struct state {
	atomic_uint refs;
	struct served table;
	char table_name[DIGEST_MAX + 1]; /* of its file; "" when it was made here */
	char whole[200]; /* why index.json was read as a whole; "": it was not, or is not ours */
	struct table repositories; /* by name, and by the name as written */
	struct repository *v;      /* sorted by the name as written */
	size_t n, npublic;
	struct state_hosts hosts;         /* of public repositories */
	struct state_hosts private_hosts; /* of those of groups */
	int blobs[2];                     /* directories of sha256 and sha512; -1 when missing */
	struct stat file;                 /* index.json */
	int64_t head;                     /* bytes of its first line, when a table was taken */
	char generation[DIGEST_MAX + 1];  /* its number, or id when it has none */
	/* by state_check() */
	pthread_mutex_t lock;
	_Atomic(enum state_checked) checked;
	int opened;               /* index.json as it was when the table was taken, or -1 */
	struct index_views views; /* copies of it, for other mirrors */
	/* of manifests in memory, by the number of the object */
	_Atomic(char *) *bytes;
	atomic_size_t cached;
	struct page_cache pages; /* of listings */
};

/* An empty state with one reference. */
struct state *state_new(void);
struct state *state_ref(struct state *s);
/* Drops a reference; NULL is fine. */
void state_unref(struct state *s);

/* Takes the table, and fills in what is derived from it. */
void state_take_table(struct state *s, struct served *table);

/* Lookups; NULL or false when there is none. Names are those of repository_names.h. */
const struct repository *state_repository(const struct state *s, const char *name);
bool state_tag(const struct state *s, const struct repository *r, struct span name,
	       struct object *o);
/* The content of that digest, if the repository reaches it. */
bool state_object(const struct state *s, const struct repository *r, const struct digest *d,
		  struct object *o);
/* Whether a public repository, or one of a group, is of that host. */
bool state_has_host(const struct state *s, const char *host);
bool state_has_private_host(const struct state *s, const char *host);

static inline const char *state_tag_name(const struct state *s, const struct served_tag *t)
{
	return served_text(&s->table, t->name);
}

/* The first referrer of that subject, to be given to state_referrer(); *n gets how many follow,
 * including those of subjects that only begin alike: referrer_of() tells them apart. */
size_t state_referrers(const struct state *s, const struct repository *r,
		       const struct digest *subject, size_t *n);
struct referrer state_referrer(const struct state *s, const struct repository *r, size_t nth);
bool referrer_of(const struct referrer *r, const struct digest *subject);

/* Looks for the file of an object. When fd is not NULL, it is opened for reading (the caller closes
 * it). */
enum blob_file state_open(const struct state *s, const struct object *o, int *fd);

/* The bytes of a manifest. */
enum state_bytes {
	STATE_BYTES_KEPT,  /* lent by the state */
	STATE_BYTES_GIVEN, /* to be freed by the caller: the cache is full */
	STATE_BYTES_WRONG, /* the file has another digest: its bytes are not to be served */
	STATE_BYTES_DISK,  /* the disk does not give the bytes of the file that is there */
	STATE_BYTES_BUSY,  /* no memory for them now */
	STATE_BYTES_NONE,  /* the file is missing or wrong: state_open() says which */
};
/* They are checked against the digest when they are read; a file that is wrong is read again by the
 * next call, since it may have been mended. */
enum state_bytes state_bytes(struct state *s, const struct object *o, char **out);

#endif
