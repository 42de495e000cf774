#include "sync/check.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/table.h"
#include "oci/cli/format.h"
#include "oci/http/origin.h"
#include "oci/image/ref.h"
#include "oci/lists/lists.h"
#include "sync/list_source.h"

/* A problem's file and text, and how often it was printed. */
struct again {
	char *key; /* owned */
	unsigned n;
};

static void free_again(void *text)
{
	struct again *again = text;

	free(again->key);
	free(again);
}

static void release_seen(struct table *seen)
{
	table_clear(seen, free_again);
}

/* One problem is a file's name and a line's worth of text, both bounded; escaping makes each byte
 * six at most. */
#define PROBLEM_MAX MIB

static void print_buf(const struct buf *b, FILE *out)
{
	fwrite(b->p, 1, b->n, out);
}

/* How many problems with the same text in the same file were printed before this one. */
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

static void print_report(const struct list_source *s)
{
	const struct problems *ps = &s->lists->problems;
	cleanup_by(buf_release) struct buf b = BUF_INIT(PROBLEM_MAX);
	cleanup_by(release_seen) struct table seen = TABLE_INIT;

	putchar('[');
	for (size_t i = 0; i < ps->n; i++) {
		buf_clear(&b);
		buf_adds(&b, i ? ",\n" : "\n");
		problem_format_gitlab(&b, s->where, &ps->v[i], count_again(&seen, &ps->v[i]));
		print_buf(&b, stdout);
	}
	puts(ps->n ? "\n]" : "]");
}

/* "127.0.0.1" of "127.0.0.1:5000". */
static struct span host_without_port(const char *host)
{
	return span_of(host, host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
}

static void check_host(struct list_source *s, const struct list_image *image)
{
	const char *host = image->source.host;
	enum origin_zone zone = origin_zone_of(host_without_port(host));
	bool never = zone == ORIGIN_NEVER;

	if (zone == ORIGIN_PUBLIC || mirror_conf_registry(&s->lists->conf, host))
		return;
	problem_add(&s->lists->problems, false, image->file, image->line, image->column,
		    "%s names an address near us (%s)%s%s%s", host, origin_zone_words(zone),
		    never ? "" : ": a \"registry ", never ? "" : host,
		    never ? "" : "\" line in mirror.conf allows it");
}

void check_hosts(struct list_source *s)
{
	for (size_t i = 0; i < s->lists->n; i++)
		check_host(s, &s->lists->images[i]);
	problems_sort(&s->lists->problems);
}

size_t check_print(const struct list_source *s, enum problem_format format)
{
	const struct problems *ps = &s->lists->problems;
	size_t all = ps->errors + ps->warnings;
	bool github = format == PROBLEM_FORMAT_GITHUB;
	cleanup_by(buf_release) struct buf b = BUF_INIT(PROBLEM_MAX);

	for (size_t i = 0; i < ps->n; i++) {
		buf_clear(&b);
		(github ? problem_format_github : problem_format_text)(&b, s->where, &ps->v[i]);
		print_buf(&b, github ? stdout : stderr);
	}
	if (all > ps->n)
		fprintf(stderr, "%s: and %zu more problems like these\n", s->where, all - ps->n);
	if (format == PROBLEM_FORMAT_GITLAB)
		print_report(s);
	return ps->errors;
}

FILE *check_out(enum problem_format format)
{
	return format == PROBLEM_FORMAT_GITLAB ? stderr : stdout;
}

static size_t count_repositories(const struct lists *ls)
{
	cleanup_by(table_release) struct table seen = TABLE_INIT;
	char **names = xcalloc(ls->n, sizeof(char *));
	size_t n;

	for (size_t i = 0; i < ls->n; i++) {
		names[i] = ref_repository(list_image_target(&ls->images[i]));
		table_put(&seen, names[i], names[i]);
	}
	n = seen.n;
	for (size_t i = 0; i < ls->n; i++)
		free(names[i]);
	free(names);
	return n;
}

void check_summary(const struct list_source *s, enum problem_format format)
{
	const struct lists *ls = s->lists;
	size_t repositories = count_repositories(ls);
	FILE *out = check_out(format);

	fprintf(out, "%s: no errors: %zu list%s, %zu line%s, ", s->where, ls->files.n,
		format_plural(ls->files.n), ls->n, format_plural(ls->n));
	fprintf(out, "%zu repositor%s\n", repositories, repositories == 1 ? "y" : "ies");
}
