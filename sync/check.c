#include "sync/check.h"

#include <stdio.h>

#include "oci/list.h"
#include "oci/own.h"
#include "oci/ref.h"
#include "oci/table.h"
#include "sync/source.h"

static void print(const struct source *s, const struct problem *p)
{
	fprintf(stderr, "%s/%s:", s->where, p->file);
	if (p->line)
		fprintf(stderr, "%d:%d:", p->line, p->column);
	fprintf(stderr, " %s%s\n", p->warning ? "warning: " : "", p->text);
}

size_t check_print(const struct source *s)
{
	const struct problems *ps = &s->lists->problems;
	size_t all = ps->errors + ps->warnings;

	for (size_t i = 0; i < ps->n; i++)
		print(s, &ps->v[i]);
	if (all > ps->n)
		fprintf(stderr, "%s: and %zu more problems like these\n", s->where, all - ps->n);
	return ps->errors;
}

static size_t count_repositories(const struct lists *ls)
{
	own_by(table_release) struct table seen = TABLE_INIT;
	char **names = xcalloc(ls->n, sizeof(char *));
	size_t n;

	for (size_t i = 0; i < ls->n; i++) {
		names[i] = ref_repository(&ls->images[i].target);
		table_put(&seen, names[i], names[i]);
	}
	n = seen.n;
	for (size_t i = 0; i < ls->n; i++)
		free(names[i]);
	free(names);
	return n;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void check_summary(const struct source *s)
{
	const struct lists *ls = s->lists;
	size_t repositories = count_repositories(ls);

	printf("%s: no errors: %zu list%s, %zu line%s, ", s->where, ls->nfiles, plural(ls->nfiles),
	       ls->n, plural(ls->n));
	printf("%zu repositor%s\n", repositories, repositories == 1 ? "y" : "ies");
}
