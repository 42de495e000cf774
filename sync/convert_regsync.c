/*
 * The configuration of regsync (regclient): `sync` is a list of images and repositories with a
 * source, a target, and a choice of tags by regular expressions that match the whole tag.
 */
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "sync/convert_forms.h"

#define OPTIONS_MAX 4096

struct entry_reader {
	struct conversion *c;
	yaml_document_t *d;
	const yaml_node_t *entry, *defaults;
};

/* The entry's own member, or that of `defaults`. */
static yaml_node_t *member_of(const struct entry_reader *r, const char *key)
{
	yaml_node_t *own = yaml_tree_get(r->d, r->entry, key);

	return own ? own : yaml_tree_get(r->d, r->defaults, key);
}

/* "(?:A|B)" of a list of expressions; "" for none. */
static void join_alternatives(const struct entry_reader *r, const yaml_node_t *list,
			      struct buf *out)
{
	const yaml_node_t *one;

	for (size_t i = 0; (one = yaml_tree_at(r->d, list, i)); i++)
		buf_addf(out, "%s%.*s", i ? "|" : "(?:", SPAN_ARG(yaml_tree_text(one)));
	if (out->n)
		buf_addc(out, ')');
}

/* Whether an expression is a plain tag, as people write them: its dots mean dots. */
static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr("^$*+?()[]{}|\\", text.p[i]))
			return false;
	return text.n > 0;
}

static bool all_plain(const struct entry_reader *r, const yaml_node_t *list)
{
	const yaml_node_t *one;

	for (size_t i = 0; (one = yaml_tree_at(r->d, list, i)); i++)
		if (!is_plain(yaml_tree_text(one)))
			return false;
	return true;
}

static void add_regexes(const struct entry_reader *r, const yaml_node_t *allow,
			const yaml_node_t *deny, struct buf *options)
{
	cleanup_by(buf_release) struct buf wanted = BUF_INIT(OPTIONS_MAX);
	cleanup_by(buf_release) struct buf unwanted = BUF_INIT(OPTIONS_MAX);
	cleanup_by(buf_release) struct buf match = BUF_INIT(OPTIONS_MAX);

	join_alternatives(r, allow, &wanted);
	join_alternatives(r, deny, &unwanted);
	if (unwanted.n)
		buf_addf(&match, "(?!%s$)", unwanted.p);
	buf_adds(&match, wanted.n ? wanted.p : ".*");
	if (wanted.n || unwanted.n)
		conversion_option(options, "match", match.p);
}

static void add_platforms(const struct entry_reader *r, struct buf *options)
{
	cleanup_by(buf_release) struct buf names = BUF_INIT(OPTIONS_MAX);
	const yaml_node_t *list = member_of(r, "platforms"), *one;
	const char *single = yaml_tree_str(member_of(r, "platform"));

	for (size_t i = 0; (one = yaml_tree_at(r->d, list, i)); i++)
		buf_addf(&names, "%s%.*s", names.n ? "," : "", SPAN_ARG(yaml_tree_text(one)));
	if (!names.n && single)
		buf_adds(&names, single);
	if (strcmp(names.p, "local") == 0)
		conversion_note(
			r->c, yaml_tree_line(r->entry),
			"platform \"local\" has no equal: write platform=linux/amd64 or the like");
	else if (names.n)
		conversion_option(options, "platform", names.p);
}

static void add_plain_tags(const struct entry_reader *r, const char *source,
			   const yaml_node_t *allow, const char *options)
{
	const yaml_node_t *tag;

	for (size_t i = 0; (tag = yaml_tree_at(r->d, allow, i)); i++) {
		cleanup_free char *ref =
			xasprintf("%s:%.*s", source, SPAN_ARG(yaml_tree_text(tag)));

		conversion_image(r->c, yaml_tree_line(tag), span_str(ref), options);
	}
}

static void add_ranges(const struct entry_reader *r, const yaml_node_t *ranges, struct buf *options)
{
	cleanup_by(buf_release) struct buf all = BUF_INIT(OPTIONS_MAX);
	const yaml_node_t *one;

	for (size_t i = 0; (one = yaml_tree_at(r->d, ranges, i)); i++)
		buf_addf(&all, "%s%.*s", i ? " || " : "", SPAN_ARG(yaml_tree_text(one)));
	if (all.n)
		conversion_option(options, "semver", all.p);
}

/* Whether each member of `tags` is a list or absent: a text that was meant as one would choose all
 * tags. */
static bool has_lists_only(const struct entry_reader *r, const yaml_node_t *tags)
{
	yaml_node_t *key, *value;

	for (size_t i = 0; (key = yaml_tree_pair(r->d, tags, i, &value)); i++)
		if (yaml_tree_text(value).n ||
		    (yaml_tree_is_map(value) && !span_eq(yaml_tree_text(key), "<<")))
			return false;
	return !yaml_tree_text(tags).n && !yaml_tree_is_list(tags);
}

