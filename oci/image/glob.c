#include "oci/image/glob.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/ref.h"

/*
 * Greedy with one way back: when a character does not match, the last "*" takes one more. An
 * earlier "*" never needs to be tried again, since the last one can take all that it could.
 */
bool glob_match(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = pattern.n, resume = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (star < pattern.n) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool glob_has_wildcard(struct span pattern)
{
	return memchr(pattern.p, '*', pattern.n) || memchr(pattern.p, '?', pattern.n);
}

bool glob_match_any(struct span patterns, struct span text)
{
	struct span one;

	while (span_cut(&patterns, ',', &one))
		if (glob_match(one, text))
			return true;
	return false;
}

/* A PATTERN's parts; p is NULL where there is none. */
struct parts {
	struct span name, tag, digest;
};

static struct parts split_pattern(struct span pattern)
{
	struct parts parts = { .name = pattern };
	const char *at = memchr(pattern.p, '@', pattern.n);
	const char *end = pattern.p + pattern.n, *slash, *colon;

	if (at) {
		parts.digest = span_of(at + 1, (size_t)(end - at - 1));
		end = at;
	}
	parts.name.n = (size_t)(end - pattern.p);
	slash = memrchr(pattern.p, '/', parts.name.n);
	colon = memrchr(pattern.p, ':', parts.name.n);
	if (colon && (!slash || colon > slash)) {
		parts.tag = span_of(colon + 1, (size_t)(end - colon - 1));
		parts.name.n = (size_t)(colon - pattern.p);
	}
	return parts;
}

static bool match_name(struct span name, const struct ref *target)
{
	cleanup_free char *repository = ref_repository(target);
	cleanup_by(ref_release) struct ref plain = REF_INIT;
	struct err ignored;

	if (glob_has_wildcard(name))
		return glob_match(name, span_str(repository));
	return ref_parse(&plain, name, &ignored) == 0 && strcmp(plain.host, target->host) == 0 &&
	       strcmp(plain.path, target->path) == 0;
}

bool glob_match_ref(struct span pattern, const struct ref *target)
{
	struct parts parts = split_pattern(pattern);

	if (parts.tag.p && (!target->tag || !glob_match(parts.tag, span_str(target->tag))))
		return false;
	if (parts.digest.p && !glob_match(parts.digest, span_str(target->digest.str)))
		return false;
	return match_name(parts.name, target);
}

bool glob_match_name(struct span pattern, const struct ref *target)
{
	return match_name(split_pattern(pattern).name, target);
}

/* A wildcard can stand for anything, so only the characters between them can be wrong. */
static int check_part(const char *what, struct span part, const char *also, struct err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789._-*?";

	if (!part.n)
		return err_set(err, ERR_USAGE, 0, "an empty %s in a pattern", what);
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (!memchr(plain, c, sizeof(plain) - 1) && !(c && strchr(also, c)))
			return err_set(err, ERR_USAGE, 0,
				       "the %s \"%.*s\" of a pattern has a character that none has",
				       what, SPAN_ARG(part));
	}
	return 0;
}

static int check_plain(struct parts parts, struct err *err)
{
	cleanup_by(ref_release) struct ref plain = REF_INIT;

	if (!glob_has_wildcard(parts.name) && ref_parse(&plain, parts.name, err) < 0)
		return -1;
	if (parts.tag.p && !glob_has_wildcard(parts.tag) && !ref_valid_tag(parts.tag))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a tag", SPAN_ARG(parts.tag));
	if (parts.digest.p && !glob_has_wildcard(parts.digest)) {
		struct digest digest;

		return digest_parse(&digest, parts.digest, err);
	}
	return 0;
}

int glob_check_ref(struct span pattern, struct err *err)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct parts parts;

	if (!pattern.n)
		return err_set(err, ERR_USAGE, 0, "an empty pattern");
	parts = split_pattern(pattern);
	if (check_part("name", parts.name, "/:[]ABCDEFGHIJKLMNOPQRSTUVWXYZ", err) < 0 ||
	    (parts.tag.p && check_part("tag", parts.tag, upper, err) < 0) ||
	    (parts.digest.p && check_part("digest", parts.digest, ":", err) < 0) ||
	    check_plain(parts, err) < 0) {
		err->kind = ERR_USAGE;
		return -1;
	}
	return 0;
}

/* A tag has at most 128 characters: an honest expression needs a few hundred steps for one. */
#define MATCH_STEPS 100000
#define MATCH_DEPTH 1000
#define MATCH_HEAP  512 /* KiB */
/* PCRE2 itself refuses a short pattern with a large program, such as "(a{1000}){1000}". */
#define PATTERN_MAX 1000
#define NESTING_MAX 30

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

static pcre2_code *compile(struct span pattern, int *error, PCRE2_SIZE *at)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
				 PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP | PCRE2_NEVER_UTF;

	if (!ctx)
		abort();
	pcre2_set_max_pattern_length(ctx, PATTERN_MAX);
	pcre2_set_parens_nest_limit(ctx, NESTING_MAX);
	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, error, at, ctx);
	pcre2_compile_context_free(ctx);
	return code;
}

static void set_limits(struct regex *re)
{
	re->limits = pcre2_match_context_create(NULL);
	re->data = pcre2_match_data_create(1, NULL);
	if (!re->limits || !re->data)
		abort();
	pcre2_set_match_limit(re->limits, MATCH_STEPS);
	pcre2_set_depth_limit(re->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(re->limits, MATCH_HEAP);
}

struct regex *regex_new(struct span pattern, size_t *at, struct err *err)
{
	struct regex *re;
	PCRE2_SIZE offset = 0;
	int error = 0;
	pcre2_code *code = compile(pattern, &error, &offset);

	if (at)
		*at = offset < pattern.n ? offset : pattern.n;
	if (!code) {
		char reason[120];

		pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof(reason));
		err_set(err, ERR_USAGE, 0, "not a regular expression: %s", reason);
		return NULL;
	}
	re = xcalloc(1, sizeof(*re));
	re->code = code;
	set_limits(re);
	return re;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	free(re);
}

int regex_match(const struct regex *re, struct span text, struct err *err)
{
	int r = pcre2_match(re->code, (PCRE2_SPTR)text.p, text.n, 0, 0, re->data, re->limits);
	char reason[120];

	if (r >= 0)
		return 1;
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	pcre2_get_error_message(r, (PCRE2_UCHAR *)reason, sizeof(reason));
	return err_set(err, ERR_LIMIT, 0, "the regular expression takes too long for \"%.*s\" (%s)",
		       SPAN_ARG(text), reason);
}
