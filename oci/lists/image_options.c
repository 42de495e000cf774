#include "oci/lists/image_options.h"

#include <ctype.h>
#include <string.h>
#include <sys/param.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/base/unit.h"
#include "oci/image/glob.h"
#include "oci/image/platform.h"
#include "oci/image/ref.h"
#include "oci/image/version.h"
#include "oci/lists/kv_table.h"
#include "oci/lists/web_address.h"
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
	cleanup_free char *advice = NULL;

	(void)at;
	if (ref_parse(&r, value, err) < 0) {
		advice = web_address_advice(value);
		return advice ? err_set(err, ERR_USAGE, 0, "%s", advice) : -1;
	}
	if (r.digest.str[0])
		return err_set(err, ERR_USAGE, 0,
			       "a target has no digest (it stands in the reference in front)");
	return 0;
}

/* Groups are named on lines of mirror-serve's files, between blanks and colons. */
int image_options_check_group(struct span value, size_t *at, struct err *err)
{
	for (size_t i = 0; i < value.n; i++)
		if (!isalnum((unsigned char)value.p[i]) && !strchr("._-", value.p[i])) {
			*at = i;
			return err_set(err, ERR_USAGE, 0,
				       "\"%.*s\" is no group: its name has only letters, digits, "
				       "\".\", \"_\" and \"-\"",
				       SPAN_ARG(value));
		}
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
	/* How two lines that ask for one image are united. Where neither is said, both must say the
	 * same, or one of them nothing. */
	UNITE_LIST = 1 << 3,    /* the words of both; saying nothing means all of them */
	UNITE_SMALLER = 1 << 4, /* the smaller one; saying nothing is the smallest */
	UNITE_GIVEN = 1 << 5,   /* the smaller one of those that are given */
	UNITE_LARGER = 1 << 6,  /* the larger one of those that are given: see has_no_limit() */
	UNITE_TEXT = 1 << 7,    /* both, joined by ", " */
	UNITE_NOT = 1 << 8,     /* each line keeps its own */
	UNITE_BOTH = 1 << 9,    /* both must say it, or none of them */
	CHOICE = UNITE_NOT | CHOOSES_TAGS | ASKS_UPSTREAM | ONLY_IN_LISTS,
};

#define OPTION(name_, kind_, member)                                                               \
	.name = (name_), .kind = (kind_), .offset = offsetof(struct image_options, member)

static const char *const referrers_words[] = {
	[REFERRERS_NO] = "no", [REFERRERS_YES] = "yes", [REFERRERS_AUTO] = "auto", NULL
};

