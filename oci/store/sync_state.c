#include "oci/store/sync_state.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/json_split.h"
#include "oci/base/str.h"
#include "oci/store/beneath.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"

static const char path[] = ".mirror/state.json", path_bad[] = ".mirror/state.json.bad";

/* The file is our own and grows with the lists, which have their ceiling. */
#define NO_CEILING (SIZE_MAX / 2)

static void row_free(void *value)
{
	struct sync_row *row = value;

	free(row->ref);
	free(row->upstream);
	free(row->offer);
	free(row->referrers);
	free(row->referrers_as);
	free(row);
}

static void absence_free(void *value)
{
	struct sync_absence *a = value;

	free(a->key);
	free(a);
}

void sync_state_release(struct sync_state *s)
{
	table_clear(&s->rows, row_free);
	table_clear(&s->no_referrers, absence_free);
	s->unreadable = false;
}

const struct sync_row *sync_state_find(const struct sync_state *s, const char *ref)
{
	return table_get(&s->rows, ref);
}

struct sync_row *sync_state_row(struct sync_state *s, const char *ref)
{
	struct sync_row *row = table_get(&s->rows, ref);

	if (row)
		return row;
	row = xcalloc(1, sizeof(*row));
	row->ref = xstrdup(ref);
	row->max_age = -1;
	table_put(&s->rows, row->ref, row);
	return row;
}

void sync_state_set_absence(struct sync_state *s, const char *key, time_t since)
{
	struct sync_absence *a = table_get(&s->no_referrers, key);

	if (!a) {
		a = xcalloc(1, sizeof(*a));
		a->key = xstrdup(key);
		table_put(&s->no_referrers, a->key, a);
	}
	a->since = since;
}

void sync_row_set(char **text, const char *value)
{
	if (str_same(*text, value))
		return;
	free(*text);
	*text = value ? xstrdup(value) : NULL;
}

void sync_row_drop_offer(struct sync_row *row)
{
	sync_row_set(&row->offer, NULL);
	row->offer_since = row->offer_seen = row->offer_until = row->offers_since = 0;
	row->offers_changed = 0;
}

/* ---- reading ---- */

static time_t time_of(const char *text)
{
	time_t t = text ? clock_parse_rfc3339(text) : 0;

	return t > 0 ? t : 0;
}

static void read_row(struct sync_row *row, const json_t *o)
{
	const json_t *offer = json_get_object(o, "offer"), *refs = json_get_object(o, "referrers");

	row->checked = time_of(json_get_text(o, "checked"));
	row->max_age = (long)json_get_size(o, "max_age");
	row->gone = json_is_true(json_object_get(o, "gone"));
	row->unfinished = json_is_true(json_object_get(o, "unfinished"));
	row->held = json_is_true(json_object_get(o, "held"));
	sync_row_set(&row->upstream, json_get_text(o, "upstream"));
	sync_row_set(&row->offer, json_get_text(offer, "digest"));
	row->offer_since = time_of(json_get_text(offer, "since"));
	row->offer_seen = time_of(json_get_text(offer, "seen"));
	row->offer_until = time_of(json_get_text(offer, "until"));
	row->offers_since = time_of(json_get_text(offer, "first"));
	row->offers_changed = (long)json_get_size(offer, "changes");
	if (row->offers_changed < 0)
		row->offers_changed = 0;
	sync_row_set(&row->referrers, json_get_text(refs, "digest"));
	sync_row_set(&row->referrers_as, json_get_text(refs, "as"));
	row->referrers_at = time_of(json_get_text(refs, "at"));
	row->referrers_tried = time_of(json_get_text(refs, "tried"));
	row->referrers_failed = (long)json_get_size(refs, "failed");
	if (row->referrers_failed < 0)
		row->referrers_failed = 0;
}

/* A member of version 0.1: "checked" has a time for each reference, "max_age" has seconds. */
static void read_old_value(struct sync_row *row, const json_t *value)
{
	if (json_is_string(value))
		row->checked = time_of(json_string_value(value));
	else if (json_is_integer(value) && json_integer_value(value) >= 0)
		row->max_age = (long)json_integer_value(value);
}

