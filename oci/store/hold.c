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

static bool is_blocked(const json_t *hold)
{
	const char *mode = json_get_text(hold, "mode");

	return mode && strcmp(mode, "blocked") == 0;
}

bool hold_is_frozen(const struct entry *e)
{
	cleanup_json json_t *hold = read_hold(e);

	return entry_annotation(e, ANNOTATION_HELD) && !is_blocked(hold);
}

static char *copy_word(const json_t *hold, const char *key)
{
	const char *text = json_get_text(hold, key);

	return xstrdup(text ? text : "");
}

void hold_read_words(const struct entry *e, struct hold_words *words)
{
	cleanup_json json_t *hold = read_hold(e);

	words->reason = copy_word(hold, "reason");
	words->who = copy_word(hold, "who");
	words->since = copy_word(hold, "since");
}

void hold_release_words(struct hold_words *words)
{
	free(words->reason);
	free(words->who);
	free(words->since);
	*words = (struct hold_words){ .reason = NULL };
}

static void write_frozen(struct entry *e, const char *reason, const char *who, const char *since)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);

	buf_adds(&text, "{\"mode\":\"frozen\",\"reason\":");
	buf_add_json(&text, reason ? reason : "");
	buf_adds(&text, ",\"who\":");
	buf_add_json(&text, who ? who : "");
	buf_adds(&text, ",\"since\":");
	buf_add_json(&text, since);
	buf_addc(&text, '}');
	entry_set_annotation(e, ANNOTATION_HELD, text.p);
}

void hold_freeze(struct entry *e, const char *reason, const char *who, time_t since)
{
	char at[CLOCK_RFC3339];

	clock_rfc3339(since, at);
	write_frozen(e, reason, who, at);
}

void hold_release(struct entry *e)
{
	entry_set_annotation(e, ANNOTATION_HELD, NULL);
}

/* ---- version 0.1 ---- */

/* Digest number i of a hold, `digest` first and then those of `also`, or NULL. */
static const char *old_digest(const json_t *hold, size_t i)
{
	return i ? json_string_value(json_array_get(json_get_array(hold, "also"), i - 1))
		 : json_get_text(hold, "digest");
}

size_t hold_old_digests(const struct entry *e, struct digest **v)
{
	cleanup_json json_t *hold = read_hold(e);
	size_t named = 1 + json_array_size(json_get_array(hold, "also")), n = 0;

	*v = hold ? xcalloc(named, sizeof(**v)) : NULL;
	for (size_t i = 0; hold && i < named; i++) {
		const char *text = old_digest(hold, i);
		struct err ignored;

		if (text && digest_parse(&(*v)[n], span_str(text), &ignored) == 0)
			n++;
	}
	return n;
}

void hold_carry_over(struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	cleanup_json json_t *hold = read_hold(e);

	if (is_blocked(hold)) {
		hold_release(e);
	} else if (json_object_get(hold, "digest") || json_object_get(hold, "also")) {
		hold_read_words(e, &words);
		write_frozen(e, words.reason, words.who, words.since);
	}
}
