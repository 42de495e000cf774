/*
 * finding - what verify found wrong, one row a blob or a record: name, damage, the references that
 * need it; printed as lines or as JSON.
 */
#ifndef PUBLISH_FINDING_H
#define PUBLISH_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/json.h"
#include "oci/base/strvec.h"
#include "publish/damage.h"

struct finding {
	enum damage damage;
	char *name; /* a digest, or a record: "generation 17" */
	char *text; /* what is wrong with it: "is missing" */
	struct strvec references;
};

struct findings {
	struct finding *v;
	size_t n, cap;
	bool is_partial; /* a manifest could not be read: what refers to a blob may not be known */
};

#define FINDINGS_INIT                                                                              \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void findings_release(struct findings *f);

/* Adds one, without references; lent until the next is added. */
struct finding *findings_add(struct findings *f, enum damage damage, const char *name,
			     const char *text);
/* Records first, then blobs by their digests. */
void findings_sort(struct findings *f);

/* A line each on stdout: name, text, references (the first hundred, and how many more). */
void findings_print(const struct findings *f);
/* An array of objects, owned by the caller; all references are in it. */
json_t *findings_json(const struct findings *f);

#endif
