/*
 * served_graph - the records of a table (served.h) while it is made: texts, objects and what refers
 * to what, tags, repositories with what they reach, referrers.
 *
 *	served_graph_init(&g, layout, old)
 *	served_graph_root(&g, ...)          for the manifest of each entry
 *	served_reach_tag(&s, ...)           all tags of a repository, one after the other
 *	served_reach_fill(&s, &r)           what its tags reach (served_reach.h)
 *	served_graph_repository(&g, &r)     its referrers
 *	served_graph_finish(&g, &head, &table, err)
 */
#ifndef OCI_STORE_SERVED_GRAPH_H
#define OCI_STORE_SERVED_GRAPH_H

#include "oci/base/buf.h"
#include "oci/base/table.h"
#include "oci/store/served.h"

struct layout;

struct served_graph {
	const struct layout *layout;
	const struct served *old; /* or NULL */
	struct buf texts;
	struct buf bytes;      /* of the manifest being read */
	int why;               /* it could not be: errno, or 0 */
	struct table interned; /* texts that many records have, to their offset */
	struct {
		char *p;
		size_t n, cap; /* records; for cap also those of xgrow() */
	} sections[SERVED_TEXTS];
	uint32_t *slots; /* of objects, by digest */
	uint32_t nslots;
	uint64_t salt;
	bool full;               /* more than a table can have */
	uint32_t odd, first_odd; /* objects that are SERVED_ODD; the first of them */
};

/* Both are lent; old may be NULL. */
void served_graph_init(struct served_graph *g, const struct layout *l, const struct served *old);
void served_graph_release(struct served_graph *g);

/* The offset of a copy of the text. */
uint32_t served_graph_text(struct served_graph *g, const char *text);
/* How many records a section has. */
uint32_t served_graph_count(const struct served_graph *g, enum served_section section);
/* Adds a record; gives its number. A section that is full gives 0: the table is refused at the
 * end. */
uint32_t served_graph_add(struct served_graph *g, enum served_section section, const void *record);
/* The records of a section; adding one may move them. */
static inline void *served_graph_records(const struct served_graph *g, enum served_section section)
{
	return g->sections[section].p;
}

/* Adds the manifest that an entry points at, and everything below it; gives its object. *reason is
 * -1 when it was read; SERVED_GRAPH_ODD when it is SERVED_ODD; else errno, or 0 when its file is
 * missing, of another size or damaged. */
#define SERVED_GRAPH_ODD (-2)
uint32_t served_graph_root(struct served_graph *g, const struct digest *d, int64_t size,
			   const char *media_type, int *reason);

/* Adds a repository whose tags, and what they reach, are there: its referrers are filled in. */
void served_graph_repository(struct served_graph *g, struct served_repository *r);

/* Puts the table together: head has what it says of the generation. LIMIT. */
int served_graph_finish(struct served_graph *g, const struct served_head *head, struct served *out,
			struct err *err);

#endif
