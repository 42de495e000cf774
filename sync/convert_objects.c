#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/ref.h"
#include "sync/convert_forms.h"

struct object_walk {
	struct conversion *c;
	yaml_document_t *d;
	bool *seen; /* by the number of a node: an alias leads to a node again */
	size_t n;
};

static const char *member_text(struct object_walk *w, const yaml_node_t *image, const char *key)
{
	return yaml_tree_str(yaml_tree_get(w->d, image, key));
}

/* Whether it is a whole reference: {name: "ruby:3"} in a pipeline's file. */
static bool is_whole(const char *name)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;
	struct err ignored;

	return ref_parse(&r, span_str(name), &ignored) == 0 && (r.tag || r.digest.str[0]);
}

/* The value of a chart: {registry: docker.io, repository: library/nginx, tag: "1.27"}, of a
 * pipeline, {name: "ruby:3"}, or of a volume, {reference: "quay.io/a/b:1"}. A mapping with none of
 * these is about something else. */
static void add_parts(struct object_walk *w, const yaml_node_t *image)
{
	const char *registry = member_text(w, image, "registry");
	const char *repository = member_text(w, image, "repository");
	const char *tag = member_text(w, image, "tag");
	const char *digest = member_text(w, image, "digest");
	cleanup_free char *text = NULL;

	if (!repository)
		repository = member_text(w, image, "name");
	if (!repository)
		repository = member_text(w, image, "reference");
	if (!repository)
		return;
	text = xasprintf("%s%s%s%s%s%s%s", registry ? registry : "", registry ? "/" : "",
			 repository, tag ? ":" : "", tag ? tag : "", digest ? "@" : "",
			 digest ? digest : "");
	if (tag || digest || is_whole(text))
		conversion_image(w->c, yaml_tree_line(image), span_str(text), NULL);
	else
		conversion_lose(w->c, yaml_tree_line(image),
				"\"%s\" has no tag here: charts take their own version then", text);
}

/* "image: false" in the values of a chart */
static bool is_switch(const yaml_node_t *value)
{
	return span_eq(yaml_tree_text(value), "true") || span_eq(yaml_tree_text(value), "false");
}

static void walk_node(struct object_walk *w, yaml_node_t *node)
{
	size_t number = node ? (size_t)(node - w->d->nodes.start) : 0;
	yaml_node_t *key, *value;

	if (!node || number >= w->n || w->seen[number])
		return;
	w->seen[number] = true;
	for (size_t i = 0; (key = yaml_tree_pair(w->d, node, i, &value)); i++) {
		bool is_image = span_eq(yaml_tree_text(key), "image") && !is_switch(value);

		if (is_image && yaml_tree_text(value).n)
			conversion_image(w->c, yaml_tree_line(value), yaml_tree_text(value), NULL);
		else if (is_image && yaml_tree_is_map(value))
			add_parts(w, value);
		walk_node(w, value);
	}
	for (size_t i = 0; (value = yaml_tree_at(w->d, node, i)); i++)
		walk_node(w, value);
}

void convert_objects(struct conversion *c, yaml_document_t *d)
{
	struct object_walk w = { .c = c, .d = d, .n = (size_t)(d->nodes.top - d->nodes.start) };

	w.seen = xcalloc(w.n, sizeof(*w.seen));
	walk_node(&w, yaml_document_get_root_node(d));
	free(w.seen);
}
