/* A table whose checksum is right, whatever else it holds, is refused or can be used throughout. */
#include "oci/store/served.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t used;

static void use_text(const struct served *s, uint32_t text)
{
	used += strlen(served_text(s, text));
}

static void use_objects(const struct served *s)
{
	for (uint32_t i = 0; i < s->nobjects; i++) {
		const struct served_object *o = &s->objects[i];

		use_text(s, o->digest);
		use_text(s, o->media_type);
		for (uint32_t k = 0; k < o->nbelow; k++)
			use_text(s, s->objects[s->links[o->below + k]].digest);
		if (o->referrer != SERVED_NONE)
			use_text(s, s->referrers[o->referrer].json);
		assert(served_find(s, served_text(s, o->digest)) < s->nobjects);
	}
}

static void use_repositories(const struct served *s)
{
	for (uint32_t i = 0; i < s->nrepositories; i++) {
		const struct served_repository *r = &s->repositories[i];

		use_text(s, r->name);
		use_text(s, r->written);
		if (r->group != SERVED_NONE)
			use_text(s, r->group);
		for (uint32_t k = 0; k < r->ntags; k++) {
			use_text(s, s->tags[r->tags + k].name);
			use_text(s, s->objects[s->tags[r->tags + k].object].digest);
		}
		for (uint32_t k = 0; k < r->nreached; k++)
			use_text(s, s->objects[s->reached[r->reached + k]].digest);
		for (uint32_t k = 0; k < r->nlisted; k++)
			use_text(s, s->referrers[s->listed[r->listed + k]].subject);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct served s = SERVED_INIT;
	struct err err = ERR_INIT;
	void *p = malloc(size + 1);

	memcpy(p, data, size);
	if (size >= sizeof(struct served_head)) {
		struct served_head *h = p;

		h->size = size;
		served_seal(h);
	}
	if (served_open(&s, p, size, &err) < 0) {
		assert(err.kind == ERR_INVALID && err.msg[0]);
		free(p);
		return 0;
	}
	use_objects(&s);
	use_repositories(&s);
	use_text(&s, s.head->first_broken);
	assert(memchr(s.head->entries, '\0', sizeof(s.head->entries)));
	served_release(&s);
	return 0;
}
