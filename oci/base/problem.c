#include "oci/base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"

void problem_add(struct problems *ps, bool warning, const char *file, int line, int column,
		 const char *fmt, ...)
{
	size_t *count = warning ? &ps->warnings : &ps->errors;
	struct problem *p;
	va_list ap;

	if ((*count)++ >= (ps->kept ? ps->kept : LIMIT_LIST_ERRORS))
		return;
	ps->v = xgrow(ps->v, ps->n, &ps->cap, sizeof(*ps->v));
	p = &ps->v[ps->n];
	*p = (struct problem){
		.warning = warning,
		.file = xstrdup(file),
		.line = line,
		.column = column,
		.order = ps->n++,
	};
	va_start(ap, fmt);
	p->text = printable_clean(xvasprintf(fmt, ap)); /* it quotes bytes of files */
	va_end(ap);
}

static int order_problems(const void *a, const void *b)
{
	const struct problem *p = a, *q = b;
	int files = strcmp(p->file, q->file);

	if (files)
		return files;
	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	if (p->column != q->column)
		return p->column < q->column ? -1 : 1;
	return p->order < q->order ? -1 : 1;
}

void problems_sort(struct problems *ps)
{
	if (ps->n)
		qsort(ps->v, ps->n, sizeof(*ps->v), order_problems);
}

void problems_release(struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		free(ps->v[i].file);
		free(ps->v[i].text);
	}
	free(ps->v);
	*ps = (struct problems)PROBLEMS_INIT;
}
