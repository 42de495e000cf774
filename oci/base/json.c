#include "oci/base/json.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

/*
 * jansson allocates its memory here. While json_read() parses a document, allocations are counted
 * against a budget, and one that exceeds it fails as if memory had run out. The count is per thread
 * and off at other times, when jansson allocates little.
 */
static __thread size_t budget_left;
static __thread bool budget_on, budget_spent;

static void *budget_alloc(size_t n)
{
	/* with the allocator's header and rounding */
	size_t cost = n + 16;

	if (budget_on && cost > budget_left) {
		budget_spent = true; /* jansson does not always report the reason */
		return NULL;
	}
	if (budget_on)
		budget_left -= cost;
	return malloc(n);
}

__attribute__((constructor)) static void install_budget(void)
{
	json_set_alloc_funcs(budget_alloc, free);
}

/* jansson recurses, with a limit of 2048. This counts brackets outside strings and checks nothing
 * else. */
static size_t depth_of(struct span text)
{
	size_t depth = 0, max = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > max)
				max = depth;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return max;
}

json_t *json_read(struct span text, struct err *err)
{
	json_error_t why;
	json_t *value;

	if (depth_of(text) > LIMIT_JSON_DEPTH) {
		err_set(err, ERR_INVALID, 0, "JSON is nested more than %d deep", LIMIT_JSON_DEPTH);
		return NULL;
	}
	budget_left = LIMIT_JSON_MEMORY;
	budget_on = true;
	budget_spent = false;
	value = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	budget_on = false;
	if (value)
		return value;
	if (budget_spent)
		err_set(err, ERR_INVALID, 0, "JSON needs more than %lu MiB of memory to read",
			LIMIT_JSON_MEMORY / MIB);
	else
		err_set(err, ERR_INVALID, 0, "JSON, line %d, column %d: %s", why.line, why.column,
			why.text);
	return NULL;
}

const char *json_get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

const json_t *json_get_object(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_object(v) ? v : NULL;
}

const json_t *json_get_array(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_array(v) ? v : NULL;
}

bool json_has_array(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	return json_is_array(member) || json_is_null(member);
}

int64_t json_get_size(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return -1;
	return json_integer_value(v);
}

void json_set_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, value ? json_string(value) : json_null());
}

static int add_piece(const char *p, size_t n, void *out)
{
	/* jansson escapes control characters of ASCII only; what may not be shown is in strings,
	 * where an escape means the same */
	buf_add_shown(out, span_of(p, n));
	return buf_failed(out) ? -1 : 0;
}

void json_write(struct buf *out, const json_t *value)
{
	if (json_dump_callback(value, add_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		out->failed = true;
}
