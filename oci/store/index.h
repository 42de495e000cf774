/*
 * index - index.json in memory: one entry per published reference, sorted by it.
 *
 * On disk an index of ours has one entry per line, so that a diff reads well and 100,000 entries
 * are parsed in small pieces; any other valid OCI index is read too. An index owns all its strings.
 *
 * Entries name themselves with org.opencontainers.image.ref.name. In an index of ours that is a
 * canonical reference, repeated as io.containerd.image.name; layouts of other tools may hold bare
 * tags, duplicates (they keep their order), or entries without a name (ref ""). Members that this
 * module does not know are written back as they were.
 *
 * Annotations are sorted by their keys, so one state has one spelling. A change of the index moves
 * pointers, never entries: an entry lives until it is removed.
 */
#ifndef OCI_STORE_INDEX_H
#define OCI_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/image/digest.h"

struct buf;
struct err;
struct layout;

/* Annotation keys (docs/formats.md). */
#define ANNOTATION_REF_NAME        "org.opencontainers.image.ref.name"
#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"
#define ANNOTATION_SOURCE          "dev.ocimirror.source" /* host/path@digest it came from */
#define ANNOTATION_SYNCED          "dev.ocimirror.synced" /* when this digest arrived, RFC 3339 */
#define ANNOTATION_SYNCED_IN       "dev.ocimirror.synced-in" /* ... in which generation */
#define ANNOTATION_LIST            "dev.ocimirror.list"      /* file:line@commit */
#define ANNOTATION_AUTHOR          "dev.ocimirror.author"    /* of that line */
#define ANNOTATION_OWNER           "dev.ocimirror.owner"     /* owner= of the lines */
#define ANNOTATION_REASON          "dev.ocimirror.reason"    /* reason= of the lines */
#define ANNOTATION_PRIVATE         "dev.ocimirror.private"   /* the group whose image it is */
#define ANNOTATION_KEEP            "dev.ocimirror.keep"
#define ANNOTATION_KEEP_FOR        "dev.ocimirror.keep-for"
#define ANNOTATION_PLATFORM        "dev.ocimirror.platform"       /* the filter of a sparse index */
#define ANNOTATION_SNAPSHOT_OF     "dev.ocimirror.snapshot-of"    /* canonical reference */
#define ANNOTATION_SNAPSHOT_AT     "dev.ocimirror.snapshot-at"    /* RFC 3339 */
#define ANNOTATION_SNAPSHOT_BY     "dev.ocimirror.snapshot-by"    /* sync, rollback or undo */
#define ANNOTATION_SNAPSHOT_IN     "dev.ocimirror.snapshot-in"    /* generation that replaced it */
#define ANNOTATION_SNAPSHOT_STAYS  "dev.ocimirror.snapshot-stays" /* earlier ones, see retag.h */
#define ANNOTATION_HELD            "dev.ocimirror.held"           /* JSON, see hold.h */
#define ANNOTATION_GONE_SINCE      "dev.ocimirror.gone-since"     /* RFC 3339 */
#define ANNOTATION_UNLISTED_SINCE  "dev.ocimirror.unlisted-since" /* RFC 3339 */
#define ANNOTATION_SUBJECT         "dev.ocimirror.subject"        /* of a referrer: a digest */
/* Of the index itself. */
#define ANNOTATION_GENERATION "dev.ocimirror.generation"
/* Bad and banned digests: JSON, see marks.h. Version 0.1 had .bad on snapshots. */
#define ANNOTATION_BAD         "dev.ocimirror.bad"
#define ANNOTATION_BANNED      "dev.ocimirror.banned"
#define ANNOTATION_CREATED     "dev.ocimirror.created"
#define ANNOTATION_LIST_COMMIT "dev.ocimirror.list-commit"
#define ANNOTATION_LABEL       "dev.ocimirror.label"
#define ANNOTATION_SNAPSHOT_SUFFIX                                                                 \
	"dev.ocimirror.snapshot-suffix"            /* of the last sync, strftime format */
#define ANNOTATION_MADE_BY "dev.ocimirror.made-by" /* sync, rollback, undo, hold, ... */
/* The digest of the index.json of the generation before; what made this one, as JSON; the words
 * that a reader must understand. */
#define ANNOTATION_PREVIOUS "dev.ocimirror.previous"
#define ANNOTATION_RUN      "dev.ocimirror.run"
#define ANNOTATION_REQUIRES "dev.ocimirror.requires"
#define ANNOTATION_TABLE    "dev.ocimirror.table" /* digest of its table, see served_file.h */
/* In what mirror-serve gives to other mirrors: the digest of its own index.json. */
#define ANNOTATION_IDENTITY "dev.ocimirror.identity"

struct annotation {
	const char *key; /* keys of ours are not copied: most entries have the same ones */
	char *value;
};

struct entry {
	char *ref;              /* value of ref.name; "" when it has none */
	const char *media_type; /* "" when it has none */
	struct digest digest;
	int64_t size;
	/* without ref.name; io.containerd.image.name only where it differs from ref */
	struct annotation *annotations;
	size_t nannotations;
	char *rest; /* other members of the descriptor, as JSON: "\"platform\":{...}"; or NULL */
};

struct index {
	struct entry **v; /* sorted by ref */
	size_t n, cap;
	struct annotation *annotations; /* annotations of the index itself */
	size_t nannotations;
	char *rest; /* other members of the index as JSON members, or NULL */
	/* of the bytes that generation_load() read it from, or generation_publish() wrote */
	struct digest read_as;
};

#define INDEX_INIT                                                                                 \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Reads the bytes of an index. INVALID names the entry that is wrong and the line it begins on. */
int index_parse(struct index *x, struct span bytes, struct err *err);
/* Reads only the annotations of the index itself: all entries are passed over. */
int index_parse_annotations(struct index *x, struct span bytes, struct err *err);
/* Reads the layout's index.json; id (may be NULL) gets the digest of its bytes. NOTFOUND when there
 * is none. */
int index_load(struct index *x, const struct layout *l, struct digest *id, struct err *err);
void index_release(struct index *x);

/* Appends the bytes of index.json; buf_failed(out) when they are more than its ceiling. */
void index_write(const struct index *x, struct buf *out);
/* LIMIT, naming it, when an entry or the index's own annotations have become so large that
 * index_parse() would refuse them. */
int index_check_sizes(const struct index *x, struct err *err);

/* The first entry of that name, or NULL. Lent; valid until the index is changed. */
struct entry *index_find(const struct index *x, const char *ref);
/* A new entry of that name, behind others of it, to be filled by the caller. */
struct entry *index_add(struct index *x, const char *ref);
void index_remove(struct index *x, struct entry *e);

/* The first position whose ref is not less than `prefix`: where to start walking a repository. */
size_t index_seek(const struct index *x, const char *prefix);

/* Lent; NULL when there is none. */
const char *entry_annotation(const struct entry *e, const char *key);
/* value NULL removes the annotation. */
void entry_set_annotation(struct entry *e, const char *key, const char *value);
/* Sets what the entry points at; annotations stay. */
void entry_set_content(struct entry *e, const char *media_type, const struct digest *d,
		       int64_t size);
/* Makes `to` point at what `from` does and carry its annotations and other members; its name
 * stays. */
void entry_copy(struct entry *to, const struct entry *from);

const char *index_annotation(const struct index *x, const char *key);
void index_set_annotation(struct index *x, const char *key, const char *value);

#endif
