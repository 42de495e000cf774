#include "oci/lists/tag_select.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/image/release.h"
#include "oci/image/version.h"
#include "oci/lists/image_options.h"
#include "oci/lists/newest.h"

struct tag_select {
	char *tags, *exclude; /* owned */
	char *pattern;        /* match= as it is written; owned */
	struct regex *match;
	struct version_range *semver;
	size_t newest; /* 0: no limit */
};

struct tag_select *tag_select_new(const struct image_options *o, struct err *err)
{
	struct tag_select *s = xcalloc(1, sizeof(*s));

	s->tags = o->tags ? xstrdup(o->tags) : NULL;
	s->exclude = o->exclude ? xstrdup(o->exclude) : NULL;
	s->pattern = o->match ? xstrdup(o->match) : NULL;
	s->newest = o->newest > 0 ? (size_t)o->newest : 0;
	if (o->match)
		s->match = regex_new(span_str(o->match), NULL, err);
	if (o->semver)
		s->semver = version_range_new(span_str(o->semver), NULL, err);
	if ((o->match && !s->match) || (o->semver && !s->semver)) {
		tag_select_free(s);
		return NULL;
	}
	return s;
}

void tag_select_free(struct tag_select *s)
{
	if (!s)
		return;
	free(s->tags);
	free(s->exclude);
	free(s->pattern);
	regex_free(s->match);
	version_range_free(s->semver);
	free(s);
}

static bool version_fits(const struct tag_select *s, struct span tag)
{
	struct version v;

	return version_parse(&v, tag) && version_in_range(s->semver, &v);
}

int tag_select_match(const struct tag_select *s, struct span tag, struct err *err)
{
	if (!ref_valid_tag(tag) || ref_is_digest_tag(tag))
		return 0;
	if (s->tags && !glob_match_any(span_str(s->tags), tag))
		return 0;
	if (s->exclude && glob_match_any(span_str(s->exclude), tag))
		return 0;
	if (s->semver && !version_fits(s, tag))
		return 0;
	return s->match ? regex_match(s->match, tag, err) : 1;
}

/* Whether the line spells the pre-release word of a tag, so that it means pre-releases. */
static bool is_spelt(const struct tag_select *s, const char *tag)
{
	struct span rest = s->tags ? span_str(s->tags) : span_of(NULL, 0), glob;
	struct release r;

	if (!release_parse(&r, span_str(tag)) || r.stage == RELEASE_FINAL)
		return false;
	if (s->semver && version_range_names_pre(s->semver))
		return true;
	if (s->pattern && release_is_spelt(&r, span_str(s->pattern)))
		return true;
	while (rest.p && span_cut(&rest, ',', &glob))
		if (release_is_spelt(&r, glob) && glob_match(glob, span_str(tag)))
			return true;
	return false;
}

/* An error that says what there is instead. */
static int fail_no_version(const struct tag_select *s, size_t n, const struct newest_left *left,
			   struct err *err)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(KIB);

	newest_left_describe(left, &words);
	return err_set(err, ERR_INVALID, 0, "newest=%zu: none of the %zu matching tags counts: %s",
		       s->newest, n, buf_failed(&words) ? "none is a version" : words.p);
}

static long keep_newest(const struct tag_select *s, const char **tags, size_t n,
			struct newest_left *left, struct err *err)
{
	cleanup_by(newest_left_release) struct newest_left own = NEWEST_LEFT_INIT;
	cleanup_free struct newest_tag *v = xcalloc(n, sizeof(*v));
	size_t kept;

	left = left ? left : &own;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct newest_tag){ .tag = tags[i], .is_spelt = is_spelt(s, tags[i]) };
	kept = newest_choose(v, n, s->newest, tags, left);
	return n && !kept ? fail_no_version(s, n, left, err) : (long)kept;
}

long tag_select_tags(const struct tag_select *s, const char **tags, size_t n,
		     struct newest_left *left, struct err *err)
{
	cleanup_by(table_release) struct table seen = TABLE_INIT;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const char *tag = tags[i];
		int r = tag ? tag_select_match(s, span_str(tag), err) : 0;

		if (r < 0)
			return -1;
		if (r && !table_put(&seen, tag, (void *)tag))
			tags[kept++] = tag;
	}
	return s->newest ? keep_newest(s, tags, kept, left, err) : (long)kept;
}
