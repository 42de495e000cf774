/* The half of world.h that reads the mirror, with the code of the programs. */
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/generation.h"
#include "oci/store/layout.h"
#include "oci/store/reach.h"
#include "tests/model/server.h"
#include "tests/model/world.h"

static int open_mirror(const struct world *w, struct layout *l, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/mirror", w->dir);

	return layout_open(l, path, LAYOUT_READ, err);
}

static void see_index(const struct world *w, const struct index *x, struct model_seen *seen)
{
	struct model names;

	model_init(&names);
	*seen = (struct model_seen){ .generation = generation_number(x) };
	for (int i = 0; i < MODEL_REFS; i++) {
		const struct entry *e = index_find(x, names.refs[i].name);
		const char *held = e ? entry_annotation(e, ANNOTATION_HELD) : NULL;

		seen->means[i] = e ? world_content_of(w, &e->digest) : NOTHING;
		seen->gone[i] = e && entry_annotation(e, ANNOTATION_GONE_SINCE);
		seen->unlisted[i] = e && entry_annotation(e, ANNOTATION_UNLISTED_SINCE);
		seen->frozen[i] = held && strstr(held, "frozen");
	}
}

bool world_look(struct world *w, struct model_seen *seen)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	struct err err;

	index_release(&w->seen);
	if (open_mirror(w, &l, &err) == 0 && index_load(&w->seen, &l, NULL, &err) == 0) {
		see_index(w, &w->seen, seen);
		return true;
	}
	if (err.kind != ERR_NOTFOUND && !strstr(err.msg, "no oci-layout file"))
		fprintf(stderr, "%s\n", err.msg);
	return false;
}

bool world_look_back(const struct world *w, long number, struct model_seen *seen)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err err;

	if (open_mirror(w, &l, &err) < 0 || generation_read(&l, number, &x, &err) < 0) {
		printf("# generation %ld: %s\n", number, err.msg);
		return false;
	}
	see_index(w, &x, seen);
	return true;
}

static void tell_problem(const struct reach_problem *p, void *arg)
{
	(void)arg;
	printf("# %s: %s %s %s\n", p->entry->ref, p->role, p->digest.str, p->text);
}

int world_verify(const struct world *w)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(reach_release) struct reach s;
	struct err err;

	if (open_mirror(w, &l, &err) < 0)
		return 1;
	reach_init(&s, &l, REACH_REHASH, tell_problem, NULL);
	for (size_t i = 0; i < w->seen.n; i++)
		reach_entry(&s, w->seen.v[i]);
	return (int)s.problems;
}

bool world_is_served(struct world *w)
{
	cleanup_free char *path = xasprintf("%s/mirror", w->dir);
	cleanup_free char *line = xasprintf("generation %ld:", generation_number(&w->seen));
	bool all = true;

	if (!w->mirror.pid)
		server_start(&w->mirror, w->bin, path);
	else if (w->served != generation_number(&w->seen))
		server_await(&w->mirror, line);
	w->served = generation_number(&w->seen);
	for (size_t i = 0; i < w->seen.n; i++) {
		const struct entry *e = w->seen.v[i];
		const char *colon = strrchr(e->ref, ':');
		cleanup_free char *url = xasprintf("/v2/%.*s/manifests/%s", (int)(colon - e->ref),
						   e->ref, colon + 1);

		if (strchr(e->ref, '@') || server_has(&w->mirror, url, e->digest.str))
			continue;
		printf("# %s is not served as %s\n", e->ref, e->digest.str);
		all = false;
	}
	return all;
}
