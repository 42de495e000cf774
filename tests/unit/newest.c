/* newest=N over tag lists as real repositories have them (tests/corpus/tags), with lines as people
 * write them. */
#include "oci/lists/newest.h"

#include <fcntl.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/strvec.h"
#include "oci/lists/image_options.h"
#include "oci/lists/tag_select.h"
#include "tests/tap.h"

#include "tests/unit/newest_rows.h"

static void read_tags(const char *list, struct strvec *tags)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(MIB);
	cleanup_free char *path = xasprintf("tests/corpus/tags/%s.txt", list);
	struct err err = ERR_INIT;
	struct span rest, line;

	if (!CHECK_ROW(file_read(AT_FDCWD, path, &bytes, &err) == 0, path))
		return;
	rest = buf_span(&bytes);
	while (span_cut(&rest, '\n', &line))
		if (line.n)
			strvec_addf(tags, "%.*s", SPAN_ARG(line));
}

static struct tag_select *select_of(const struct row *row)
{
	struct err err = ERR_INIT;
	struct image_options o;

	image_options_init(&o);
	o.tags = (char *)row->tags;
	o.exclude = (char *)row->exclude;
	o.match = (char *)row->match;
	o.semver = (char *)row->semver;
	o.newest = row->newest;
	return tag_select_new(&o, &err);
}

static void add_sorted(struct buf *out, const char **v, long n)
{
	cleanup_by(strvec_release) struct strvec sorted = STRVEC_INIT;

	for (long i = 0; i < n; i++)
		strvec_add(&sorted, v[i]);
	strvec_sort(&sorted);
	for (long i = 0; i < n; i++)
		buf_addf(out, "%s%s", i ? " " : "", sorted.v[i]);
}

static void test_row(const struct row *row)
{
	cleanup_by(newest_left_release) struct newest_left left = NEWEST_LEFT_INIT;
	cleanup_by(buf_release) struct buf got = BUF_INIT(MIB), words = BUF_INIT(MIB);
	cleanup_by(strvec_release) struct strvec tags = STRVEC_INIT;
	struct tag_select *s = select_of(row);
	cleanup_free const char **v = NULL;
	struct err err = ERR_INIT;
	char name[200];
	long n;

	read_tags(row->list, &tags);
	v = xcalloc(tags.n + 1, sizeof(*v));
	for (size_t i = 0; i < tags.n; i++)
		v[i] = tags.v[i];
	n = s ? tag_select_tags(s, v, tags.n, &left, &err) : 0;
	add_sorted(&got, v, n);
	newest_left_describe(&left, &words);
	snprintf(name, sizeof(name), "%s: %s", row->list, row->name);
	CHECK_TEXT(n < 0 ? err.msg : got.p ? got.p : "", row->want, name);
	if (row->left)
		CHECK_TEXT(words.p ? words.p : "", row->left, name);
	tag_select_free(s);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i]);
	return tap_done();
}
