#include "oci/store/hold.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/store/index.h"

/* The hold of e as a document the caller frees; NULL when there is none or it cannot be read. */
static json_t *read_hold(const struct entry *e)
{
	const char *text = entry_annotation(e, ANNOTATION_HELD);
	struct err ignored;

	return text ? json_read(span_str(text), &ignored) : NULL;
}

enum hold_mode hold_mode_of(const struct entry *e)
{
	cleanup_json json_t *hold = NULL;
	const char *mode;

	if (!entry_annotation(e, ANNOTATION_HELD))
		return HOLD_NONE;
	hold = read_hold(e);
	mode = json_get_text(hold, "mode");
	return mode && strcmp(mode, "blocked") == 0 ? HOLD_BLOCKED : HOLD_FROZEN;
}

/* Digest number i of a hold, `digest` first and then those of `also`, or NULL. */
static const char *hold_digest(const json_t *hold, size_t i)
{
	return i ? json_string_value(json_array_get(json_get_array(hold, "also"), i - 1))
		 : json_get_text(hold, "digest");
}

size_t hold_digests(const struct entry *e, struct digest out[static HOLD_DIGESTS])
{
	cleanup_json json_t *hold = read_hold(e);
	size_t n = 0;

	for (size_t i = 0; i < HOLD_DIGESTS; i++) {
		const char *text = hold_digest(hold, i);
		struct err ignored;

		if (text && digest_parse(&out[n], span_str(text), &ignored) == 0)
			n++;
	}
	return n;
}

bool hold_covers(const struct entry *e, const struct digest *d)
{
	enum hold_mode mode = hold_mode_of(e);
	struct digest blocked[HOLD_DIGESTS];
	size_t n;

	if (mode != HOLD_BLOCKED)
		return mode == HOLD_FROZEN;
	n = hold_digests(e, blocked);
	for (size_t i = 0; i < n; i++)
		if (digest_eq(&blocked[i], d))
			return true;
	return false;
}

static void copy_word(const json_t *hold, const char *key, char *out, size_t n)
{
	const char *text = json_get_text(hold, key);

	if (n)
		snprintf(out, n, "%s", text ? text : "");
}

void hold_describe(const struct entry *e, char *reason, size_t nreason, char *who, size_t nwho,
		   char *since, size_t nsince)
{
	cleanup_json json_t *hold = read_hold(e);

	copy_word(hold, "reason", reason, nreason);
	copy_word(hold, "who", who, nwho);
	copy_word(hold, "since", since, nsince);
}

/* The first as "digest", the others as the list "also". */
static void write_digests(struct buf *out, const struct digest *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i == 0 ? ",\"digest\":" : i == 1 ? ",\"also\":[" : ",");
		buf_add_json(out, v[i].str);
	}
	if (n > 1)
		buf_addc(out, ']');
}

/* first (may be NULL), then what was blocked before: each once, and without the digest that e has
 * now. */
static size_t gather_digests(const struct entry *e, const struct digest *first,
			     struct digest out[static HOLD_DIGESTS])
{
	struct digest before[HOLD_DIGESTS];
	size_t nbefore = hold_digests(e, before), n = 0;

	if (first && !digest_eq(first, &e->digest))
		out[n++] = *first;
	for (size_t i = 0; i < nbefore && n < HOLD_DIGESTS; i++)
		if (!digest_eq(&before[i], &e->digest) && !(first && digest_eq(&before[i], first)))
			out[n++] = before[i];
	return n;
}

void hold_set(struct entry *e, enum hold_mode mode, const struct digest *d, const char *reason,
	      const char *who, time_t since)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
	bool frozen = mode == HOLD_FROZEN || hold_mode_of(e) == HOLD_FROZEN;
	struct digest blocked[HOLD_DIGESTS];
	size_t n = gather_digests(e, d, blocked);
	char at[CLOCK_RFC3339];

	clock_rfc3339(since, at);
	buf_addf(&text, "{\"mode\":\"%s\"", frozen ? "frozen" : "blocked");
	write_digests(&text, blocked, n);
	buf_adds(&text, ",\"reason\":");
	buf_add_json(&text, reason ? reason : "");
	buf_adds(&text, ",\"who\":");
	buf_add_json(&text, who ? who : "");
	buf_addf(&text, ",\"since\":\"%s\"}", at);
	entry_set_annotation(e, ANNOTATION_HELD, text.p);
}

void hold_release(struct entry *e)
{
	entry_set_annotation(e, ANNOTATION_HELD, NULL);
}
