#include "oci/lists/image_options.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/unit.h"
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

static int check_as(struct span value, size_t *at, struct err *err)
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

/*
 * One row an option. What the options that choose tags, or those that upstreams' answers depend on,
 * have in common is done by walking the rows with the flag below: an option of that kind needs its
 * member in struct image_options, its row here, and its use (in oci/lists/tag_select.c for one that
 * chooses tags).
 */
enum {
	/* says which tags of a repository a line means: it stands beside no tag or digest */
	CHOOSES_TAGS = 1 << 0,
	/* is part of what an upstream is asked: a line that changes it is checked anew */
	ASKS_UPSTREAM = 1 << 1,
	/* belongs to one image: it has no place on the `image` lines of mirror.conf */
	ONLY_IN_LISTS = 1 << 2,
	CHOICE = CHOOSES_TAGS | ASKS_UPSTREAM | ONLY_IN_LISTS,
};

#define OPTION(name_, kind_, member)                                                               \
	.name = (name_), .kind = (kind_), .offset = offsetof(struct image_options, member)

static const struct kv_row table[] = {
	{ OPTION("platform", VALUE_LIST, platform), .check = check_platform,
	  .flags = ASKS_UPSTREAM },
	{ OPTION("tags", VALUE_LIST, tags), .check = check_tag_glob, .flags = CHOICE },
	{ OPTION("exclude", VALUE_LIST, exclude), .check = check_tag_glob, .flags = CHOICE },
	{ OPTION("match", VALUE_TEXT, match), .check = check_regex, .flags = CHOICE },
	{ OPTION("semver", VALUE_TEXT, semver), .check = check_range, .flags = CHOICE },
	{ OPTION("newest", VALUE_NUMBER, newest), .min = 1, .max = LIMIT_TAGS, .flags = CHOICE },
	{ OPTION("as", VALUE_TEXT, as), .check = check_as, .flags = ONLY_IN_LISTS },
	{ OPTION("refresh", VALUE_DURATION, refresh) },
	{ OPTION("max-age", VALUE_DURATION, max_age) },
	{ OPTION("keep", VALUE_NUMBER, keep), .min = 0, .max = 1000000 },
	{ OPTION("keep-for", VALUE_DURATION, keep_for) },
	{ OPTION("referrers", VALUE_YES_NO, referrers), .flags = ASKS_UPSTREAM },
	{ OPTION("upstream", VALUE_FLAG, upstream_gone), .word = "gone", .flags = ASKS_UPSTREAM },
	{ OPTION("owner", VALUE_TEXT, owner) },
	{ OPTION("reason", VALUE_TEXT, reason) },
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

void image_options_drop_defaults(struct image_options *o)
{
	if (o->platform && str_eq(o->platform, PLATFORM_ALL))
		o->platform = NULL;
	if (o->keep_for == UNIT_NEVER)
		o->keep_for = -1;
	if (o->max_age == UNIT_NEVER)
		o->max_age = -1;
	if (!o->referrers)
		o->referrers = -1;
}

/* "all" means every platform, so another one beside it is a mistake. */
static bool check_platform_all(const struct image_options *o, const struct line *l,
			       const struct place *at)
{
	struct span rest, one;

	if (!o->platform || str_eq(o->platform, PLATFORM_ALL))
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
	bool good = true;

	for (const struct kv_row *row = table; row->name; row++) {
		const struct line_word *w =
			row->flags & ONLY_IN_LISTS ? line_find(l, row->name) : NULL;

		if (!w)
			continue;
		place_error(at, w->column, "%s= belongs on the line of an image in a list",
			    row->name);
		good = false;
	}
	return good;
}

bool image_options_read(struct image_options *o, const struct line *l, size_t first, bool in_conf,
			const struct place *at)
{
	if (!kv_table_read(table, o, l, first, at))
		return false;
	return check_platform_all(o, l, at) && check_newest(o, l, at) &&
	       (!in_conf || check_conf(l, at));
}

const struct line_word *image_options_find_choice(const struct line *l)
{
	const struct line_word *w = NULL;

	for (const struct kv_row *row = table; !w && row->name; row++)
		if (row->flags & CHOOSES_TAGS)
			w = line_find(l, row->name);
	return w;
}

bool image_options_choose_tags(const struct image_options *o)
{
	for (const struct kv_row *row = table; row->name; row++)
		if (row->flags & CHOOSES_TAGS && kv_row_is_given(row, o))
			return true;
	return false;
}

bool image_options_same_choice(const struct image_options *a, const struct image_options *b)
{
	for (const struct kv_row *row = table; row->name; row++)
		if (row->flags & CHOOSES_TAGS && !kv_row_same(row, a, b))
			return false;
	return true;
}

void image_options_write_question(const struct image_options *o, struct buf *out)
{
	for (const struct kv_row *row = table; row->name; row++)
		if (row->flags & ASKS_UPSTREAM && kv_row_is_given(row, o)) {
			buf_addf(out, "%s ", row->name);
			kv_row_write(row, o, out);
			buf_addc(out, '\n');
		}
}