static const struct kv_row table[] = {
	{ OPTION("platform", VALUE_LIST, platform), .check = check_platform,
	  .flags = ASKS_UPSTREAM | UNITE_LIST },
	{ OPTION("tags", VALUE_LIST, tags), .check = check_tag_glob, .flags = CHOICE },
	{ OPTION("exclude", VALUE_LIST, exclude), .check = check_tag_glob, .flags = CHOICE },
	{ OPTION("match", VALUE_TEXT, match), .check = check_regex, .flags = CHOICE },
	{ OPTION("semver", VALUE_TEXT, semver), .check = check_range, .flags = CHOICE },
	{ OPTION("newest", VALUE_NUMBER, newest), .min = 1, .max = LIMIT_TAGS, .flags = CHOICE },
	{ OPTION("as", VALUE_TEXT, as), .check = check_as, .flags = ONLY_IN_LISTS | UNITE_NOT },
	{ OPTION("refresh", VALUE_DURATION, refresh), .flags = UNITE_SMALLER },
	{ OPTION("max-age", VALUE_DURATION, max_age), .flags = UNITE_GIVEN },
	{ OPTION("min-age", VALUE_DURATION, min_age), .flags = UNITE_LARGER },
	{ OPTION("keep", VALUE_NUMBER, keep), .min = 0, .max = 1000000, .flags = UNITE_LARGER },
	{ OPTION("keep-for", VALUE_DURATION, keep_for), .flags = UNITE_LARGER },
	{ OPTION("referrers", VALUE_CHOICE, referrers), .words = referrers_words,
	  .flags = ASKS_UPSTREAM },
	{ OPTION("external", VALUE_YES_NO, external), .flags = ASKS_UPSTREAM | UNITE_NOT },
	{ OPTION("upstream", VALUE_FLAG, upstream_gone), .word = "gone",
	  .flags = ASKS_UPSTREAM | UNITE_BOTH },
	{ OPTION("private", VALUE_TEXT, private_group), .check = image_options_check_group },
	{ OPTION("owner", VALUE_TEXT, owner), .flags = UNITE_TEXT },
	{ OPTION("reason", VALUE_TEXT, reason), .flags = UNITE_TEXT },
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

bool image_options_same(const struct image_options *a, const struct image_options *b)
{
	for (const struct kv_row *row = table; row->name; row++)
		if (!kv_row_same(row, a, b))
			return false;
	return true;
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
	if (!o->min_age)
		o->min_age = -1;
	if (o->referrers == REFERRERS_AUTO)
		o->referrers = -1;
	if (o->external == 1)
		o->external = -1;
}

enum referrers_mode image_options_referrers(const struct image_options *o)
{
	return o->referrers < 0 ? REFERRERS_AUTO : (enum referrers_mode)o->referrers;
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

/* What waits for ever would never be noticed. */
static bool check_min_age(const struct image_options *o, const struct line *l,
			  const struct place *at)
{
	if (o->min_age != UNIT_NEVER)
		return true;
	place_error(at, line_find(l, "min-age")->value_column,
		    "min-age: \"never\" is no time to wait (0s: no waiting; a tag that is not to "
		    "move is pinned by its digest)");
	return false;
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
	return check_platform_all(o, l, at) && check_newest(o, l, at) && check_min_age(o, l, at) &&
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

void image_options_write_question(const struct image_options *o, struct buf *out)
{
	for (const struct kv_row *row = table; row->name; row++)
		if (row->flags & ASKS_UPSTREAM && kv_row_is_given(row, o)) {
			buf_addf(out, "%s ", row->name);
			kv_row_write(row, o, out);
			buf_addc(out, '\n');
		}
}

/* ---- two lines, one image ---- */

static long *number_of(const struct kv_row *row, struct image_options *o)
{
	return (long *)((char *)o + row->offset);
}

static char **text_of(const struct kv_row *row, struct image_options *o)
{
	return (char **)((char *)o + row->offset);
}

static bool has_word(const char *words, struct span word)
{
	struct span rest = span_str(words), one;

	while (span_cut(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n == word.n && memcmp(one.p, word.p, word.n) == 0)
			return true;
	}
	return false;
}

/* The words of `more` that *words lacks are appended. */
static void unite_words(char **words, const char *more, const char *between, struct strvec *texts)
{
	struct span rest = span_str(more), one;

	while (span_cut(&rest, ',', &one)) {
		one = span_trim(one);
		if (!has_word(*words, one))
			*words = (char *)strvec_addf(texts, "%s%s%.*s", *words, between,
						     SPAN_ARG(one));
	}
}

static int fail_to_unite(const struct kv_row *row, const struct image_options *a,
			 const struct image_options *b, struct err *err)
{
	cleanup_by(buf_release) struct buf one = BUF_INIT(KIB), other = BUF_INIT(KIB);

	kv_row_write(row, a, &one);
	kv_row_write(row, b, &other);
	return err_set(err, ERR_USAGE, 0, "%s=%s and %s=%s cannot be united", row->name, one.p,
		       row->name, other.p);
}

/* Only one line gives an option that both must give. */
static int fail_alone(const struct kv_row *row, const struct image_options *o, struct err *err)
{
	cleanup_by(buf_release) struct buf value = BUF_INIT(KIB);

	kv_row_write(row, o, &value);
	return err_set(err, ERR_USAGE, 0, "%s=%s stands on one of them only", row->name, value.p);
}

/* Both lines give the option. */
static int unite_given(const struct kv_row *row, struct image_options *to,
		       struct image_options *with, struct strvec *texts, struct err *err)
{
	if (row->flags & (UNITE_LIST | UNITE_TEXT))
		unite_words(text_of(row, to), *text_of(row, with),
			    row->flags & UNITE_TEXT ? ", " : ",", texts);
	else if (row->flags & (UNITE_SMALLER | UNITE_GIVEN))
		*number_of(row, to) = MIN(*number_of(row, to), *number_of(row, with));
	else if (row->flags & UNITE_LARGER)
		*number_of(row, to) = MAX(*number_of(row, to), *number_of(row, with));
	else if (!kv_row_same(row, to, with))
		return fail_to_unite(row, to, with, err);
	return 0;
}

static int unite_row(const struct kv_row *row, struct image_options *to, struct image_options *with,
		     struct strvec *texts, struct err *err)
{
	const bool given = kv_row_is_given(row, to), other = kv_row_is_given(row, with);

	if (row->flags & UNITE_NOT || (!given && !other))
		return 0;
	if (given && other)
		return unite_given(row, to, with, texts, err);
	if (row->flags & UNITE_BOTH)
		return fail_alone(row, given ? to : with, err);
	if (row->flags & UNITE_LIST)
		*text_of(row, to) = NULL; /* all of them */
	else if (row->flags & UNITE_SMALLER)
		*number_of(row, to) = -1;
	else if (!given)
		kv_row_copy(row, to, with);
	return 0;
}

/* A snapshot goes when it is past every limit that is set, and stays for ever when none is. So a
 * line without any limit frees the image from all of them. */
static bool has_no_limit(const struct image_options *o)
{
	return o->keep < 0 && o->keep_for < 0;
}

int image_options_unite(struct image_options *to, const struct image_options *with,
			struct strvec *texts, struct err *err)
{
	const bool no_limit = has_no_limit(to) || has_no_limit(with);
	struct image_options other = *with;

	for (const struct kv_row *row = table; row->name; row++)
		if (unite_row(row, to, &other, texts, err) < 0)
			return -1;
	if (no_limit)
		to->keep = to->keep_for = -1;
	/* a line that says nothing wants all layers */
	if (with->external != 0)
		to->external = -1;
	return 0;
}
