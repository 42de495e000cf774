/*
 * A list and, behind a line "----", a mirror.conf: every problem has a place in its file; what is
 * read is normalised, so that reading it again gives the same.
 */
#include "oci/lists/lists.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_problems(const struct lists *ls, struct span list)
{
	int lines = 1;

	for (size_t i = 0; i < list.n; i++)
		lines += list.p[i] == '\n';
	for (size_t i = 0; i < ls->problems.n; i++) {
		const struct problem *p = &ls->problems.v[i];

		if (p->line < 0 || p->column < 0 || !*p->text || strpbrk(p->text, "\n\r\033"))
			abort();
		if (strcmp(p->file, "a.list") == 0 && p->line > lines)
			abort();
	}
}

static void check_ref(const struct ref *r)
{
	cleanup_free char *text = ref_str(r), *again = NULL;
	cleanup_by(ref_release) struct ref copy = REF_INIT;
	struct err err;

	if (ref_parse(&copy, span_str(text), &err) < 0)
		abort();
	again = ref_str(&copy);
	if (strcmp(text, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data, *parting = memmem(data, n, "\n----\n", 6);
	struct span list = span_of(text, parting ? (size_t)(parting - text) : n);
	struct lists *ls = lists_new();

	lists_add(ls, "a.list", list);
	if (parting)
		lists_add_conf(ls, "mirror.conf", span_of(parting + 6, n - list.n - 6));
	lists_finish(ls);
	check_problems(ls, list);
	for (size_t i = 0; i < ls->n; i++) {
		check_ref(&ls->images[i].source);
		check_ref(list_image_target(&ls->images[i]));
	}
	lists_free(ls);
	return 0;
}
