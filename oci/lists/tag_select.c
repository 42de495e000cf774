#include "oci/lists/tag_select.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/image/version.h"
#include "oci/lists/image_options.h"

struct tag_select {
	char *tags, *exclude; /* owned */
	struct regex *match;
	struct version_range *semver;
	size_t newest; /* 0: no limit */
};

struct tag_select *tag_select_new(const struct image_options *o, struct err *err)
{
	struct tag_select *s = xcalloc(1, sizeof(*s));

	s->tags = o->tags ? xstrdup(o->tags) : NULL;
	s->exclude = o->exclude ? xstrdup(o->exclude) : NULL;
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
	regex_free(s->match);
	version_range_free(s->semver);
	free(s);
}

/* Signatures, other referrers, and indexes of referrers have such tags. */
static bool is_digest_tag(struct span tag)
{
	size_t n = 0, prefix = sizeof("sha256-") - 1;

	if (!span_starts(tag, "sha256-") && !span_starts(tag, "sha512-"))
		return false;
	while (prefix + n < tag.n && memchr("0123456789abcdef", tag.p[prefix + n], 16))
		n++;
	return n >= 64;
}

static bool version_fits(const struct tag_select *s, struct span tag)
{
	struct version v;

	return version_parse(&v, tag) && version_in_range(s->semver, &v);
}

int tag_select_match(const struct tag_select *s, struct span tag, struct err *err)
{
	if (!ref_valid_tag(tag) || is_digest_tag(tag))
		return 0;
	if (s->tags && !glob_match_any(span_str(s->tags), tag))
		return 0;
	if (s->exclude && glob_match_any(span_str(s->exclude), tag))
		return 0;
	if (s->semver && !version_fits(s, tag))
		return 0;
	return s->match ? regex_match(s->match, tag, err) : 1;
}

struct candidate {
	struct version version;
	const char *tag;
};

/* Newest first; of equal versions the one with more numbers ("7.2.0" before "7.2"), which moves
 * less often. */
static int order_candidates(const void *a, const void *b)
{
	const struct candidate *p = a, *q = b;
	int c = version_cmp(&q->version, &p->version);

	if (c)
		return c;
	if (p->version.given != q->version.given)
		return q->version.given - p->version.given;
	return strcmp(p->tag, q->tag);
}

static long keep_newest_versions(const struct tag_select *s, const char **tags, size_t n,
				 struct err *err)
{
	cleanup_free struct candidate *v = xcalloc(n, sizeof(*v));
	size_t versions = 0;

	for (size_t i = 0; i < n; i++)
		if (version_parse(&v[versions].version, span_str(tags[i])))
			v[versions++].tag = tags[i];
	if (n && !versions)
		return err_set(err, ERR_INVALID, 0,
			       "newest=%zu: none of the %zu matching tags is a version (\"%s\")",
			       s->newest, n, tags[0]);
	qsort(v, versions, sizeof(*v), order_candidates);
	if (versions > s->newest)
		versions = s->newest;
	for (size_t i = 0; i < versions; i++)
		tags[i] = v[i].tag;
	return (long)versions;
}

long tag_select_tags(const struct tag_select *s, const char **tags, size_t n, struct err *err)
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
	return s->newest ? keep_newest_versions(s, tags, kept, err) : (long)kept;
}
