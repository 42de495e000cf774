/*
 * denied - `deny DIGEST` of mirror.conf: a manifest, config or layer that nothing published may
 * contain.
 *
 * What comes is looked through while it is fetched, before its blobs are asked for: it never is
 * published. When the mirror has other content of that tag, the tag is held; else it fails. What is
 * published already and contains it fails in every run that has such lines, also when no line names
 * it any more: only an operator takes it away. A mirror without deny lines is never looked through.
 */
#ifndef SYNC_DENIED_H
#define SYNC_DENIED_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/table.h"
#include "oci/image/digest.h"

struct err;
struct list_source;
struct marks;
struct mirror_conf_deny;
struct run;
struct target;

/* Published content that has something that is denied. */
struct denied_entry {
	char *ref;
	const struct mirror_conf_deny *what; /* lent by mirror.conf */
};

struct denied {
	struct denied_entry *v; /* in the order of the index */
	size_t n, cap;
	struct table by_ref; /* of v */
};

/* For fetch_refuse(); arg is a struct run. USAGE names the digest, the line and its reason. */
int denied_refuses(void *arg, const struct digest *d, struct err *err);

/* Makes the marks by `deny` what mirror.conf says; true when they were others. */
bool denied_mark(const struct run *r, struct marks *m);

/* Looks through all that is published: r->outcome.denied. */
void denied_look(struct run *r);
void denied_release(struct denied *d);

/* The state of a target whose new content is refused: HELD, when it keeps other content. Its error
 * is *err. */
void denied_refuse_target(struct run *r, struct target *t, const struct err *err);

/* Listed targets whose published content is denied, and which this run does not move, fail. */
void denied_settle(struct run *r);
/* After the merge: what a target that moved has left is kept under the name of its snapshot. */
void denied_rename(struct run *r);

/* "sha256:... is denied (mirror.conf:3: CVE-2026-1)"; the caller frees it. */
char *denied_describe(const struct list_source *s, const struct mirror_conf_deny *what);

#endif
