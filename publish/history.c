#include "publish/history.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/cli/message.h"
#include "oci/image/ref.h"
#include "oci/store/generation.h"
#include "publish/mirror.h"

/* The addresses of all texts of a line. */
#define TEXTS 9
static void line_texts(struct journal_line *l, const char **out[static TEXTS])
{
	const char **all[TEXTS] = { &l->time,   &l->ref, &l->old_digest, &l->new_digest, &l->why,
				    &l->detail, &l->who, &l->list,       &l->commit };

	memcpy(out, all, sizeof(all));
}

/* Remembers the newest generation that was published by then. Its lines share one time. */
static void note_generation(struct history *h, const struct journal_line *line)
{
	if (h->until && line->time && line->generation > h->newest &&
	    clock_parse_rfc3339(line->time) <= h->until)
		h->newest = line->generation;
}

static void add_copy(struct history *h, const struct journal_line *line)
{
	struct journal_line copy = *line;
	const char **text[TEXTS];

	line_texts(&copy, text);
	for (size_t i = 0; i < TEXTS; i++)
		if (*text[i])
			*text[i] = xstrdup(*text[i]);
	h->v = xgrow(h->v, h->n, &h->cap, sizeof(*h->v));
	h->v[h->n++] = copy;
}

static int add_line(const struct journal_line *line, void *arg)
{
	struct history *h = arg;

	note_generation(h, line);
	if (h->first < 0)
		h->first = line->generation;
	h->last = line->generation;
	if (!h->ref || (line->ref && strcmp(line->ref, h->ref) == 0))
		add_copy(h, line);
	return 0;
}

/* ---- what the journal has lost ---- */

/* A generation of which the journal does not tell. */
static void add_generation(struct history *h, const struct layout *l, long number,
			   struct digest *before)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	struct journal_line line = { .generation = number };
	struct digest now = { .str = "" };
	struct err ignored;

	if (generation_read_head(l, number, &head, &ignored) < 0)
		return;
	if (h->ref && generation_meaning(l, number, h->ref, &now, &ignored) < 0)
		return;
	if (h->ref && digest_eq(&now, before))
		return;
	line.time = index_annotation(&head, ANNOTATION_CREATED);
	line.why = index_annotation(&head, ANNOTATION_MADE_BY);
	line.commit = index_annotation(&head, ANNOTATION_LIST_COMMIT);
	line.detail = h->ref ? NULL : index_annotation(&head, ANNOTATION_LABEL);
	line.ref = h->ref;
	line.old_digest = before->str[0] ? before->str : NULL;
	line.new_digest = now.str[0] ? now.str : NULL;
	note_generation(h, &line);
	if (number || now.str[0])
		add_copy(h, &line);
	*before = now;
}

static int compare_lines(const void *pa, const void *pb)
{
	const struct journal_line *a = pa, *b = pb;

	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	return 0;
}

static int add_generations(struct history *h, const struct mirror *m, struct err *err)
{
	long current = generation_number(&m->index), *v = NULL;
	struct digest before = { .str = "" };
	size_t n = 0, had = h->n;

	if (generation_list(&m->layout, current, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (h->first < 0 || v[i] < h->first || v[i] > h->last)
			add_generation(h, &m->layout, v[i], &before);
	/* the lines of the journal are between those of generations before it and after it */
	if (had && h->n > had)
		qsort(h->v, h->n, sizeof(*h->v), compare_lines);
	message_warn("%s: the generations kept (%ld to %ld) say what follows about it", h->lost,
		     n ? v[0] : current, n ? v[n - 1] : current);
	free(v);
	return 0;
}

/* Every publish since generation 1 has left a line. */
static char *lost_part(const struct history *h, long current)
{
	if (current < 1)
		return NULL;
	if (h->first < 0)
		return xstrdup("the journal is missing");
	if (h->first > 1)
		return xasprintf("the journal begins with generation %ld", h->first);
	return h->last < current ? xasprintf("the journal ends with generation %ld", h->last)
				 : NULL;
}

int history_read(struct history *h, const struct mirror *m, const char *ref, struct err *err)
{
	size_t bad = 0;

	h->ref = ref;
	if (journal_walk(&m->layout, generation_number(&m->index), add_line, h, &bad, err) < 0)
		return -1;
	if (bad)
		message_warn("%zu lines of the journal cannot be read and are left out", bad);
	h->lost = lost_part(h, generation_number(&m->index));
	return h->lost ? add_generations(h, m, err) : 0;
}

static void free_line(struct journal_line *line)
{
	const char **text[TEXTS];

	line_texts(line, text);
	for (size_t j = 0; j < TEXTS; j++)
		free((char *)*text[j]);
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		free_line(&h->v[i]);
	free(h->v);
	free(h->lost);
	*h = (struct history)HISTORY_INIT;
}

void history_since(struct history *h, time_t since)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct journal_line line = h->v[i];
		bool old = line.time && clock_parse_rfc3339(line.time) < since;

		/* those left out go behind the others, and are freed there */
		if (!old) {
			h->v[i] = h->v[n];
			h->v[n++] = line;
		}
	}
	while (h->n > n)
		free_line(&h->v[--h->n]);
}

void history_say_never(const struct history *h, const char *ref)
{
	if (h->lost)
		message_line("nothing is known of \"%s\": %s, and the generations kept do not "
			     "have it",
			     ref, h->lost);
	else
		message_line("\"%s\" was never published here", ref);
}

bool history_moves(const struct journal_line *line)
{
	return !str_same(line->old_digest, line->new_digest);
}

char *history_ref(const char *name, struct err *err)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;

	if (ref_parse(&ref, span_str(name), err) < 0) {
		err->kind = ERR_USAGE;
		err_wrap(err, "\"%s\"", name);
		return NULL;
	}
	if (!ref.tag && !ref.digest.str[0])
		ref.tag = xstrdup("latest");
	return ref_target(&ref);
}
