#include "oci/store/sync_state.h"

#include <limits.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"

static const char path[] = ".mirror/state.json";

/* Two short members per reference. */
#define SYNC_STATE_MAX (64UL * MIB)

/* The object of that name, or an empty one. */
static json_t *get_member(const json_t *doc, const char *name)
{
	json_t *o = json_incref((json_t *)json_get_object(doc, name));

	return o ? o : json_object();
}

void sync_state_load(struct sync_state *s, const struct layout *l)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(SYNC_STATE_MAX);
	cleanup_json json_t *doc = NULL;
	struct err ignored;

	if (l->root >= 0 && file_read(l->root, path, &b, &ignored) == 0)
		doc = json_read(buf_span(&b), &ignored);
	s->when = get_member(doc, "checked");
	s->max_age = get_member(doc, "max_age");
}

void sync_state_release(struct sync_state *s)
{
	json_decref(s->when);
	json_decref(s->max_age);
	*s = (struct sync_state)SYNC_STATE_INIT;
}

time_t sync_state_at(const struct sync_state *s, const char *ref)
{
	const char *text = json_get_text(s->when, ref);
	time_t t = text ? clock_parse_rfc3339(text) : 0;

	return t > 0 ? t : 0;
}

void sync_state_note(struct sync_state *s, const char *ref, time_t when)
{
	char text[CLOCK_RFC3339];

	clock_rfc3339(when, text);
	json_object_set_new(s->when, ref, json_string(text));
}

long sync_state_max_age(const struct sync_state *s, const char *ref)
{
	return (long)json_get_size(s->max_age, ref);
}

void sync_state_set_max_age(struct sync_state *s, const char *ref, long seconds)
{
	if (seconds >= 0)
		json_object_set_new(s->max_age, ref, json_integer(seconds));
	else
		json_object_del(s->max_age, ref);
}

static void drop_unlisted(json_t *o, bool (*listed)(const char *ref, void *arg), void *arg)
{
	const char *ref;
	json_t *value;
	void *next;

	json_object_foreach_safe(o, next, ref, value)
	{
		if (!listed(ref, arg))
			json_object_del(o, ref);
	}
}

int sync_state_save(struct sync_state *s, const struct layout *l,
		    bool (*listed)(const char *ref, void *arg), void *arg, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(SYNC_STATE_MAX);

	drop_unlisted(s->when, listed, arg);
	drop_unlisted(s->max_age, listed, arg);
	buf_adds(&b, "{\"checked\":");
	json_write(&b, s->when);
	buf_adds(&b, ",\"max_age\":");
	json_write(&b, s->max_age);
	buf_adds(&b, "}\n");
	if (buf_failed(&b))
		return err_set(err, ERR_LIMIT, 0, "\"%s\" would be larger than %lu MiB", path,
			       SYNC_STATE_MAX / MIB);
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
