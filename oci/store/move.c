#include "oci/store/move.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/image/ref.h"
#include "oci/image/stamp.h"
#include "oci/store/index.h"

const char *move_ref_tag(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *colon;

	if (strchr(ref, '@'))
		return NULL;
	colon = strrchr(slash ? slash : ref, ':');
	return slash && colon ? colon + 1 : NULL;
}

/* Whether `rest`, what follows <tag><datestamp> in a reference, is "" or "-N" with N from 2 up. */
static bool is_turn(const char *rest)
{
	if (!rest[0])
		return true;
	return rest[0] == '-' && rest[1] != '0' && span_number(span_str(rest + 1), LONG_MAX) >= 2;
}

/* The snapshot of `of` that already keeps d under that day's name. */
static struct entry *find_same(const struct index *x, const char *base, const char *of,
			       const struct digest *d)
{
	size_t n = strlen(base);

	for (size_t i = index_seek(x, base); i < x->n; i++) {
		struct entry *s = x->v[i];
		const char *keeps = entry_note(s, NOTE_SNAPSHOT_OF);

		if (strncmp(s->ref, base, n) != 0)
			return NULL;
		/* an entry that is no snapshot may move, so it keeps nothing */
		if (is_turn(s->ref + n) && keeps && strcmp(keeps, of) == 0 &&
		    digest_eq(&s->digest, d))
			return s;
	}
	return NULL;
}

/* base, or the first of base-2, base-3, ... that nothing is called; freed by the caller. */
static char *free_name(const struct index *x, const char *base)
{
	char *name = xstrdup(base);

	for (int turn = 2; index_find(x, name); turn++) {
		free(name);
		name = xasprintf("%s-%d", base, turn);
	}
	return name;
}

static struct entry *make_snapshot(struct index *x, const char *base, const struct entry *e,
				   struct err *err)
{
	own_free char *name = free_name(x, base);
	const char *tag = move_ref_tag(name);

	if (!tag || !ref_valid_tag(span_str(tag))) {
		err_set(err, ERR_INVALID, 0,
			"\"%s\" cannot be kept as \"%s\": no tag has more than %d characters",
			e->ref, name, LIMIT_TAG);
		return NULL;
	}
	return index_add(x, name);
}

/* The number of the generation that this move will be in. */
static long long next_generation(const struct index *x)
{
	const char *text = index_note(x, NOTE_GENERATION);
	long long n = text ? span_number(span_str(text), INT_MAX) : 0;

	return n < 0 ? 1 : n + 1;
}

/* What is said of a name rather than of its content does not go along. */
static void fill_snapshot(const struct move *m, struct entry *s, const struct entry *e)
{
	const char *bad = entry_note(s, NOTE_BAD), *by = entry_note(s, NOTE_SNAPSHOT_BY);
	own_free char *kept_bad = bad ? xstrdup(bad) : NULL;
	/* a rollback away from content that a sync replaced before does not make it a rollback's */
	bool keep_by = by && strcmp(m->by, MOVE_BY_ROLLBACK) == 0;
	own_free char *kept_by = xstrdup(keep_by ? by : m->by);
	own_free char *in = xasprintf("%lld", next_generation(m->index));
	char at[CLOCK_RFC3339];

	clock_rfc3339(m->when, at);
	entry_copy(s, e);
	entry_set_note(s, NOTE_HELD, NULL);
	entry_set_note(s, NOTE_GONE_SINCE, NULL);
	entry_set_note(s, NOTE_UNLISTED_SINCE, NULL);
	entry_set_note(s, NOTE_BAD, kept_bad);
	entry_set_note(s, NOTE_SNAPSHOT_OF, e->ref);
	entry_set_note(s, NOTE_SNAPSHOT_AT, at);
	entry_set_note(s, NOTE_SNAPSHOT_IN, in);
	entry_set_note(s, NOTE_SNAPSHOT_BY, kept_by);
}

static struct entry *snapshot_of(const struct move *m, const struct entry *e, struct err *err)
{
	char stamp[STAMP_MAX];
	own_free char *base = NULL;
	struct entry *s;

	stamp_print(m->suffix, m->when, stamp);
	base = xasprintf("%s%s", e->ref, stamp);
	s = find_same(m->index, base, e->ref, &e->digest);
	if (!s)
		s = make_snapshot(m->index, base, e, err);
	if (s)
		fill_snapshot(m, s, e);
	return s;
}

int move_tag(const struct move *m, struct entry *e, const char *media_type, const struct digest *d,
	     int64_t size, struct entry **snapshot, struct err *err)
{
	struct entry *kept = NULL;

	if (e->digest.str[0] && !digest_eq(&e->digest, d) && move_ref_tag(e->ref)) {
		kept = snapshot_of(m, e, err);
		if (!kept)
			return -1;
	}
	entry_set_content(e, media_type, d, size);
	if (snapshot)
		*snapshot = kept;
	return 0;
}

/* The hold of e as a document the caller frees; NULL when there is none or it cannot be read. */
static json_t *read_hold(const struct entry *e)
{
	const char *text = entry_note(e, NOTE_HELD);
	struct err ignored;

	return text ? json_read(span_str(text), &ignored) : NULL;
}

enum hold_mode move_hold_mode(const struct entry *e)
{
	own_json json_t *hold = NULL;
	const char *mode;

	if (!entry_note(e, NOTE_HELD))
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

size_t move_hold_digests(const struct entry *e, struct digest out[static HOLD_DIGESTS])
{
	own_json json_t *hold = read_hold(e);
	size_t n = 0;

	for (size_t i = 0; i < HOLD_DIGESTS; i++) {
		const char *text = hold_digest(hold, i);
		struct err ignored;

		if (text && digest_parse(&out[n], span_str(text), &ignored) == 0)
			n++;
	}
	return n;
}

bool move_is_held(const struct entry *e, const struct digest *d)
{
	enum hold_mode mode = move_hold_mode(e);
	struct digest blocked[HOLD_DIGESTS];
	size_t n;

	if (mode != HOLD_BLOCKED)
		return mode == HOLD_FROZEN;
	n = move_hold_digests(e, blocked);
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

void move_hold_words(const struct entry *e, char *reason, size_t nreason, char *who, size_t nwho,
		     char *since, size_t nsince)
{
	own_json json_t *hold = read_hold(e);

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

/* first (may be NULL), then what was blocked before: each once, and without what e means now. */
static size_t gather_digests(const struct entry *e, const struct digest *first,
			     struct digest out[static HOLD_DIGESTS])
{
	struct digest before[HOLD_DIGESTS];
	size_t nbefore = move_hold_digests(e, before), n = 0;

	if (first && !digest_eq(first, &e->digest))
		out[n++] = *first;
	for (size_t i = 0; i < nbefore && n < HOLD_DIGESTS; i++)
		if (!digest_eq(&before[i], &e->digest) && !(first && digest_eq(&before[i], first)))
			out[n++] = before[i];
	return n;
}

void move_hold(struct entry *e, enum hold_mode mode, const struct digest *d, const char *reason,
	       const char *who, time_t since)
{
	own_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
	bool frozen = mode == HOLD_FROZEN || move_hold_mode(e) == HOLD_FROZEN;
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
	entry_set_note(e, NOTE_HELD, text.p);
}

void move_release(struct entry *e)
{
	entry_set_note(e, NOTE_HELD, NULL);
}