/* One reference and its value; a value outside an array or object is no document for jansson. */
static int read_member(struct sync_state *s, struct span key, struct span value, struct err *err)
{
	cleanup_free char *text = xasprintf("[%.*s,%.*s]", SPAN_ARG(key), SPAN_ARG(value));
	cleanup_json json_t *pair = json_read(span_str(text), err);
	const char *ref = json_string_value(json_array_get(pair, 0));
	const json_t *o = json_array_get(pair, 1);

	if (!pair)
		return -1;
	if (json_is_object(o))
		read_row(sync_state_row(s, ref), o);
	else
		read_old_value(sync_state_row(s, ref), o);
	return 0;
}

static int read_references(struct sync_state *s, struct span object, struct err *err)
{
	struct json_split split;
	struct span key, value;
	int r;

	if (json_split_begin(&split, object, '{', err) < 0)
		return -1;
	while ((r = json_split_next(&split, &key, &value, err)) > 0)
		if (read_member(s, key, value, err) < 0)
			return -1;
	return r < 0 ? -1 : json_split_end(&split, err);
}

/* There are few: a handful of registries. */
static int read_absences(struct sync_state *s, struct span object, struct err *err)
{
	cleanup_json json_t *doc = json_read(object, err);
	const char *key;
	const json_t *value;

	if (!doc)
		return -1;
	json_object_foreach(doc, key, value)
	{
		time_t since = time_of(json_string_value(value));

		if (since)
			sync_state_set_absence(s, key, since);
	}
	return 0;
}

static int read_document(struct sync_state *s, struct span text, struct err *err)
{
	struct json_split split;
	struct span key, value;
	int r;

	if (json_split_begin(&split, text, '{', err) < 0)
		return -1;
	while ((r = json_split_next(&split, &key, &value, err)) > 0) {
		if (span_eq(key, "\"no_referrers\"") && read_absences(s, value, err) < 0)
			return -1;
		if (!span_eq(key, "\"references\"") && !span_eq(key, "\"checked\"") &&
		    !span_eq(key, "\"max_age\""))
			continue;
		if (read_references(s, value, err) < 0)
			return -1;
	}
	return r < 0 ? -1 : json_split_end(&split, err);
}

int sync_state_load(struct sync_state *s, const struct layout *l, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(NO_CEILING);
	struct err why = ERR_INIT;

	if (l->root < 0)
		return 0;
	if (beneath_read(l->root, path, &b, &why) == 0 && read_document(s, buf_span(&b), &why) == 0)
		return 0;
	if (why.kind == ERR_NOTFOUND)
		return 0;
	sync_state_release(s);
	s->unreadable = true;
	*err = why;
	return err_wrap(err, "%s/%s", l->path, path);
}

time_t sync_state_at(const struct sync_state *s, const char *ref)
{
	const struct sync_row *row = sync_state_find(s, ref);

	return row ? row->checked : 0;
}

long sync_state_max_age(const struct sync_state *s, const char *ref)
{
	const struct sync_row *row = sync_state_find(s, ref);

	return row ? row->max_age : -1;
}

/* ---- writing ---- */

static void write_time(struct buf *out, const char *name, time_t when)
{
	char text[CLOCK_RFC3339];

	if (when <= 0)
		return;
	clock_rfc3339(when, text);
	buf_addf(out, "\"%s\":\"%s\",", name, text);
}

static void write_flag(struct buf *out, const char *name, bool value)
{
	if (value)
		buf_addf(out, "\"%s\":true,", name);
}

/* Every member ends in a comma; the last one becomes the bracket. */
static void close_object(struct buf *out)
{
	if (out->p[out->n - 1] == ',')
		out->p[out->n - 1] = '}';
	else
		buf_addc(out, '}');
}

