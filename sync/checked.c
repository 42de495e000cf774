#include "sync/checked.h"

#include <limits.h>

#include "oci/buf.h"
#include "oci/clock.h"
#include "oci/err.h"
#include "oci/file.h"
#include "oci/layout.h"
#include "oci/limits.h"

static const char path[] = ".mirror/state.json";

/* One short member a reference. */
#define CHECKED_MAX (64UL * MIB)

void checked_load(struct checked *s, const struct layout *l)
{
	own_by(buf_release) struct buf b = BUF_INIT(CHECKED_MAX);
	own_json json_t *doc = NULL;
	struct err ignored;

	if (l->root >= 0 && file_read(l->root, path, &b, &ignored) == 0)
		doc = json_read(buf_span(&b), &ignored);
	s->when = json_incref((json_t *)json_get_object(doc, "checked"));
	if (!s->when)
		s->when = json_object();
}

void checked_release(struct checked *s)
{
	json_decref(s->when);
	*s = (struct checked)CHECKED_INIT;
}

time_t checked_at(const struct checked *s, const char *ref)
{
	const char *text = json_get_text(s->when, ref);
	time_t t = text ? clock_parse_rfc3339(text) : 0;

	return t > 0 ? t : 0;
}

void checked_note(struct checked *s, const char *ref, time_t when)
{
	char text[CLOCK_RFC3339];

	clock_rfc3339(when, text);
	json_object_set_new(s->when, ref, json_string(text));
}

static void drop_unlisted(struct checked *s, bool (*listed)(const char *ref, void *arg), void *arg)
{
	const char *ref;
	json_t *value;
	void *next;

	json_object_foreach_safe(s->when, next, ref, value)
	{
		if (!listed(ref, arg))
			json_object_del(s->when, ref);
	}
}

int checked_save(struct checked *s, const struct layout *l,
		 bool (*listed)(const char *ref, void *arg), void *arg, struct err *err)
{
	own_by(buf_release) struct buf b = BUF_INIT(CHECKED_MAX);

	drop_unlisted(s, listed, arg);
	buf_adds(&b, "{\"checked\":");
	json_write(&b, s->when);
	buf_adds(&b, "}\n");
	if (buf_failed(&b))
		return err_set(err, ERR_LIMIT, 0, "\"%s\" would be larger than %lu MiB", path,
			       CHECKED_MAX / MIB);
	return file_replace(l->root, path, b.p, b.n, 0644, err);
}

bool checked_due(time_t checked, long refresh, time_t now)
{
	if (refresh <= 0 || checked <= 0 || checked > now)
		return true;
	return refresh != LONG_MAX && now - checked >= refresh;
}
