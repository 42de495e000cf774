#include "oci/store/generation_trust.h"

#include <stdint.h>
#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/store/generation_files.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"

static long newest_of(const struct generation_files *kept)
{
	return kept->n ? kept->v[kept->n - 1].number : -1;
}

/* ---- what a killed writer left ---- */

/* Whether this generation, the newest kept, was never published. Files of version 0.1 have no
 * .previous and a mode that says nothing: there the journal tells. */
static bool is_orphan(const struct layout *l, long number, long journalled)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	struct err ignored;

	if (generation_files_head(l, number, &head, &ignored) == 0 &&
	    index_annotation(&head, ANNOTATION_PREVIOUS))
		return generation_files_is_pending(l, number);
	return number > journalled;
}

/* ---- what to offer ---- */

static bool is_before(const struct layout *l, long number, const char *previous)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);
	struct digest id;
	struct err ignored;

	if (generation_files_read(l, number, &bytes, &ignored) < 0)
		return false;
	digest_of(NULL, bytes.p, bytes.n, &id);
	return strcmp(id.str, previous) == 0;
}

/* A file that can be copied: whole, an index of its number, and what the one after it says. */
static bool is_fit(const struct layout *l, const struct generation_files *kept, size_t at)
{
	cleanup_by(index_release) struct index x = INDEX_INIT, after = INDEX_INIT;
	long number = kept->v[at].number;
	const char *previous = NULL;
	struct err ignored;

	if (!kept->v[at].whole || generation_files_index(l, number, &x, &ignored) < 0)
		return false;
	if (at + 1 < kept->n && kept->v[at + 1].number == number + 1 &&
	    generation_files_head(l, number + 1, &after, &ignored) == 0)
		previous = index_annotation(&after, ANNOTATION_PREVIOUS);
	return !previous || is_before(l, number, previous);
}

int generation_trust_refuse(const struct layout *l, const struct generation_files *kept,
			    const char *what, struct err *err)
{
	long journalled = -1, lost = -1;
	char missing[64] = "";
	size_t n = kept->n;
	struct err ignored;

	(void)!journal_last(l, &journalled, &ignored);
	if (n && is_orphan(l, kept->v[n - 1].number, journalled))
		lost = kept->v[--n].number - 1;
	while (n && !is_fit(l, kept, n - 1))
		n--;
	if (!n)
		return err_set(err, ERR_INVALID, 0, "%s/index.json %s; nothing was changed",
			       l->path, what);
	if (lost > kept->v[n - 1].number)
		snprintf(missing, sizeof(missing), " (generation %ld is not)", lost);
	return err_set(err, ERR_INVALID, 0,
		       "%s/index.json %s; nothing was changed; to go on from the newest generation "
		       "kept%s: cp %s/" GENERATION_DIR "/%ld.json %s/index.json",
		       l->path, what, missing, l->path, kept->v[n - 1].number, l->path);
}

/* ---- is it the newest? ---- */

static int refuse_older(const struct layout *l, const struct generation_files *kept, long number,
			const char *because, struct err *err)
{
	cleanup_free char *what = xasprintf(
		"is generation %ld, and %s: it was put back (\"mirror-publish restored\" accepts "
		"that)",
		number, because);

	return generation_trust_refuse(l, kept, what, err);
}

/* The generation after x is kept: left by a writer that was killed, or x was put back. Gives what
 * speaks against x, or NULL. */
static const char *doubt_by_next(const struct layout *l, const struct index *x, long next,
				 long journalled)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	const char *previous;
	struct err ignored;

	if (!is_orphan(l, next, journalled))
		return "a newer one was published";
	if (generation_files_head(l, next, &head, &ignored) < 0)
		return NULL; /* torn: it is overwritten */
	previous = index_annotation(&head, ANNOTATION_PREVIOUS);
	return previous && strcmp(previous, x->read_as.str) != 0
		       ? "the generation after it follows another one"
		       : NULL;
}

/* x and the generation kept under its number come from the same one before them. */
static const char *doubt_by_same(const struct layout *l, const struct index *x, long number)
{
	cleanup_by(index_release) struct index same = INDEX_INIT;
	struct err ignored;

	if (generation_files_head(l, number, &same, &ignored) < 0 ||
	    generation_files_number(&same) != number)
		return NULL; /* damaged, and index.json is not */
	return str_same(index_annotation(x, ANNOTATION_PREVIOUS),
			index_annotation(&same, ANNOTATION_PREVIOUS))
		       ? NULL
		       : "the one kept under that number is another one";
}

/* x is not kept, but the one before it is. */
static const char *doubt_by_before(const struct layout *l, const struct index *x, long number)
{
	const char *previous = index_annotation(x, ANNOTATION_PREVIOUS);

	return !previous || is_before(l, number - 1, previous)
		       ? NULL
		       : "it does not follow the generation before it";
}

int generation_trust_check(const struct layout *l, const struct generation_files *kept,
			   const struct index *x, struct err *err)
{
	long number = generation_files_number(x), newest = newest_of(kept), journalled = -1;
	const char *doubt = NULL;

	if (number < 0) /* another tool's */
		number = 0;
	if (journal_last(l, &journalled, err) < 0)
		return -1;
	if (newest > number + 1)
		doubt = "newer ones were published";
	else if (journalled > number + 1 || (journalled > number && newest <= number))
		doubt = "the journal tells of newer ones";
	else if (newest == number + 1)
		doubt = doubt_by_next(l, x, newest, journalled);
	if (!doubt && generation_files_find(kept, number))
		doubt = doubt_by_same(l, x, number);
	else if (!doubt && newest == number - 1 && newest >= 0)
		doubt = doubt_by_before(l, x, number);
	return doubt ? refuse_older(l, kept, number, doubt, err) : 0;
}

int generation_trust_last(const struct layout *l, const struct index *x, long *number,
			  struct err *err)
{
	struct generation_files kept = GENERATION_FILES_INIT;
	long last = -1;

	if (journal_last(l, &last, err) < 0 || generation_files_list(&kept, l, INT32_MAX, err) < 0)
		return -1;
	*number = generation_files_number(x);
	if (last > *number)
		*number = last;
	if (newest_of(&kept) > *number)
		*number = newest_of(&kept);
	generation_files_release(&kept);
	return 0;
}
