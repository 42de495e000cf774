#include "serve/entry_files.h"

#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/cli/message.h"
#include "serve/state.h"

static void count(unsigned *n, char first[512], const struct repository *r, const char *tag,
		  const char *digest)
{
	if (!(*n)++)
		snprintf(first, 512, "%s%c%s", r->name, tag[0] ? ':' : '@', tag[0] ? tag : digest);
}

static void look_at(struct entry_files *f, const struct state *s, const struct repository *r,
		    const struct served_tag *t)
{
	const struct served_object *record = &s->table.objects[t->object];
	struct object o = {
		.size = (int64_t)record->size,
		.digest = served_text(&s->table, record->digest),
	};
	const char *tag = state_tag_name(s, t);
	cleanup_fd int fd = -1;

	switch (state_open(s, &o, &fd)) {
	case BLOB_FILE_HERE:
	case BLOB_FILE_BUSY: return;
	case BLOB_FILE_DENIED: count(&f->denied, f->first_denied, r, tag, o.digest); return;
	case BLOB_FILE_ABSENT:
	case BLOB_FILE_LINK:
	case BLOB_FILE_NO_FILE:
	case BLOB_FILE_SIZE:
	case BLOB_FILE_DISK: count(&f->broken, f->first_broken, r, tag, o.digest); return;
	}
}

void entry_files_look(struct entry_files *f, const struct state *s)
{
	*f = (struct entry_files){ 0 };
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->v[i].ntags; k++)
			look_at(f, s, &s->v[i], &s->v[i].tags[k]);
}

void entry_files_warn(const struct entry_files *f, const char *mirror)
{
	if (f->denied)
		message_warn("%s: entries whose manifest this user may not read (Permission "
			     "denied): %u, the first is \"%s\"",
			     mirror, f->denied, f->first_denied);
	if (f->broken)
		message_warn("%s: entries whose manifest is missing or damaged: %u, the first is "
			     "\"%s\"",
			     mirror, f->broken, f->first_broken);
}