static void add_repository(const struct entry_reader *r, const char *source, struct buf *options)
{
	const yaml_node_t *tags = yaml_tree_get(r->d, r->entry, "tags");
	const yaml_node_t *allow = yaml_tree_get(r->d, tags, "allow");
	const yaml_node_t *deny = yaml_tree_get(r->d, tags, "deny");
	const yaml_node_t *ranges = yaml_tree_get(r->d, tags, "semverRange");
	size_t before = options->n;

	if (!has_lists_only(r, tags)) {
		conversion_lose(r->c, yaml_tree_line(r->entry),
				"%s: \"tags\" has lists: allow, deny, semverRange", source);
		return;
	}
	if (yaml_tree_at(r->d, allow, 0) && !yaml_tree_at(r->d, deny, 0) &&
	    !yaml_tree_at(r->d, ranges, 0) && all_plain(r, allow)) {
		add_plain_tags(r, source, allow, options->p);
		return;
	}
	add_regexes(r, allow, deny, options);
	add_ranges(r, ranges, options);
	if (options->n == before)
		conversion_option(options, "tags", "*");
	conversion_image(r->c, yaml_tree_line(r->entry), span_str(source), options->p);
}

/* One row a member of an entry or of `defaults`. Without a note, it is read elsewhere, or a mirror
 * does it anyway. */
static const struct {
	const char *key;
	const char *note;
} members[] = {
	{ "<<", NULL }, /* yaml_tree_get() follows it */
	{ "source", NULL },
	{ "type", NULL },
	{ "tags", NULL },
	{ "platform", NULL },
	{ "platforms", NULL },
	{ "referrers", NULL },
	{ "digestTags", NULL },
	{ "includeExternal", NULL },
	{ "forceRecursive", NULL },
	{ "fastCopy", NULL },
	{ "mediaTypes", NULL },
	{ "skipDockerConfig", NULL },
	{ "cacheCount", NULL },
	{ "cacheTime", NULL },
	{ "target", "the mirror keeps the name of the source; use as= for another one" },
	{ "backup", "the mirror keeps what a tag meant before it moved, under a date" },
	{ "interval", "a timer calls mirror-sync; refresh= lets an image rest" },
	{ "schedule", "a timer calls mirror-sync; refresh= lets an image rest" },
	{ "ratelimit", "write \"registry HOST min-remaining=N\" in mirror.conf" },
	{ "parallel", "write \"registry HOST parallel=N\" in mirror.conf" },
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* Notes each member that has no equal; a target only once, since every entry has one. */
static void note_members(struct conversion *c, yaml_document_t *d, const yaml_node_t *map,
			 bool *target)
{
	yaml_node_t *key, *value;

	for (size_t i = 0; (key = yaml_tree_pair(d, map, i, &value)); i++) {
		struct span name = yaml_tree_text(key);
		bool is_target = span_eq(name, "target");
		size_t row = 0;

		while (row < MEMBERS && !span_eq(name, members[row].key))
			row++;
		if ((row < MEMBERS && !members[row].note) || (is_target && *target))
			continue;
		conversion_note(c, yaml_tree_line(key), "\"%.*s\" has no equal%s%s", SPAN_ARG(name),
				row < MEMBERS ? ": " : "", row < MEMBERS ? members[row].note : "");
		*target |= is_target;
	}
}

static void read_entry(const struct entry_reader *r)
{
	cleanup_by(buf_release) struct buf options = BUF_INIT(OPTIONS_MAX);
	const char *source = yaml_tree_str(yaml_tree_get(r->d, r->entry, "source"));
	struct span type = yaml_tree_text(yaml_tree_get(r->d, r->entry, "type"));

	if (!source) {
		conversion_lose(r->c, yaml_tree_line(r->entry), "an entry without \"source\"");
		return;
	}
	add_platforms(r, &options);
	if (yaml_tree_is_true(member_of(r, "referrers")))
		conversion_option(&options, "referrers", "yes");
	if (span_eq(type, "image"))
		conversion_image(r->c, yaml_tree_line(r->entry), span_str(source), options.p);
	else if (span_eq(type, "repository"))
		add_repository(r, source, &options);
	else
		conversion_lose(r->c, yaml_tree_line(r->entry),
				"%s: type \"%.*s\" has no equal: write a line for each repository",
				source, SPAN_ARG(type));
}

bool convert_is_regsync(yaml_document_t *d)
{
	const yaml_node_t *sync = yaml_tree_get(d, yaml_document_get_root_node(d), "sync");

	return yaml_tree_get(d, yaml_tree_at(d, sync, 0), "source");
}

void convert_regsync(struct conversion *c, yaml_document_t *d)
{
	const yaml_node_t *root = yaml_document_get_root_node(d);
	const yaml_node_t *sync = yaml_tree_get(d, root, "sync");
	struct entry_reader r = { .c = c, .d = d, .defaults = yaml_tree_get(d, root, "defaults") };
	const yaml_node_t *creds = yaml_tree_get(d, root, "creds");
	bool target = false;

	if (creds)
		conversion_note(c, yaml_tree_line(creds),
				"\"creds\" has no equal: log in with \"docker login\", and write "
				"\"registry HOST ...\" in mirror.conf for scheme and CA");
	note_members(c, d, r.defaults, &target);
	for (size_t i = 0; (r.entry = yaml_tree_at(d, sync, i)); i++) {
		note_members(c, d, r.entry, &target);
		read_entry(&r);
	}
}
