/*
 * referrer_memory - what a run has learnt about referrers, so that it asks nothing twice.
 *
 * One list of tags tells which sha256-* tags a repository has: the fallback tags of referrers and
 * cosign's. It is fetched once for a repository, and shared by all of its images. When it cannot be
 * had, or has more pages than it would save requests, each tag is asked for instead.
 */
#ifndef SYNC_REFERRER_MEMORY_H
#define SYNC_REFERRER_MEMORY_H

#include <stddef.h>

#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/image/ref.h"
#include "oci/image/snapshot_suffix.h"

struct registry;
struct registry_tags;
struct target;

struct referrer_memory {
	struct table repositories; /* struct referrer_tags by name, owned */
	struct table asked;        /* targets by what they asked for */
	struct strvec keys;        /* of `asked` */
	/* the suffix of the snapshots that the run makes: tags that contain it are kept, too */
	char date[SNAPSHOT_SUFFIX_MAX];
};

void referrer_memory_release(struct referrer_memory *m);

/* The first target whose manifest and platforms are these; t itself when it is the first. */
struct target *referrer_memory_first(struct referrer_memory *m, struct target *t);

/* The sha256-* tags of a repository, as far as they are known. */
struct referrer_tags;
enum referrer_tag { REFERRER_TAG_UNKNOWN, REFERRER_TAG_ABSENT, REFERRER_TAG_THERE };
enum referrer_tag referrer_tags_find(const struct referrer_tags *tags, const char *tag);

/* Upstream's tags of from's repository that contain m->date, as far as they are known; lent. NULL
 * when the tags are not known. */
const struct strvec *referrer_memory_dated(const struct referrer_memory *m, const struct ref *from);

/* `tags` is valid as long as the memory; requests were made for this call. */
typedef void referrer_tags_done(void *arg, const struct referrer_tags *tags, unsigned requests);

/* Learns the tags of from's repository unless they are known: with at most so many requests. done
 * is called once, perhaps before this returns. */
void referrer_memory_tags(struct referrer_memory *m, struct registry *r, const struct ref *from,
			  size_t requests, referrer_tags_done *done, void *arg);

/* A complete list of tags was fetched for another reason. */
void referrer_memory_learn(struct referrer_memory *m, const struct ref *from,
			   const struct registry_tags *list);

#endif
