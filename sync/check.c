#include "sync/check.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"
#include "oci/base/table.h"
#include "oci/image/ref.h"
#include "oci/lists/list.h"
#include "sync/source.h"

/* Texts that were met, for reports. */
struct again {
	char *key; /* owned */
	unsigned n;
};

static void seen_release(struct table *seen)
{
	struct again *again;
	size_t at = 0;

	while ((again = table_next(seen, &at))) {
		free(again->key);
		free(again);
	}
	table_release(seen);
}

/* One problem is a file's name and a line's worth of text, both bounded; escaping makes each byte six at most. */
#define PROBLEM_MAX MIB

static void print(const struct buf *b, FILE *out)
{
	fwrite(b->p, 1, b->n, out);
}

/* How many problems of the same words in the same file came before. */
static unsigned count_again(struct table *seen, const struct problem *p)
{
	char *key = xasprintf("%s\n%s", p->file, p->text);
	struct again *again = table_get(seen, key);

	if (!again) {
		again = xcalloc(1, sizeof(*again));
		again->key = key;
		table_put(seen, key, again);
		return 0;
	}
	free(key);
	return ++again->n;
}

static void print_report(const struct source *s)
{
	const struct problems *ps = &s->lists->problems;
	own_by(buf_release) struct buf b = BUF_INIT(PROBLEM_MAX);
	own_by(seen_release) struct table seen = TABLE_INIT;

	putchar('[');
	for (size_t i = 0; i < ps->n; i++) {
		buf_clear(&b);
		buf_adds(&b, i ? ",\n" : "\n");
		annotate_gitlab(&b, s->where, &ps->v[i], count_again(&seen, &ps->v[i]));
		print(&b, stdout);
	}
	puts(ps->n ? "\n]" : "]");
}

size_t check_print(const struct source *s, enum annotate_format format)
{
	const struct problems *ps = &s->lists->problems;
	size_t all = ps->errors + ps->warnings;
	bool github = format == ANNOTATE_GITHUB;
	own_by(buf_release) struct buf b = BUF_INIT(PROBLEM_MAX);

	for (size_t i = 0; i < ps->n; i++) {
		buf_clear(&b);
		(github ? annotate_github : annotate_text)(&b, s->where, &ps->v[i]);
		print(&b, github ? stdout : stderr);
	}
	if (all > ps->n)
		fprintf(stderr, "%s: and %zu more problems like these\n", s->where, all - ps->n);
	if (format == ANNOTATE_GITLAB)
		print_report(s);
	return ps->errors;
}

FILE *check_out(enum annotate_format format)
{
	return format == ANNOTATE_GITLAB ? stderr : stdout;
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

const char *check_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void check_summary(const struct source *s, enum annotate_format format)
{
	const struct lists *ls = s->lists;
	size_t repositories = count_repositories(ls);
	FILE *out = check_out(format);

	fprintf(out, "%s: no errors: %zu list%s, %zu line%s, ", s->where, ls->nfiles,
		check_plural(ls->nfiles), ls->n, check_plural(ls->n));
	fprintf(out, "%zu repositor%s\n", repositories, repositories == 1 ? "y" : "ies");
}
