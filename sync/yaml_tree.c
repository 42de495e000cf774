#include "sync/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

void yaml_tree_release(struct yaml_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		yaml_document_delete(&tree->v[i]);
	free(tree->v);
	*tree = (struct yaml_tree)YAML_TREE_INIT;
}

static int parse_failed(const yaml_parser_t *p, struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "line %zu is no YAML: %s", p->problem_mark.line + 1,
		       p->problem ? p->problem : "out of memory");
}

/* Whether the document is one; an empty one ends the file. -1 with *err. */
static int load_document(struct yaml_tree *tree, yaml_parser_t *p, size_t *cap, struct err *err)
{
	yaml_document_t d;

	if (!yaml_parser_load(p, &d))
		return parse_failed(p, err);
	if (!yaml_document_get_root_node(&d)) {
		yaml_document_delete(&d);
		return 0;
	}
	tree->v = xgrow(tree->v, tree->n, cap, sizeof(*tree->v));
	tree->v[tree->n++] = d;
	if (tree->n > YAML_TREE_DOCUMENTS)
		return err_set(err, ERR_LIMIT, 0, "more than %d documents", YAML_TREE_DOCUMENTS);
	return 1;
}

int yaml_tree_parse(struct yaml_tree *tree, struct span bytes, struct err *err)
{
	yaml_parser_t p;
	size_t cap = 0;
	int result;

	if (!yaml_parser_initialize(&p))
		return err_set(err, ERR_IO, 0, "out of memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)bytes.p, bytes.n);
	do
		result = load_document(tree, &p, &cap, err);
	while (result > 0);
	yaml_parser_delete(&p);
	if (result < 0)
		yaml_tree_release(tree);
	return result;
}

/* ---- readers ---- */

bool yaml_tree_is_map(const yaml_node_t *node)
{
	return node && node->type == YAML_MAPPING_NODE;
}

bool yaml_tree_is_list(const yaml_node_t *node)
{
	return node && node->type == YAML_SEQUENCE_NODE;
}

yaml_node_t *yaml_tree_pair(yaml_document_t *d, const yaml_node_t *node, size_t i,
			    yaml_node_t **value)
{
	const yaml_node_pair_t *pair;

	if (!yaml_tree_is_map(node) ||
	    i >= (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start))
		return NULL;
	pair = &node->data.mapping.pairs.start[i];
	*value = yaml_document_get_node(d, pair->value);
	return yaml_document_get_node(d, pair->key);
}

yaml_node_t *yaml_tree_get(yaml_document_t *d, const yaml_node_t *node, const char *key)
{
	yaml_node_t *name, *value;

	for (size_t i = 0; (name = yaml_tree_pair(d, node, i, &value)); i++)
		if (span_eq(yaml_tree_text(name), key))
			return value;
	return NULL;
}

yaml_node_t *yaml_tree_at(yaml_document_t *d, const yaml_node_t *node, size_t i)
{
	if (!yaml_tree_is_list(node) ||
	    i >= (size_t)(node->data.sequence.items.top - node->data.sequence.items.start))
		return NULL;
	return yaml_document_get_node(d, node->data.sequence.items.start[i]);
}

struct span yaml_tree_text(const yaml_node_t *node)
{
	if (!node || node->type != YAML_SCALAR_NODE)
		return span_str("");
	return span_of((const char *)node->data.scalar.value, node->data.scalar.length);
}

const char *yaml_tree_str(const yaml_node_t *node)
{
	struct span s = yaml_tree_text(node);

	/* libyaml ends each scalar with a NUL */
	return s.n && strlen(s.p) == s.n ? s.p : NULL;
}

bool yaml_tree_is_true(const yaml_node_t *node)
{
	struct span s = yaml_tree_text(node);

	return span_eq_nocase(s, "true") || span_eq_nocase(s, "yes") || span_eq_nocase(s, "on");
}

size_t yaml_tree_line(const yaml_node_t *node)
{
	return node ? node->start_mark.line + 1 : 0;
}
