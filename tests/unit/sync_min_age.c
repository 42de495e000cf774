#include "sync/min_age.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/store/sync_state.h"
#include "tests/tap.h"

#define HOUR 3600L
#define DAY  (24 * HOUR)

static struct digest digest(char letter)
{
	struct digest d;

	if (letter == '-')
		return (struct digest){ "" };
	snprintf(d.str, sizeof(d.str), "sha256:%064d", 0);
	memset(d.str + sizeof("sha256:") - 1, letter, 64);
	return d;
}

/* A history of checks: "1h a" sees digest a an hour after the one before; "-": nothing is there;
 * "p": what is published (p) is there; "?": a check that failed; a "!" behind: with a wrong clock.
 * The wait is 3 days. `since` counts from the first check; -1: nothing is offered. */
static const struct {
	const char *name, *checks;
	long since, until;
	char taken; /* by the last check, or 0 */
	long changed;
} histories[] = {
	{ "one check", "0h a", 0, 3 * DAY, 0, 0 },
	{ "a series", "0h a, 1h a, 47h a", 0, 3 * DAY, 0, 0 },
	{ "failed checks break nothing", "0h a, 1h ?, 1h ?, 90h a", 0, 3 * DAY, 0, 0 },
	{ "another digest does", "0h a, 1h b", HOUR, 3 * DAY + HOUR, 'a', 1 },
	{ "and the first one begins anew", "0h a, 1h b, 1h a", 2 * HOUR, 3 * DAY + 2 * HOUR, 'b',
	  2 },
	{ "so does what is published", "0h a, 1h p", -1, -1, 'a', 0 },
	{ "and that nothing is there", "0h a, 1h -", -1, -1, 'a', 0 },
	{ "after which it begins anew", "0h a, 1h p, 1h a", 2 * HOUR, 3 * DAY + 2 * HOUR, 0, 0 },
	{ "a wrong clock begins no wait", "0h a!", -1, -1, 0, 0 },
	{ "but the next one does", "0h a!, 1h a", HOUR, 3 * DAY + HOUR, 0, 0 },
	{ "a wrong clock goes on with a series", "0h a, 400h a!, 1h a", 0, 3 * DAY, 0, 0 },
	{ "and ends one", "0h a, 1h b!, 1h b", 2 * HOUR, 3 * DAY + 2 * HOUR, 0, 1 },
	{ "a clock that went back", "100h a, -50h a", 50 * HOUR, 3 * DAY + 50 * HOUR, 0, 0 },
	{ "rebuilt each night", "0h a, 24h b, 24h c, 24h d", 3 * DAY, 6 * DAY, 'c', 3 },
};

static void check_once(struct sync_row *row, struct min_age *m, const char *what, time_t now)
{
	struct digest seen = digest(*what), published = digest('p');
	bool is_offered = *what != '-' && *what != 'p';

	free(m->taken_back);
	*m = (struct min_age){ .since = 0 };
	if (*what == '?')
		return;
	min_age_see(row,
		    &(struct min_age_check){
			    .offer = is_offered ? &seen : NULL,
			    .published = &published,
			    .min_age = 3 * DAY,
			    .now = now,
			    .is_clock_wrong = what[1] == '!',
		    },
		    m);
}

static void test_history(size_t i)
{
	const time_t start = 1000000;
	struct sync_row row = { .max_age = -1 };
	struct min_age m = { .since = 0 };
	struct digest taken = digest(histories[i].taken ? histories[i].taken : '-');
	const char *at = histories[i].checks;
	time_t now = start;
	bool right;

	for (int used; *at; at += used + (at[used] == ',') + (at[used] == ',' && at[used + 1])) {
		char what[8] = "";
		long hours = 0;

		used = 0;
		sscanf(at, "%ldh %7[^,]%n", &hours, what, &used);
		now += hours * HOUR;
		check_once(&row, &m, what, now);
	}
	if (histories[i].since < 0)
		right = !row.offer_since && !row.offer_until;
	else
		right = row.offer_since == start + histories[i].since &&
			row.offer_until == start + histories[i].until;
	CHECK_ROW(right, histories[i].name);
	CHECK_ROW(m.taken_back ? digest_eq(m.taken_back, &taken) : !taken.str[0],
		  "what upstream took back");
	CHECK_ROW(row.offers_changed == histories[i].changed, "how often it changed");
	sync_row_drop_offer(&row);
	free(m.taken_back);
}

static const struct {
	const char *name;
	bool has_offer;
	time_t since;
	long min_age;
	bool due;
} dues[] = {
	{ "nothing is offered", false, 0, DAY, false },
	{ "before its time", true, 1000000 - DAY + 1, DAY, false },
	{ "at its time", true, 1000000 - DAY, DAY, true },
	{ "without min-age=", true, 1, -1, false },
	{ "since when is not known", true, 0, DAY, false },
	{ "a clock was wrong", true, 2000000, DAY, false },
};

static void test_due(size_t i)
{
	struct sync_row row = { .offer_since = dues[i].since };

	if (dues[i].has_offer)
		sync_row_set(&row.offer, digest('a').str);
	CHECK_ROW(min_age_is_due(&row, dues[i].min_age, 1000000) == dues[i].due, dues[i].name);
	sync_row_drop_offer(&row);
}

static const struct {
	const char *name;
	bool was_published;
	long until, now;
	const char *words; /* behind the digest, or NULL: nothing is told */
} ends[] = {
	{ "before its time", false, 2000, 1999, "back before its time; it was never published" },
	{ "after its wait", false, 2000, 2000,
	  "back; its wait was over since 1970-01-01T00:33:20Z, and no run published it" },
	{ "what was published once and rolled back", true, 2000, 1999, NULL },
	{ "the same after its wait", true, 2000, 3000, NULL },
};

static void test_end(size_t i)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(1000);
	struct sync_row row = { .offer_since = 1000, .offer_until = ends[i].until };
	struct digest published = digest('p');
	struct min_age m = { .since = 0 };

	sync_row_set(&row.offer, digest('a').str);
	min_age_see(&row,
		    &(struct min_age_check){ .published = &published,
					     .min_age = DAY,
					     .now = ends[i].now,
					     .was_published = ends[i].was_published },
		    &m);
	min_age_describe_taken(&words, &m, ends[i].now);
	CHECK_ROW(ends[i].words ? words.n && strstr(words.p, ends[i].words) != NULL : !words.n,
		  ends[i].name);
	sync_row_drop_offer(&row);
	free(m.taken_back);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++)
		test_history(i);
	for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++)
		test_due(i);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		test_end(i);
	CHECK(!min_age_is_due(NULL, DAY, 1000000));
	return tap_done();
}
