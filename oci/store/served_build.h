/*
 * served_build - makes the table of a generation (served.h) from its index and the manifests on
 * disk.
 *
 * Any OCI layout is read: entries whose ref.name is a reference are found under it, and those with
 * a bare tag under the whole name that containerd and docker write beside it. Entries with a bare
 * tag, or without a name, are also found under the name given for them. Where a single entry is
 * found so and has no tag, it gets the tag given with the name, or "latest"; otherwise those
 * without a tag are found by digest.
 *
 * Of two entries of one name the first has the tag, as in image-spec, "image index" ("the first
 * matching entry SHOULD be used"), skopeo and podman; the others are found by digest, and counted
 * for a warning. private= belongs to a repository: one entry with a group makes all of it the
 * group's.
 *
 * Each manifest is read once, however many tags have it, and checked against its digest; one that
 * an earlier table has as read is not read again, since content under a digest does not change. So
 * the cost follows what has changed. A manifest that is missing or damaged is looked for each time.
 *
 * A repository reaches what private lines have brought only through entries whose source is known
 * to have it: .mirror/private-blobs (private_blobs.h), as it is when the table is made, so a sync
 * saves it before it publishes. What is not reached is answered as what does not exist.
 */
#ifndef OCI_STORE_SERVED_BUILD_H
#define OCI_STORE_SERVED_BUILD_H

#include <stdint.h>

#include "oci/image/digest.h"

struct entry;
struct err;
struct index;
struct layout;
struct served;

/* What a person should know of the entries of an index. */
struct served_build_notes {
	unsigned again;        /* entries whose name an earlier one has, for another manifest */
	unsigned untagged;     /* entries under the given name that have no tag */
	char first_again[512]; /* the name of the first of them in a public repository */
	unsigned odd;          /* manifests that are SERVED_ODD, and so not served */
	char first_odd[512];   /* an entry or a digest of them, of no group */
};

struct served_build_from {
	const struct layout *layout;
	const struct index *index;
	const struct served *old;         /* an earlier table, or NULL */
	const char *name;                 /* of the repository of entries that have none, or NULL */
	const char *tag;                  /* of a sole entry without one; NULL: "latest" */
	struct served_build_notes *notes; /* filled in; or NULL */
	int64_t generation;
	/* what stands behind the first line of index.json: its bytes and their digest */
	int64_t entries_size;
	struct digest entries;
};

/* Makes the table, in memory; the caller releases it. LIMIT when it would become too large; IO or
 * INVALID when .mirror/private-blobs cannot be read: then it is not known what is private. */
int served_build(struct served *out, const struct served_build_from *from, struct err *err);

#endif
