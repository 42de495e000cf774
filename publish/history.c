#include "publish/history.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
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

static int add_line(const struct journal_line *line, void *arg)
{
	struct history *h = arg;
	struct journal_line copy = *line;
	const char **text[TEXTS];

	if (h->ref && (!line->ref || strcmp(line->ref, h->ref) != 0))
		return 0;
	line_texts(&copy, text);
	for (size_t i = 0; i < TEXTS; i++)
		if (*text[i])
			*text[i] = xstrdup(*text[i]);
	h->v = xgrow(h->v, h->n, &h->cap, sizeof(*h->v));
	h->v[h->n++] = copy;
	return 0;
}

int history_read(struct history *h, const struct mirror *m, const char *ref, struct err *err)
{
	size_t bad = 0;

	h->ref = ref;
	if (journal_walk(&m->layout, generation_number(&m->index), add_line, h, &bad, err) < 0)
		return -1;
	if (bad)
		message_warn("%zu lines of the journal cannot be read and are left out", bad);
	return 0;
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const char **text[TEXTS];

		line_texts(&h->v[i], text);
		for (size_t j = 0; j < TEXTS; j++)
			free((char *)*text[j]);
	}
	free(h->v);
	*h = (struct history)HISTORY_INIT;
}

bool history_moves(const struct journal_line *line)
{
	return line->new_digest || line->old_digest;
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
