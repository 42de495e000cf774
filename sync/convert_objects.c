#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "sync/convert_forms.h"

struct object_walk {
	struct conversion *c;
	yaml_document_t *d;
	bool *seen; /* by the number of a node: an alias leads to a node again */
	size_t n;
};

/* The value of a chart: {registry: docker.io, repository: library/nginx, tag: "1.27"}. */
static void add_parts(struct object_walk *w, const yaml_node_t *image)
{
	const char *registry = yaml_tree_str(yaml_tree_get(w->d, image, "registry"));
	const char *repository = yaml_tree_str(yaml_tree_get(w->d, image, "repository"));
	const char *tag = yaml_tree_str(yaml_tree_get(w->d, image, "tag"));
	const char *digest = yaml_tree_str(yaml_tree_get(w->d, image, "digest"));
	cleanup_free char *text = NULL;

	if (!repository)
		return;
	text = xasprintf("%s%s%s%s%s%s%s", registry ? registry : "", registry ? "/" : "",
			 repository, tag ? ":" : "", tag ? tag : "", digest ? "@" : "",
			 digest ? digest : "");
	if (tag || digest)
		conversion_image(w->c, yaml_tree_line(image), span_str(text), NULL);
	else
		conversion_lose(w->c, yaml_tree_line(image),
				"\"%s\" has no tag here: charts take their own version then", text);
}

static void walk_node(struct object_walk *w, yaml_node_t *node, int depth)
{
	size_t number = node ? (size_t)(node - w->d->nodes.start) : 0;
	yaml_node_t *key, *value;

	if (!node || number >= w->n || w->seen[number] || depth > YAML_TREE_DEPTH)
		return;
	w->seen[number] = true;
	for (size_t i = 0; (key = yaml_tree_pair(w->d, node, i, &value)); i++) {
		bool is_image = span_eq(yaml_tree_text(key), "image");

		if (is_image && yaml_tree_text(value).n)
			conversion_image(w->c, yaml_tree_line(value), yaml_tree_text(value), NULL);
		else if (is_image && yaml_tree_is_map(value))
			add_parts(w, value);
		walk_node(w, value, depth + 1);
	}
	for (size_t i = 0; (value = yaml_tree_at(w->d, node, i)); i++)
		walk_node(w, value, depth + 1);
}

void convert_objects(struct conversion *c, yaml_document_t *d)
{
	struct object_walk w = { .c = c, .d = d, .n = (size_t)(d->nodes.top - d->nodes.start) };

	w.seen = xcalloc(w.n, sizeof(*w.seen));
	walk_node(&w, yaml_document_get_root_node(d), 0);
	free(w.seen);
}
