#include "sync/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

/* Mappings that merge keys lead to, for one member. */
#define MERGES_MAX 64

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
	if (tree->n > LIMIT_YAML_DOCUMENTS)
		return err_set(err, ERR_LIMIT, 0, "more than %d documents", LIMIT_YAML_DOCUMENTS);
	return 1;
}

/* ---- ceilings ---- */

struct tally {
	size_t depth, nodes, anchors;
};

/* What a token adds. Depths of lists and mappings that have tokens of their own: all but lists
 * directly in a mapping, and mappings of one pair in a list in brackets. */
static void count_token(struct tally *t, yaml_token_type_t type)
{
	switch ((int)type) {
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN: t->depth++; break;
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN: t->depth -= t->depth > 0; return;
	case YAML_ANCHOR_TOKEN:
	case YAML_ALIAS_TOKEN:
	case YAML_TAG_DIRECTIVE_TOKEN: t->anchors++; break;
	default: /* an enumeration of libyaml's */ break;
	}
	t->nodes++;
}

static int check_tally(const struct tally *t, size_t line, struct err *err)
{
	if (t->depth > LIMIT_YAML_DEPTH)
		return err_set(err, ERR_LIMIT, 0,
			       "line %zu: lists and mappings within each other, deeper than %d: "
			       "the file is not read",
			       line, LIMIT_YAML_DEPTH);
	if (t->nodes > LIMIT_YAML_NODES)
		return err_set(err, ERR_LIMIT, 0,
			       "line %zu: more than %d words of YAML: split the file", line,
			       LIMIT_YAML_NODES);
	if (t->anchors > LIMIT_YAML_ANCHORS)
		return err_set(err, ERR_LIMIT, 0,
			       "line %zu: more than %d anchors and aliases: the file is not read",
			       line, LIMIT_YAML_ANCHORS);
	return 0;
}

static int scan_tokens(yaml_parser_t *p, struct err *err)
{
	struct tally tally = { .depth = 0 };
	yaml_token_t token;
	bool end = false;

	while (!end) {
		size_t line;

		if (!yaml_parser_scan(p, &token))
			return parse_failed(p, err);
		end = token.type == YAML_STREAM_END_TOKEN || token.type == YAML_NO_TOKEN;
		line = token.start_mark.line + 1;
		count_token(&tally, token.type);
		yaml_token_delete(&token);
		if (check_tally(&tally, line, err) < 0)
			return -1;
	}
	return 0;
}

/* Reads the words of the file, and nothing else: libyaml takes minutes for 100,000 "[". */
static int check_ceilings(struct span bytes, struct err *err)
{
	yaml_parser_t p;
	int result;

	if (!yaml_parser_initialize(&p))
		return err_set(err, ERR_IO, 0, "out of memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)bytes.p, bytes.n);
	result = scan_tokens(&p, err);
	yaml_parser_delete(&p);
	return result;
}

int yaml_tree_parse(struct yaml_tree *tree, struct span bytes, struct err *err)
{
	yaml_parser_t p;
	size_t cap = 0;
	int result;

	if (check_ceilings(bytes, err) < 0)
		return -1;

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

static yaml_node_t *own_member(yaml_document_t *d, const yaml_node_t *node, const char *key)
{
	yaml_node_t *name, *value;

	for (size_t i = 0; (name = yaml_tree_pair(d, node, i, &value)); i++)
		if (span_eq(yaml_tree_text(name), key))
			return value;
	return NULL;
}

/* Merged mappings may have merge keys, too, and even name one another: *left bounds how many are
 * looked at for one key. */
static yaml_node_t *find_member(yaml_document_t *d, const yaml_node_t *node, const char *key,
				int *left)
{
	yaml_node_t *found = own_member(d, node, key);
	const yaml_node_t *base = found ? NULL : own_member(d, node, "<<"), *one;

	if (!base || --*left < 0)
		return found;
	if (yaml_tree_is_map(base))
		return find_member(d, base, key, left);
	for (size_t i = 0; !found && *left > 0 && (one = yaml_tree_at(d, base, i)); i++)
		found = find_member(d, one, key, left);
	return found;
}

yaml_node_t *yaml_tree_get(yaml_document_t *d, const yaml_node_t *node, const char *key)
{
	int left = MERGES_MAX;

	return find_member(d, node, key, &left);
}

yaml_node_t *yaml_tree_at(yaml_document_t *d, const yaml_node_t *node, size_t i)
{
	if (!yaml_tree_is_list(node) ||
	    i >= (size_t)(node->data.sequence.items.top - node->data.sequence.items.start))
		return NULL;
	return yaml_document_get_node(d, node->data.sequence.items.start[i]);
}

/* null and its other spellings (yaml.org/type/null.html), without quotes. */
static bool is_null(const yaml_node_t *scalar, struct span text)
{
	return scalar->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (span_eq(text, "~") || span_eq(text, "null") || span_eq(text, "Null") ||
		span_eq(text, "NULL"));
}

struct span yaml_tree_text(const yaml_node_t *node)
{
	struct span text = span_str("");

	if (!node || node->type != YAML_SCALAR_NODE)
		return text;
	text = span_of((const char *)node->data.scalar.value, node->data.scalar.length);
	return is_null(node, text) ? span_str("") : text;
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
