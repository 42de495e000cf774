#include "oci/lists/image_options.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/glob.h"
#include "oci/image/platform.h"
#include "oci/image/ref.h"
#include "oci/image/version.h"
#include "oci/lists/kv_table.h"
#include "oci/lists/line.h"

static int check_platform(struct span word, size_t *at, struct err *err)
{
	(void)at;
	return span_eq(word, PLATFORM_ALL) ? 0 : platform_check(word, err);
}

static int check_tag_glob(struct span word, size_t *at, struct err *err)
{
	static const char also[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "._-*?";

	for (size_t i = 0; i < word.n; i++)
		if (!strchr(also, word.p[i])) {
			*at = i;
			return err_set(err, ERR_USAGE, 0,
				       "no tag matches \"%.*s\": a tag has only letters, digits, "
				       "\".\", \"_\" and \"-\"",
				       SPAN_ARG(word));
		}
	return 0;
}

static int check_regex(struct span value, size_t *at, struct err *err)
{
	struct regex *re = regex_new(value, at, err);

	regex_free(re);
	return re ? 0 : -1;
}

static int check_range(struct span value, size_t *at, struct err *err)
{
	struct version_range *r = version_range_new(value, at, err);

	version_range_free(r);
	return r ? 0 : -1;
}

static int check_target(struct span value, size_t *at, struct err *err)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;

	(void)at;
	if (ref_parse(&r, value, err) < 0)
		return -1;
	if (r.digest.str[0])
		return err_set(err, ERR_USAGE, 0,
			       "a target has no digest (it stands in the reference in front)");
	return 0;
}

#define AT(member) .offset = offsetof(struct image_options, member)

static const struct kv_row table[] = {
	{ .name = "platform", .kind = KV_LIST, AT(platform), .check = check_platform },
	{ .name = "tags", .kind = KV_LIST, AT(tags), .check = check_tag_glob },
	{ .name = "exclude", .kind = KV_LIST, AT(exclude), .check = check_tag_glob },
	{ .name = "match", .kind = KV_TEXT, AT(match), .check = check_regex },
	{ .name = "semver", .kind = KV_TEXT, AT(semver), .check = check_range },
	{ .name = "newest", .kind = KV_NUMBER, AT(newest), .min = 1, .max = LIMIT_TAGS },
	{ .name = "as", .kind = KV_TEXT, AT(as), .check = check_target },
	{ .name = "refresh", .kind = KV_DURATION, AT(refresh) },
	{ .name = "max-age", .kind = KV_DURATION, AT(max_age) },
	{ .name = "keep", .kind = KV_NUMBER, AT(keep), .min = 0, .max = 1000000 },
	{ .name = "keep-for", .kind = KV_DURATION, AT(keep_for) },
	{ .name = "referrers", .kind = KV_YES_NO, AT(referrers) },
	{ .name = "upstream", .kind = KV_FLAG, AT(upstream_gone), .word = "gone" },
	{ .name = "owner", .kind = KV_TEXT, AT(owner) },
	{ .name = "reason", .kind = KV_TEXT, AT(reason) },
	{ .name = NULL },
};

void image_options_init(struct image_options *o)
{
	kv_table_init(table, o);
}

void image_options_release(struct image_options *o)
{
	kv_table_release(table, o);
}

void image_options_fill(struct image_options *to, const struct image_options *from)
{
	kv_table_fill(table, to, from);
}

/* "all" says all there is to say. */
static bool check_all(const struct image_options *o, const struct line *l, const struct place *at)
{
	struct span rest, one;

	if (!o->platform || strcmp(o->platform, PLATFORM_ALL) == 0)
		return true;
	rest = span_str(o->platform);
	while (span_cut(&rest, ',', &one))
		if (span_eq(one, PLATFORM_ALL)) {
			place_error(at, line_find(l, "platform")->value_column,
				    "platform: \"all\" stands alone");
			return false;
		}
	return true;
}

/* A glob that no version matches ("bookworm-*") cannot go with newest=. */
static bool check_newest(const struct image_options *o, const struct line *l,
			 const struct place *at)
{
	struct span rest, one;

	if (o->newest < 0 || !o->tags)
		return true;
	rest = span_str(o->tags);
	while (span_cut(&rest, ',', &one))
		if (!strchr("v0123456789*?", one.p[0])) {
			place_error(at,
				    line_column(line_find(l, "tags"), (size_t)(one.p - o->tags)),
				    "newest: tags like \"%.*s\" are no versions, so none is newest",
				    SPAN_ARG(one));
			return false;
		}
	return true;
}

static bool check_conf(const struct line *l, const struct place *at)
{
	static const char *const only_lists[] = { "tags",   "exclude", "match", "semver",
						  "newest", "as",      NULL };
	bool good = true;

	for (const char *const *name = only_lists; *name; name++) {
		const struct line_word *w = line_find(l, *name);

		if (!w)
			continue;
		place_error(at, w->column, "%s= belongs on the line of an image in a list", *name);
		good = false;
	}
	return good;
}

bool image_options_read(struct image_options *o, const struct line *l, size_t first, bool in_conf,
			const struct place *at)
{
	if (!kv_table_read(table, o, l, first, at))
		return false;
	return check_all(o, l, at) && check_newest(o, l, at) && (!in_conf || check_conf(l, at));
}

bool image_options_choose_tags(const struct image_options *o)
{
	return o->tags || o->exclude || o->match || o->semver || o->newest > 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool image_options_same_choice(const struct image_options *a, const struct image_options *b)
{
	return same_text(a->tags, b->tags) && same_text(a->exclude, b->exclude) &&
	       same_text(a->match, b->match) && same_text(a->semver, b->semver) &&
	       a->newest == b->newest;
}
