#include "oci/store/generation_check.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/digest.h"
#include "oci/store/beneath.h"
#include "oci/store/generation.h"
#include "oci/store/generation_files.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/line_diff.h"

/* The generation that was read last, as lines, and what the next one must be. */
struct check {
	const struct layout *layout;
	long number;        /* of the one whose lines are here; -1: none */
	struct lines lines; /* not split yet while `whole` has its text */
	bool is_split;
	struct buf *texts; /* what the lines are lent by: a whole one, then differences */
	size_t ntexts, texts_cap;
	long follows;           /* the generation that `expected` is about; -1: none */
	struct digest expected; /* its digest, as the one after it says */
};

static void drop_texts(struct check *c)
{
	for (size_t i = 0; i < c->ntexts; i++)
		buf_release(&c->texts[i]);
	c->ntexts = 0;
	c->number = -1;
	c->is_split = false;
}

static void check_release(struct check *c)
{
	drop_texts(c);
	free(c->texts);
	lines_release(&c->lines);
}

static void keep_text(struct check *c, struct buf *bytes)
{
	c->texts = xgrow(c->texts, c->ntexts, &c->texts_cap, sizeof(*c->texts));
	c->texts[c->ntexts++] = *bytes;
	buf_init(bytes, bytes->max);
}

/* ---- one generation ---- */

static int read_whole(struct check *c, long number, struct digest *id, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	char path[GENERATION_PATH];

	generation_files_path(number, true, path);
	if (beneath_read(c->layout->root, path, &bytes, err) < 0)
		return -1;
	digest_of(NULL, bytes.p, bytes.n, id);
	drop_texts(c);
	keep_text(c, &bytes);
	c->number = number;
	return 0;
}

static int split_once(struct check *c, struct err *err)
{
	if (c->is_split)
		return 0;
	lines_release(&c->lines);
	if (lines_split(&c->lines, buf_span(&c->texts[0]), err) < 0)
		return -1;
	c->is_split = true;
	return 0;
}

static void hash_lines(const struct lines *l, struct digest *id)
{
	struct hash *h = hash_new(NULL);

	/* each line stands before its newline in the text that lends it */
	for (size_t i = 0; i < l->n; i++)
		hash_add(h, l->v[i].p, l->v[i].n + 1);
	hash_end(h, id);
}

static int apply_diff(struct check *c, long number, struct generation_diff *d, struct digest *id,
		      struct err *err)
{
	if (c->number != number + 1)
		return err_set(err, ERR_INVALID, 0,
			       "cannot be rebuilt: generation %ld, which it is kept against, is "
			       "missing or damaged",
			       number + 1);
	if (split_once(c, err) < 0 || line_diff_apply(&c->lines, d->steps, err) < 0) {
		drop_texts(c);
		return err_wrap(err, "cannot be rebuilt");
	}
	hash_lines(&c->lines, id);
	keep_text(c, &d->bytes);
	c->number = number;
	if (!digest_eq(id, &d->digest))
		return err_set(err, ERR_DIGEST, 0,
			       "cannot be rebuilt: what its difference makes is not what was "
			       "published");
	return 0;
}

static int read_difference(struct check *c, long number, struct digest *id, struct err *err)
{
	struct generation_diff d = { .bytes = BUF_INIT(LIMIT_INDEX) };
	int r = generation_files_diff(c->layout, number, &d, err);

	if (r == 0)
		r = apply_diff(c, number, &d, id, err);
	buf_release(&d.bytes);
	return r;
}

/* A whole one may become a difference while we look: it is looked for first. */
static int read_one(struct check *c, long number, struct digest *id, struct err *err)
{
	if (read_whole(c, number, id, err) == 0)
		return 0;
	return err->kind == ERR_NOTFOUND ? read_difference(c, number, id, err) : -1;
}

/* What its own first line says: its number, and the digest of the generation before. */
static int read_head(struct check *c, long number, struct err *err)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	const char *previous;
	long said;

	c->follows = -1;
	if (generation_files_head(c->layout, number, &head, err) < 0)
		return -1;
	said = generation_files_number(&head);
	if (said != number && !(number == 0 && said < 0))
		return err_set(err, ERR_INVALID, 0, "it says it is generation %ld", said);
	previous = index_annotation(&head, ANNOTATION_PREVIOUS);
	if (previous && digest_parse(&c->expected, span_str(previous), err) < 0)
		return err_wrap(err, "it names the generation before");
	c->follows = previous ? number - 1 : -1;
	return 0;
}

static int check_one(struct check *c, long number, struct err *err)
{
	struct digest want = c->expected, id = { .str = "" };
	bool is_expected = c->follows == number;

	c->follows = -1;
	if (read_one(c, number, &id, err) < 0)
		return -1;
	if (is_expected && !digest_eq(&id, &want))
		return err_set(err, ERR_DIGEST, 0,
			       "is not what was published: its digest is %s, and %s was", id.str,
			       want.str);
	return read_head(c, number, err);
}

/* ---- all ---- */

/* After "restored" a generation names the newest before it, whose number may be any smaller one. */
static bool leaves_out(const struct generation_files *kept, size_t i)
{
	return i + 1 < kept->n && kept->v[i + 1].number != kept->v[i].number + 1;
}

int generation_check(const struct layout *l, const struct index *x, size_t *n,
		     void (*bad)(long number, const char *text, void *arg), void *arg,
		     struct err *err)
{
	cleanup_by(generation_files_release) struct generation_files kept = GENERATION_FILES_INIT;
	cleanup_by(check_release) struct check c = { .layout = l, .number = -1 };
	long current = generation_number(x);

	if (generation_files_list(&kept, l, current, err) < 0)
		return -1;
	c.follows = x->read_as.str[0] ? current : -1;
	c.expected = x->read_as;
	for (size_t i = kept.n; i-- > 0;) {
		struct err why = ERR_INIT;

		if (leaves_out(&kept, i))
			c.follows = -1;
		if (check_one(&c, kept.v[i].number, &why) < 0 && why.kind != ERR_NOTFOUND)
			bad(kept.v[i].number, why.msg, arg);
	}
	if (current > 0 && !generation_files_find(&kept, current))
		bad(current, "is not kept: index.json has no second copy", arg);
	*n = kept.n;
	return 0;
}
