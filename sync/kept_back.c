#include "sync/kept_back.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/lists/list_image.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "sync/target.h"

bool kept_back_by(const struct target *t, const struct entry *e, const struct marks *m,
		  const struct mark **k)
{
	*k = marks_banned(m, &t->found);
	if (!*k && e && hold_is_frozen(e))
		return true;
	if (!*k)
		*k = marks_bad(m, t->name, &t->found);
	return *k != NULL;
}

/* " (reason; who, day)", of what is known. */
static void add_words(struct buf *out, const char *reason, const char *who, const char *since)
{
	bool any = reason[0] || who[0] || since[0];
	char day[FORMAT_DAY];

	format_day(since, day);
	if (any)
		buf_addf(out, " (%s%s%s%s%s)", reason,
			 reason[0] && (who[0] || since[0]) ? "; " : "", who,
			 who[0] && since[0] ? ", " : "", since[0] ? day : "");
}

static void say_frozen(struct buf *out, const struct target *t, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words words = { .reason = NULL };
	char digest[FORMAT_DIGEST];

	hold_read_words(e, &words);
	format_digest(t->found.str, digest);
	buf_adds(out, "frozen");
	add_words(out, words.reason, words.who, words.since);
	buf_addf(out, "; upstream has %s", digest);
}

static void say_marked(struct buf *out, const struct target *t, const struct mark *k)
{
	char digest[FORMAT_DIGEST];

	format_digest(k->digest.str, digest);
	if (target_is_pinned(t))
		buf_addf(out, "%s:%d pins %s, which is ", t->line->file, t->line->line, digest);
	else
		buf_addf(out, "kept back: upstream has %s, which is ", digest);
	buf_addf(out, "%s by %s", k->ref ? "bad" : "banned", mark_by_word(k->by));
	add_words(out, k->reason, k->who, k->since);
	if (!k->ref)
		return;
	if (target_is_pinned(t))
		buf_addf(out, "; pin another one, or mirror-publish release %s", t->name);
	else
		buf_addf(out, "; mirror-publish release %s lets it come", t->name);
}

enum image_state kept_back_say(struct target *t, const struct entry *e, const struct mark *k)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_LINE);

	if (k)
		say_marked(&text, t, k);
	else
		say_frozen(&text, t, e);
	target_set_error(t, text.p);
	if (!k || !target_is_pinned(t))
		return STATE_HELD;
	t->why = ERR_INVALID;
	return STATE_FAILED;
}
