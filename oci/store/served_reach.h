/*
 * served_reach - which objects of a table (served.h) each repository reaches: only these does
 * mirror-serve find in it (included by served_build.c only).
 *
 * A repository reaches the manifests of its tags and what is below them, but for
 *
 *	what private lines have brought, unless the source of the tag is known to have it
 *	(private_blobs.h). A sync asks for no proof of what a line leaves away (platform=,
 *	external=no), so a manifest may name it and not have it;
 *	a child of an index or a foreign layer whose file is not there. What comes under its name
 *	later may be private; the next table judges it.
 *
 *	served_reach_init(&s, &graph, &private_blobs)
 *	served_reach_tag(&s, &tag, source)    all tags of a repository, one after the other
 *	served_reach_fill(&s, &repository)    when all objects are there
 *	served_reach_release(&s)
 */
#ifndef OCI_STORE_SERVED_REACH_H
#define OCI_STORE_SERVED_REACH_H

#include <stddef.h>
#include <stdint.h>

struct private_blobs;
struct served_graph;
struct served_repository;
struct served_tag;

struct served_reach {
	struct served_graph *graph;
	const struct private_blobs *private_blobs;
	const char **sources; /* of tags; NULL when the tag was walked */
	size_t sources_cap;
	uint32_t *marks; /* of objects: the walk that was the last to reach it */
	uint32_t walks;
};

/* Both are lent. */
void served_reach_init(struct served_reach *s, struct served_graph *g,
		       const struct private_blobs *p);
void served_reach_release(struct served_reach *s);

/* Adds a tag to the table. The source is the upstream repository that its entry came from; lent,
 * not NULL, and the same pointer for all tags of one source. */
void served_reach_tag(struct served_reach *s, const struct served_tag *t, const char *source);

/* Fills in r->reached and r->nreached of a repository with r->tags and r->ntags. */
void served_reach_fill(struct served_reach *s, struct served_repository *r);

#endif
