/*
 * The file of "skopeo sync --src yaml" (skopeo-sync(1), "YAML file content"): hosts with `images`
 * (repository: list of tags or digests, an empty one means all), `images-by-tag-regex` and
 * `images-by-semver`.
 */
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "sync/convert_forms.h"

#define OPTIONS_MAX 2048

struct host {
	struct conversion *c;
	yaml_document_t *d;
	struct span name;
};

static void add_tag(const struct host *h, const char *repository, const yaml_node_t *tag)
{
	struct span text = yaml_tree_text(tag);
	bool is_digest = memchr(text.p, ':', text.n);
	cleanup_free char *ref = xasprintf("%.*s/%s%s%.*s", SPAN_ARG(h->name), repository,
					   is_digest ? "@" : ":", SPAN_ARG(text));

	conversion_image(h->c, yaml_tree_line(tag), span_str(ref), NULL);
}

static void add_choice(const struct host *h, const yaml_node_t *at, const char *repository,
		       const char *option, const char *value)
{
	cleanup_by(buf_release) struct buf options = BUF_INIT(OPTIONS_MAX);
	cleanup_free char *ref = xasprintf("%.*s/%s", SPAN_ARG(h->name), repository);

	conversion_option(&options, option, value);
	conversion_image(h->c, yaml_tree_line(at), span_str(ref), options.p);
}

static void add_images(const struct host *h, const yaml_node_t *repository, const yaml_node_t *tags)
{
	const yaml_node_t *tag;
	size_t i = 0;

	if (yaml_tree_text(tags).n || yaml_tree_is_map(tags)) {
		conversion_lose(h->c, yaml_tree_line(repository), "\"%s\": its tags are a list",
				yaml_tree_str(repository));
		return;
	}
	for (; (tag = yaml_tree_at(h->d, tags, i)); i++)
		add_tag(h, yaml_tree_str(repository), tag);
	if (i == 0)
		add_choice(h, repository, yaml_tree_str(repository), "tags", "*");
}

/* Its expressions match a part of a tag unless they are anchored, a list's match the whole tag. */
static void add_regex(const struct host *h, const yaml_node_t *repository, const yaml_node_t *regex)
{
	struct span text = yaml_tree_text(regex);
	bool begins = span_starts(text, "^"),
	     ends = span_ends(text, "$") && !span_ends(text, "\\$");
	struct span inner = span_of(text.p + begins, text.n - begins - ends);
	cleanup_free char *match = xasprintf("%s%s%.*s%s%s", begins ? "" : ".*",
					     begins && ends ? "" : "(?:", SPAN_ARG(inner),
					     begins && ends ? "" : ")", ends ? "" : ".*");

	add_choice(h, repository, yaml_tree_str(repository), "match", match);
}

/* Comparators are separated by commas there, by blanks in a list. */
static void add_range(const struct host *h, const yaml_node_t *repository, const yaml_node_t *range)
{
	struct span text = yaml_tree_text(range);
	cleanup_free char *words = xasprintf("%.*s", SPAN_ARG(text));

	for (char *p = words; *p; p++)
		if (*p == ',')
			*p = ' ';
	add_choice(h, repository, yaml_tree_str(repository), "semver", words);
}

typedef void add_fn(const struct host *h, const yaml_node_t *repository, const yaml_node_t *value);

/* One row a key of a host. */
static const struct {
	const char *key;
	add_fn *add;      /* for each pair of its mapping; NULL: */
	const char *note; /* what to do instead */
} host_keys[] = {
	{ .key = "images", .add = add_images },
	{ .key = "images-by-tag-regex", .add = add_regex },
	{ .key = "images-by-semver", .add = add_range },
	{ .key = "credentials", .note = "log in with \"docker login\": a list has no credentials" },
	{ .key = "tls-verify",
	  .note = "write \"registry HOST scheme=http\" or \"ca=FILE\" in mirror.conf where "
		  "TLS cannot be verified" },
	{ .key = "cert-dir", .note = "write \"registry HOST ca=FILE\" in mirror.conf" },
};
#define HOST_KEYS (sizeof(host_keys) / sizeof(host_keys[0]))

static size_t find_key(struct span key)
{
	size_t i = 0;

	while (i < HOST_KEYS && !span_eq(key, host_keys[i].key))
		i++;
	return i;
}

static void read_member(const struct host *h, const yaml_node_t *key, const yaml_node_t *value)
{
	size_t row = find_key(yaml_tree_text(key));
	yaml_node_t *repository, *what;

	if (span_eq(yaml_tree_text(key), "tls-verify") && yaml_tree_is_true(value))
		return;
	if (row == HOST_KEYS || !host_keys[row].add) {
		conversion_note(h->c, yaml_tree_line(key), "\"%.*s\" of %.*s has no equal%s%s",
				SPAN_ARG(yaml_tree_text(key)), SPAN_ARG(h->name),
				row < HOST_KEYS ? ": " : "",
				row < HOST_KEYS ? host_keys[row].note : "");
		return;
	}
	for (size_t i = 0; (repository = yaml_tree_pair(h->d, value, i, &what)); i++)
		if (yaml_tree_str(repository))
			host_keys[row].add(h, repository, what);
}

bool convert_is_skopeo(yaml_document_t *d)
{
	const yaml_node_t *root = yaml_document_get_root_node(d);
	yaml_node_t *host;

	for (size_t i = 0; yaml_tree_pair(d, root, i, &host); i++)
		for (size_t k = 0; k < HOST_KEYS; k++)
			if (host_keys[k].add &&
			    yaml_tree_is_map(yaml_tree_get(d, host, host_keys[k].key)))
				return true;
	return false;
}

void convert_skopeo(struct conversion *c, yaml_document_t *d)
{
	const yaml_node_t *root = yaml_document_get_root_node(d);
	yaml_node_t *host, *members, *key, *value;

	for (size_t i = 0; (host = yaml_tree_pair(d, root, i, &members)); i++) {
		const struct host h = { .c = c, .d = d, .name = yaml_tree_text(host) };

		for (size_t k = 0; (key = yaml_tree_pair(d, members, k, &value)); k++)
			read_member(&h, key, value);
	}
}