static void write_row(struct buf *out, const struct sync_row *row)
{
	buf_add_json(out, row->ref);
	buf_adds(out, ":{");
	write_time(out, "checked", row->checked);
	if (row->max_age >= 0)
		buf_addf(out, "\"max_age\":%ld,", row->max_age);
	write_flag(out, "gone", row->gone);
	write_flag(out, "unfinished", row->unfinished);
	write_flag(out, "held", row->held);
	if (row->upstream)
		buf_addf(out, "\"upstream\":\"%s\",", row->upstream);
	if (row->offer) {
		buf_addf(out, "\"offer\":{\"digest\":\"%s\",", row->offer);
		write_time(out, "since", row->offer_since);
		write_time(out, "seen", row->offer_seen);
		write_time(out, "until", row->offer_until);
		write_time(out, "first", row->offers_since);
		if (row->offers_changed)
			buf_addf(out, "\"changes\":%ld,", row->offers_changed);
		close_object(out);
		buf_addc(out, ',');
	}
	if (row->referrers) {
		buf_addf(out, "\"referrers\":{\"digest\":\"%s\",", row->referrers);
		if (row->referrers_as) {
			buf_adds(out, "\"as\":");
			buf_add_json(out, row->referrers_as);
			buf_addc(out, ',');
		}
		write_time(out, "at", row->referrers_at);
		write_time(out, "tried", row->referrers_tried);
		if (row->referrers_failed)
			buf_addf(out, "\"failed\":%ld,", row->referrers_failed);
		close_object(out);
		buf_addc(out, ',');
	}
	close_object(out);
}

static int row_order(const void *a, const void *b)
{
	const struct sync_row *x = *(struct sync_row *const *)a, *y = *(struct sync_row *const *)b;

	return strcmp(x->ref, y->ref);
}

static void write_absences(const struct sync_state *s, struct buf *out)
{
	const struct sync_absence *a;
	const char *between = "\n";
	size_t at = 0;

	while ((a = table_next(&s->no_referrers, &at))) {
		char text[CLOCK_RFC3339];

		clock_rfc3339(a->since, text);
		buf_adds(out, between);
		buf_add_json(out, a->key);
		buf_addf(out, ":\"%s\"", text);
		between = ",\n";
	}
}

int sync_state_save(struct sync_state *s, const struct layout *l,
		    bool (*listed)(const char *ref, void *arg), void *arg, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(NO_CEILING);
	cleanup_free struct sync_row **v = xcalloc(s->rows.n, sizeof(struct sync_row *));
	struct sync_row *row;
	size_t n = 0, at = 0;

	while ((row = table_next(&s->rows, &at)))
		if (listed(row->ref, arg))
			v[n++] = row;
	if (n)
		qsort(v, n, sizeof(struct sync_row *), row_order);
	buf_adds(&b, "{\"version\":2,\"references\":{");
	for (size_t i = 0; i < n; i++) {
		buf_adds(&b, i ? ",\n" : "\n");
		write_row(&b, v[i]);
	}
	buf_adds(&b, "\n},\"no_referrers\":{");
	write_absences(s, &b);
	buf_adds(&b, "}}\n");
	/* what cannot be read may still tell a person something */
	if (s->unreadable)
		renameat(l->root, path, l->root, path_bad);
	s->unreadable = false;
	return file_replace(l->root, path, b.p, b.n, 0644, err);
}

time_t sync_state_last(time_t checked, const struct entry *e, time_t now)
{
	const char *synced = e ? entry_annotation(e, ANNOTATION_SYNCED) : NULL;
	time_t came = synced ? clock_parse_rfc3339(synced) : 0;

	if (checked > 0 && checked <= now)
		return checked;
	return came > 0 && came <= now ? came : 0;
}

bool sync_state_due(time_t checked, long refresh, time_t now)
{
	if (refresh <= 0 || checked <= 0 || checked > now)
		return true;
	return refresh != LONG_MAX && now - checked >= refresh;
}

bool sync_state_is_stale(time_t last, long max_age, time_t now)
{
	return max_age >= 0 && last > 0 && now - last > max_age;
}
