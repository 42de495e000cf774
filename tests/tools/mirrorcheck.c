/*
 * mirrorcheck DIR - is this mirror whole? One line per problem on stdout; 0 when there is none, 1
 * when there are some, 2 when it could not be looked at.
 *
 * Whole means: index.json parses and has one entry a reference; all that its entries reach is there
 * and is what its digest says; so is every other file under blobs/; the current generation is kept,
 * and equal to index.json; every kept one can be read; the journal has no bad line and its
 * generations ascend.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/store/generation.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "oci/store/reach.h"

static int problems;

static void problem(const char *name, const char *text)
{
	printf("%s: %s\n", name, text);
	problems++;
}

static void on_fault(const struct reach_problem *p, void *unused)
{
	(void)unused;
	printf("%s: %s %s %s\n", p->entry->ref, p->role, p->digest.str, p->text);
	problems++;
}

static int on_stray(const struct digest *d, const char *path, int64_t size, void *layout)
{
	struct err err = ERR_INIT;

	(void)size;
	if (!d->str[0])
		problem(path, "its name is no digest");
	else if (reach_rehash(layout, d, &err) < 0)
		problem(path, err.msg);
	return 0;
}

static void check_blobs(struct layout *l, const struct index *x)
{
	struct err err = ERR_INIT;
	struct reach s;

	reach_init(&s, l, REACH_REHASH, on_fault, NULL);
	for (size_t i = 0; i < x->n; i++)
		reach_entry(&s, x->v[i]);
	if (reach_strays(&s, on_stray, l, &err) < 0)
		problem("blobs", err.msg);
	reach_release(&s);
}

static void check_names(const struct index *x)
{
	for (size_t i = 1; i < x->n; i++)
		if (x->v[i]->ref[0] && strcmp(x->v[i - 1]->ref, x->v[i]->ref) == 0)
			problem(x->v[i]->ref, "there are two entries of this name");
}

/* An index that was published is kept under its number, byte for byte. */
static void check_current(const struct layout *l, long current)
{
	cleanup_by(buf_release) struct buf now = BUF_INIT(LIMIT_INDEX),
					   kept = BUF_INIT(LIMIT_INDEX);
	cleanup_free char *path = xasprintf(".mirror/generations/%ld.json", current);
	struct err err = ERR_INIT;

	if (file_read(l->root, "index.json", &now, &err) < 0 ||
	    file_read(l->root, path, &kept, &err) < 0)
		problem(path, err.msg);
	else if (now.n != kept.n || memcmp(now.p, kept.p, now.n) != 0)
		problem(path, "is not what index.json holds");
}

static void check_generations(const struct layout *l, long current)
{
	cleanup_free long *numbers = NULL;
	struct err err = ERR_INIT;
	size_t n = 0;

	if (generation_list(l, current, &numbers, &n, &err) < 0)
		problem("generations", err.msg);
	for (size_t i = 0; i < n; i++) {
		cleanup_by(index_release) struct index x = INDEX_INIT;

		if (generation_read(l, numbers[i], &x, &err) < 0)
			problem("generations", err.msg);
	}
}

static int on_line(const struct journal_line *line, void *last)
{
	struct digest d;
	struct err err = ERR_INIT;

	if (line->generation < *(long *)last)
		problem("journal", "generations do not ascend");
	*(long *)last = line->generation;
	if ((line->old_digest && digest_parse(&d, span_str(line->old_digest), &err) < 0) ||
	    (line->new_digest && digest_parse(&d, span_str(line->new_digest), &err) < 0))
		problem("journal", err.msg);
	return 0;
}

static void check_journal(const struct layout *l, long current)
{
	struct err err = ERR_INIT;
	long last = 0;
	size_t bad = 0;

	if (journal_walk(l, current, on_line, &last, &bad, &err) < 0)
		problem("journal", err.msg);
	if (bad)
		problem("journal", "has lines that do not parse");
}

static int check(const char *path, struct err *err)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_by(index_release) struct index x = INDEX_INIT;
	long current;

	if (layout_open(&l, path, LAYOUT_READ, err) < 0 || index_load(&x, &l, NULL, err) < 0)
		return -1;
	current = generation_number(&x);
	check_names(&x);
	check_blobs(&l, &x);
	if (current > 0)
		check_current(&l, current);
	check_generations(&l, current);
	check_journal(&l, current);
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc != 2) {
		fputs("usage: mirrorcheck DIR\n", stderr);
		return 2;
	}
	if (check(argv[1], &err) < 0) {
		printf("%s\n", err.msg);
		return 2;
	}
	return problems > 0;
}
