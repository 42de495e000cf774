#include "serve/state_load.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/cli/message.h"
#include "oci/store/beneath.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"
#include "oci/store/layout.h"
#include "oci/store/served_build.h"
#include "oci/store/served_file.h"
#include "serve/entry_files.h"
#include "serve/public_index.h"

/* A state that is being made. */
struct state_load {
	const struct state_source *from;
	const struct state *old;
	struct state *state;
	struct layout layout;
	int fd; /* index.json */
	struct served_build_notes notes;
};

static void warn_names(const struct state_load *l)
{
	const struct served_build_notes *n = &l->notes;
	const char *mirror = l->from->mirror;

	if (n->again)
		message_warn("%s: entries of index.json with a name that an earlier entry has: "
			     "%u%s%s%s; a tag means the first entry, and the others are served by "
			     "digest. Remove those that are out of date, or make one index of "
			     "them",
			     mirror, n->again, n->first_again[0] ? ", the first is \"" : "",
			     n->first_again, n->first_again[0] ? "\"" : "");
	if (n->untagged && l->from->tag)
		message_warn("%s: no entry is served as \"%s:%s\": --name gives its tag to a sole "
			     "entry; %u entries without a tag are served by digest",
			     mirror, l->from->name, l->from->tag, n->untagged);
	else if (n->untagged)
		message_line("%s: entries without a tag, which are served as %s@DIGEST: %u", mirror,
			     l->from->name, n->untagged);
}

static void warn_odd(const struct state_load *l)
{
	const struct served_build_notes *n = &l->notes;

	if (n->odd)
		message_warn("%s: manifests that are not served, since what they name cannot be "
			     "served with them (they are no image manifests or indexes): %u%s%s%s",
			     l->from->mirror, n->odd, n->first_odd[0] ? ", the first is \"" : "",
			     n->first_odd, n->first_odd[0] ? "\"" : "");
}

/* Of a table that a publisher made, entry_files_look() tells it. */
static void warn_unread(const struct state_load *l)
{
	const struct served *t = &l->state->table;
	struct entry_files f = { .broken = t->head->broken, .denied = t->head->denied };

	snprintf(f.first_broken, sizeof(f.first_broken), "%s",
		 served_text(t, t->head->first_broken));
	snprintf(f.first_denied, sizeof(f.first_denied), "%s",
		 served_text(t, t->head->first_denied));
	entry_files_warn(&f, l->from->mirror);
}

static void warn_entries(const struct state_load *l)
{
	const struct served_head *h = l->state->table.head;
	const char *mirror = l->from->mirror;

	if (h->nameless)
		message_warn("%s: entries of index.json without a usable name: %u; --name says "
			     "under which name to serve them",
			     mirror, h->nameless);
	warn_names(l);
	warn_odd(l);
	if (h->private)
		message_line("%s: private entries, which are served to nobody: %u", mirror,
			     h->private);
	if (!l->state->table_name[0])
		warn_unread(l);
}

/* ---- by a table ---- */

static int table_fits(const struct state_load *l, const struct index *head, int64_t first,
		      struct err *err)
{
	const struct served_head *h = l->state->table.head;
	const char *number = index_annotation(head, ANNOTATION_GENERATION);

	/* a publisher of version 0.1 carries the name of a table on to the next generation */
	if (!number || span_number(span_str(number), INT64_MAX) != h->generation ||
	    l->state->file.st_size - first != (int64_t)h->entries_size)
		return err_set(err, ERR_INVALID, 0, "the table that it names is of another one");
	return 0;
}

/* False, with a reason in state->whole where index.json is one of ours: it is to be read as a
 * whole. */
