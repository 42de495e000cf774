#include "oci/auth/scope.h"

#include <string.h>

#include "oci/base/span.h"

#define REPOSITORY "repository:"

static bool has_word(const char *words, struct span word)
{
	struct span rest = span_str(words), one;

	while (span_cut(&rest, ' ', &one))
		if (one.n == word.n && memcmp(one.p, word.p, one.n) == 0)
			return true;
	return false;
}

bool scope_within(const char *wanted, const char *have)
{
	struct span rest = span_str(wanted), word;

	while (span_cut(&rest, ' ', &word))
		if (word.n && !has_word(have, word))
			return false;
	return true;
}

/* The path in "repository:PATH:ACTIONS"; empty when the word is another one. A path may begin with
 * a host and its port. */
static struct span path_of(struct span word)
{
	struct span path = span_of(word.p, 0);
	const char *end;

	if (!span_starts(word, REPOSITORY))
		return path;
	path = span_of(word.p + sizeof(REPOSITORY) - 1, word.n - (sizeof(REPOSITORY) - 1));
	end = memrchr(path.p, ':', path.n);
	return span_of(path.p, end ? (size_t)(end - path.p) : path.n);
}

bool scope_is_foreign(const char *scope, const char *path)
{
	struct span rest = span_str(scope), word;
	bool found = false;

	while (span_cut(&rest, ' ', &word)) {
		struct span named = path_of(word);

		if (named.n && span_eq(named, path))
			return false;
		found |= named.n > 0;
	}
	return found;
}
