/*
 * yaml_tree - a YAML file as trees of nodes, one a document (libyaml).
 *
 * A file is untrusted. LIMIT_YAML_DEPTH and its neighbours (oci/base/limits.h) are checked before
 * a tree is made. An alias is the node that it names, and may name one that it is in: a reader that
 * walks the whole tree looks at each node once, and then its depth is that of the file, at most
 * twice LIMIT_YAML_DEPTH (a list directly in a mapping is not counted).
 */
#ifndef SYNC_YAML_TREE_H
#define SYNC_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "oci/base/span.h"

struct err;

struct yaml_tree {
	yaml_document_t *v; /* documents */
	size_t n;
};

#define YAML_TREE_INIT                                                                             \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* INVALID with the line when the bytes are no YAML, LIMIT when they have too much of something;
 * *tree is empty then. */
int yaml_tree_parse(struct yaml_tree *tree, struct span bytes, struct err *err);
void yaml_tree_release(struct yaml_tree *tree);

/* Readers: `node` may be NULL, and a node of another type is treated as absent. */

/* The value of a key of a mapping, or NULL. What a merge key (<<: *base) brings counts behind the
 * mapping's own members. */
yaml_node_t *yaml_tree_get(yaml_document_t *d, const yaml_node_t *node, const char *key);
/* Member i of a sequence, or NULL behind its end. */
yaml_node_t *yaml_tree_at(yaml_document_t *d, const yaml_node_t *node, size_t i);
/* Pair i of a mapping: gives its key and sets *value; NULL behind the end. */
yaml_node_t *yaml_tree_pair(yaml_document_t *d, const yaml_node_t *node, size_t i,
			    yaml_node_t **value);
/* The text of a scalar, lent by the tree; "" for any other node, and for null. */
struct span yaml_tree_text(const yaml_node_t *node);
/* As yaml_tree_text(), but NULL for what is no scalar, is empty, or has a NUL in it. */
const char *yaml_tree_str(const yaml_node_t *node);
/* Whether the scalar says true (YAML 1.1 as Go programs read it: true, yes, on). */
bool yaml_tree_is_true(const yaml_node_t *node);
bool yaml_tree_is_map(const yaml_node_t *node);
bool yaml_tree_is_list(const yaml_node_t *node);
/* The line that the node begins in; 1-based. */
size_t yaml_tree_line(const yaml_node_t *node);

#endif
