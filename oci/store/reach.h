/*
 * reach - the blobs that a mirror's entries reach, and whether they are there.
 *
 * The walk goes from an entry through indexes and manifests down to configs and layers. Each digest
 * is looked at once, however many entries share it: the file exists, has the size its descriptor
 * says and, on demand, the content. Problems are reported, not repaired, and the walk goes on.
 *
 *	struct reach s;
 *	reach_init(&s, &layout, REACH_REHASH, problem, arg);
 *	for (i = 0; i < index.n; i++)
 *		reach_entry(&s, index.v[i]);
 *	reach_strays(&s, stray, arg, err);	// then: blobs that nothing reached
 *	reach_release(&s);
 *
 * The entries must live as long as the struct.
 *
 * Not required to be there: children of an index that the entry's platform filter leaves out (a
 * sparse index), layers that are stored elsewhere (`urls`, or a type that is not
 * distributed), and the subject of a referrer.
 */
#ifndef OCI_STORE_REACH_H
#define OCI_STORE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/table.h"
#include "oci/image/digest.h"

struct entry;
struct err;
struct layout;

enum reach_fault {
	REACH_MISSING,  /* no such file, or a link in its place */
	REACH_SIZE,     /* a file of another size than its descriptor says */
	REACH_CONTENT,  /* not what its digest says */
	REACH_DOCUMENT, /* a manifest or index that cannot be read as one */
	REACH_DISK,     /* the file cannot be read */
};

struct reach_problem {
	enum reach_fault fault;
	const struct entry
		*entry;         /* the first that reaches it; lent for the call, as all of this */
	const char *role;       /* "index", "manifest", "config" or "layer" */
	const char *media_type; /* as its descriptor says */
	struct digest digest;
	int64_t size;     /* as its descriptor says */
	const char *text; /* the problem in words, without the names above */
};

enum reach_depth {
	REACH_PRESENT, /* documents are read; of other blobs, presence and size are checked */
	REACH_REHASH,  /* every file is read and hashed */
};

struct reach {
	const struct layout *layout;
	enum reach_depth depth;
	void (*tell)(const struct reach_problem *problem, void *arg);
	void *arg;
	struct table seen; /* digest -> struct seen */
	size_t problems;
	size_t files;   /* reached and there */
	uint64_t bytes; /* theirs */
};

/* tell() is called for each problem; NULL: problems are only counted. The layout is lent. */
void reach_init(struct reach *s, const struct layout *l, enum reach_depth depth,
		void (*tell)(const struct reach_problem *problem, void *arg), void *arg);
void reach_release(struct reach *s);

/* Walks everything that the entry reaches. */
void reach_entry(struct reach *s, const struct entry *e);

/* Whether a walk has met this digest. */
bool reach_reached(const struct reach *s, const struct digest *d);

/* Calls each() for every file under blobs/ that no walk has met, with its digest ("" when the
 * file's name is none), its path below the mirror, and its size in bytes. A non-zero result ends
 * the walk and is given back. */
int reach_strays(const struct reach *s,
		 int (*each)(const struct digest *d, const char *path, int64_t size, void *arg),
		 void *arg, struct err *err);

/* Reads the whole file of a blob and checks its digest. DIGEST, NOTFOUND or IO when it is not
 * right. */
int reach_rehash(const struct layout *l, const struct digest *d, struct err *err);

#endif
