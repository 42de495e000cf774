#include "oci/lists/policy.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/problem.h"
#include "oci/base/span.h"
#include "oci/base/str.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/lists/image_options.h"
#include "oci/lists/kv_table.h"
#include "oci/lists/line.h"

static int check_pattern(struct span word, size_t *at, struct err *err)
{
	(void)at;
	return glob_check_ref(word, err);
}

/* A pattern that no list's name can match would leave its files to another policy. */
static int check_file(struct span word, size_t *at, struct err *err)
{
	static const char suffix[] = ".list";
	const size_t n = sizeof(suffix) - 1;

	if (memchr(word.p, '/', word.n)) {
		*at = (size_t)((const char *)memchr(word.p, '/', word.n) - word.p);
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" has a directory: lists are named alone, as payments.list",
			       SPAN_ARG(word));
	}
	if (word.p[word.n - 1] == '*' ||
	    (word.n > n && memcmp(word.p + word.n - n, suffix, n) == 0))
		return 0;
	return err_set(err, ERR_USAGE, 0,
		       "\"%.*s\" is no list's name: those end in .list (payments*.list)",
		       SPAN_ARG(word));
}

#define AT(member) .offset = offsetof(struct policy, member)

static const struct kv_row table[] = {
	{ .name = "file", .kind = VALUE_LIST, AT(file), .check = check_file },
	{ .name = "allow", .kind = VALUE_LIST, AT(allow), .check = check_pattern },
	{ .name = "as", .kind = VALUE_LIST, AT(as), .check = check_pattern },
	{ .name = "private",
	  .kind = VALUE_TEXT,
	  AT(private_group),
	  .check = image_options_check_group },
	{ .name = "max-tags", .kind = VALUE_NUMBER, AT(max_tags), .min = 0, .max = LIMIT_TAGS },
	{ .name = "max-bytes", .kind = VALUE_SIZE, AT(max_bytes) },
	{ .name = "max-total", .kind = VALUE_SIZE, AT(max_total) },
	{ .name = NULL },
};

void policies_release(struct policies *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		kv_table_release(table, &ps->v[i]);
	free(ps->v);
	*ps = (struct policies)POLICIES_INIT;
}

/* Which one would hold is said nowhere. */
static void check_second(const struct policies *ps, const struct policy *p, const struct line *l,
			 const struct place *at)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (!str_same(ps->v[i].file, p->file))
			continue;
		if (p->file)
			place_error(at, line_find(l, "file")->column,
				    "file=%s has a policy already (line %d)", p->file,
				    ps->v[i].line);
		else
			place_error(at, l->v[0].column,
				    "a second \"policy\" line (the first is line %d): file= says "
				    "for which lists it holds",
				    ps->v[i].line);
		return;
	}
}

void policies_read(struct policies *ps, const struct line *l, const struct place *at)
{
	struct policy p = { .line = at->line };

	kv_table_init(table, &p);
	if (l->n == 1)
		place_error(at, l->v[0].column, "\"policy\" without an option says nothing");
	if (kv_table_read(table, &p, l, 1, at)) {
		if (p.file && l->n == 2)
			place_error(at, l->v[0].column,
				    "\"policy\" with file= alone limits nothing");
		check_second(ps, &p, l, at);
	}
	ps->v = xgrow(ps->v, ps->n, &ps->cap, sizeof(*ps->v));
	ps->v[ps->n++] = p;
}

const struct policy *policies_for(const struct policies *ps, const char *file)
{
	const struct policy *rest = NULL;

	for (size_t i = ps->n; i-- > 0;) {
		const struct policy *p = &ps->v[i];

		if (p->file && glob_match_any(span_str(p->file), span_str(file)))
			return p;
		if (!p->file)
			rest = p;
	}
	return rest;
}

static bool patterns_match(const char *patterns, const struct ref *r)
{
	const bool repository = !r->tag && !r->digest.str[0];
	struct span rest = span_str(patterns), pattern;

	while (span_cut(&rest, ',', &pattern))
		if (repository ? glob_match_name(pattern, r) : glob_match_ref(pattern, r))
			return true;
	return false;
}

bool policy_allows_source(const struct policy *p, const struct ref *source)
{
	return !p || !p->allow || patterns_match(p->allow, source);
}

bool policy_allows_target(const struct policy *p, const struct ref *target, bool is_renamed)
{
	if (p && p->as && is_renamed)
		return patterns_match(p->as, target);
	return policy_allows_source(p, target);
}

bool policy_allows_group(const struct policy *p, const char *group)
{
	return !p || !p->private_group || str_same(p->private_group, group);
}