static bool take_table(struct state_load *l)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	cleanup_by(served_release) struct served table = SERVED_INIT;
	struct state *s = l->state;
	struct err err = ERR_INIT;
	const char *name, *number;

	if (l->from->name || !index_head_read_open(&head, l->fd, &s->head))
		return false;
	number = index_annotation(&head, ANNOTATION_GENERATION);
	name = index_annotation(&head, ANNOTATION_TABLE);
	if (!number || index_head_check(&head, &err) < 0)
		return false;
	if (!name) {
		snprintf(s->whole, sizeof(s->whole), "it names no table");
		return false;
	}
	if (served_file_open(&table, &l->layout, name, &err) < 0) {
		snprintf(s->whole, sizeof(s->whole), "%.*s", (int)sizeof(s->whole) - 1, err.msg);
		return false;
	}
	s->table = table; /* lent */
	if (table_fits(l, &head, s->head, &err) < 0) {
		s->table = (struct served)SERVED_INIT;
		snprintf(s->whole, sizeof(s->whole), "%.*s", (int)sizeof(s->whole) - 1, err.msg);
		return false;
	}
	state_take_table(s, &table);
	snprintf(s->table_name, sizeof(s->table_name), "%s", name);
	snprintf(s->generation, sizeof(s->generation), "%s", number);
	s->opened = take_fd(&l->fd);
	return true;
}

/* ---- as a whole ---- */

static void name_generation(struct state *s, const struct index *x, const struct digest *id)
{
	const char *number = index_annotation(x, ANNOTATION_GENERATION);
	bool usable = number && span_number(span_str(number), 1000000000000LL) >= 0;

	snprintf(s->generation, sizeof(s->generation), "%s", usable ? number : id->str);
}

static int read_index(const struct state_load *l, struct buf *bytes, struct index *x,
		      struct err *err)
{
	if (lseek(l->fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read", "index.json");
	if (file_read_open(l->fd, "index.json", bytes, err) < 0)
		return -1;
	if (index_parse(x, buf_span(bytes), err) < 0 || index_head_check(x, err) < 0)
		return err_wrap(err, "index.json");
	return 0;
}

static int read_whole(struct state_load *l, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct served table = SERVED_INIT;
	struct served_build_from from = {
		.layout = &l->layout,
		.index = &x,
		.old = l->old ? &l->old->table : NULL,
		.name = l->from->name,
		.tag = l->from->tag,
		.notes = &l->notes,
	};
	struct digest *id = &l->state->views.identity;

	if (read_index(l, &bytes, &x, err) < 0 || served_build(&table, &from, err) < 0)
		return -1;
	state_take_table(l->state, &table);
	digest_of(NULL, bytes.p, bytes.n, id);
	name_generation(l->state, &x, id);
	if (public_index_keep(l->state, l->from->name, &x, &bytes, err) < 0)
		return -1;
	l->state->checked = STATE_RIGHT;
	return 0;
}

/* ---- both ---- */

static int fill_state(struct state_load *l, bool whole, struct err *err)
{
	l->fd = beneath_open(l->layout.root, "index.json", 0);
	if (l->fd < 0 || fstat(l->fd, &l->state->file) < 0) {
		beneath_failed("index.json", err);
		return err_wrap(err, "%s", l->from->mirror);
	}
	if ((whole || !take_table(l)) && read_whole(l, err) < 0)
		return err_wrap(err, "%s", l->from->mirror);
	for (size_t i = 0; i < 2; i++)
		l->state->blobs[i] = take_fd(&l->layout.blobs[i]);
	return 0;
}

struct state *state_load(const struct state_source *from, const struct state *old, bool whole,
			 struct err *err)
{
	struct state_load l = {
		.from = from, .old = old, .state = state_new(), .layout = LAYOUT_INIT, .fd = -1
	};
	int result = layout_open(&l.layout, from->mirror, LAYOUT_READ, err);

	if (result == 0)
		result = fill_state(&l, whole, err);
	layout_close(&l.layout);
	cleanup_fd_(&l.fd);
	if (result < 0) {
		state_unref(l.state);
		return NULL;
	}
	/* the index took more while it was read than what is kept of it */
	if (!l.state->table_name[0])
		malloc_trim(0);
	warn_entries(&l);
	return l.state;
}

bool state_load_look(const struct state_source *from, struct stat *now)
{
	return stat(from->index, now) == 0;
}

bool state_load_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
