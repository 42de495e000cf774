#include "oci/lists/list_image.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/image/glob.h"
#include "oci/lists/line.h"
#include "oci/lists/mirror_conf.h"
#include "oci/lists/tag_select.h"
#include "oci/lists/web_address.h"

/* The words in front of a reference on lines of Dockerfiles, YAML files and command lines. */
static bool is_foreign_word(struct span text)
{
	static const char *const words[] = { "FROM", "-", "image:", "docker", "podman", "pull" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq(text, words[i]))
			return true;
	return false;
}

/* Adds an error when a line of another kind of file was copied: "FROM alpine:3", "- image: x". */
static bool is_foreign_line(const struct line *l, const struct place *at)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct err ignored;
	size_t n = 0;

	while (n < l->n && !l->v[n].key.p && is_foreign_word(l->v[n].text))
		n++;
	if (!n || n == l->n || l->v[n].key.p || ref_parse(&ref, l->v[n].text, &ignored) < 0)
		return false;
	place_error(
		at, l->v[0].column,
		"a line begins with its image: write \"%.*s\" (mirror-sync --convert makes lines "
		"of Dockerfiles, of Kubernetes files, and of other tools' lists)",
		SPAN_ARG(l->v[n].text));
	return true;
}

/* Adds an error when an address was copied, such as "https://..." or "docker://..."; it shows the
 * reference that is meant. */
static bool is_address(struct span text, int column, const struct place *at)
{
	cleanup_free char *advice = web_address_advice(text);

	if (!advice)
		return false;
	place_error(at, column, "%s", advice);
	return true;
}

/* A word in front that looks like an option, since the query of an address has a "=" in it, or a
 * character that looks like a blank joins two words. */
static void refuse_key(const struct line_word *w, const struct place *at)
{
	const char *end = w->raw.p + w->raw.n;

	if (line_has_odd_char(w, w->key, at) ||
	    is_address(span_of(w->key.p, (size_t)(end - w->key.p)), w->column, at))
		return;
	place_error(at, w->column, "a line begins with a reference, not with an option");
}

static bool has_wildcard(const struct line_word *w, const struct place *at)
{
	const char *slash = memrchr(w->text.p, '/', w->text.n);
	const char *from = slash ? slash : w->text.p, *end = w->text.p + w->text.n;
	const char *colon = memchr(from, ':', (size_t)(end - from));
	size_t offset = 0;

	if (!glob_has_wildcard(w->text))
		return false;
	while (!memchr("*?", w->text.p[offset], 2))
		offset++;
	if (colon && w->text.p + offset > colon)
		place_error(at, line_column(w, offset),
			    "a wildcard in a reference: tags are chosen by tags=, as in \"%.*s "
			    "tags=%.*s\"",
			    (int)(colon - w->text.p), w->text.p, (int)(end - colon - 1), colon + 1);
	else
		place_error(
			at, line_column(w, offset),
			"a wildcard in a repository's name: each repository has a line of its own");
	return true;
}

static bool parse_source(struct list_image *image, const struct line_word *w,
			 const struct place *at)
{
	struct err err = ERR_INIT;

	if (line_has_odd_char(w, w->text, at) || is_address(w->text, w->column, at) ||
	    has_wildcard(w, at))
		return false;
	if (ref_parse(&image->source, w->text, &err) == 0)
		return true;
	place_error(at, w->column, "%s", err.msg);
	return false;
}

static bool choose_tags(struct list_image *image, const struct image_options *own,
			const struct line *l, const struct place *at)
{
	const struct line_word *w = image_options_find_choice(l);
	struct err err = ERR_INIT;

	if (image->source.tag || image->source.digest.str[0]) {
		place_error(at, w->column, "%.*s= chooses tags, and the reference has a %s already",
			    SPAN_ARG(w->key), image->source.tag ? "tag" : "digest");
		return false;
	}
	image->select = tag_select_new(own, &err);
	if (!image->select)
		place_error(at, w->column, "%s", err.msg);
	return image->select;
}

static void default_tag(struct list_image *image, const struct line *l, const struct place *at)
{
	cleanup_free char *repository = ref_repository(&image->source);

	if (image->source.tag || image->source.digest.str[0])
		return;
	image->source.tag = xstrdup("latest");
	problem_add(at->problems, true, at->file, at->line, l->v[0].column,
		    "no tag, so \"latest\" is meant (write %s:latest to say so)", repository);
}

static bool parse_target(struct list_image *image, const struct line *l, const struct place *at)
{
	const struct line_word *w = line_find(l, "as");
	struct err err = ERR_INIT;

	if (!w)
		return true;
	image->as = xmalloc(sizeof(*image->as));
	*image->as = (struct ref)REF_INIT;
	if (ref_parse(image->as, w->text, &err) < 0) {
		place_error(at, w->value_column, "as: %s", err.msg);
		return false;
	}
	if (image->as->tag && image->select) {
		place_error(at, w->value_column,
			    "as: a tag, and %.*s= chooses tags: the target is a repository",
			    SPAN_ARG(image_options_find_choice(l)->key));
		return false;
	}
	if (!image->as->tag && image->source.tag)
		image->as->tag = xstrdup(image->source.tag);
	image->as->digest = image->source.digest;
	return true;
}

static bool read_image(struct list_image *image, struct image_options *own, const struct line *l,
		       const struct place *at)
{
	const struct line_word *w = &l->v[0];
	bool source;

	if (w->key.p) {
		refuse_key(w, at);
		return false;
	}
	if (l->n > 1 && mirror_conf_is_keyword(w->text)) {
		place_error(at, w->column, "a line \"%.*s ...\" belongs in mirror.conf",
			    SPAN_ARG(w->text));
		return false;
	}
	if (is_foreign_line(l, at))
		return false;
	source = parse_source(image, w, at);
	if (!image_options_read(own, l, 1, false, at) || !source)
		return false;
	if (image_options_choose_tags(own)) {
		if (!choose_tags(image, own, l, at))
			return false;
	} else {
		default_tag(image, l, at);
	}
	return parse_target(image, l, at);
}

bool list_image_read(struct list_image *image, struct image_options *own, const struct line *l,
		     const struct place *at)
{
	*image = (struct list_image){
		.source = REF_INIT,
		.file = at->file,
		.line = at->line,
		.column = l->v[0].column,
	};
	image_options_init(own);
	if (read_image(image, own, l, at))
		return true;
	image_options_release(own);
	list_image_release(image);
	return false;
}

void list_image_release(struct list_image *image)
{
	ref_release(&image->source);
	if (image->as)
		ref_release(image->as);
	free(image->as);
	tag_select_free(image->select);
	free(image->conflict);
	image->select = NULL;
	image->conflict = NULL;
	image->as = NULL;
}

const struct ref *list_image_target(const struct list_image *image)
{
	return image->as ? image->as : &image->source;
}

bool list_image_same_source(const struct list_image *a, const struct list_image *b)
{
	return strcmp(a->source.host, b->source.host) == 0 &&
	       strcmp(a->source.path, b->source.path) == 0;
}
