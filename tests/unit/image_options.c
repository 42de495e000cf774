#include "oci/lists/image_options.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/problem.h"
#include "oci/lists/line.h"
#include "tests/tap.h"

/* Each option: whether it chooses tags, what an upstream is asked, and its place in mirror.conf. */
static const struct {
	const char *option, *question;
	bool chooses_tags, only_in_lists;
} rows[] = {
	{ "platform=linux/arm64,linux/amd64", "platform linux/amd64,linux/arm64\n", false, false },
	{ "platform=all", "", false, false },
	{ "tags=b*,a*", "tags a*,b*\n", true, true },
	{ "exclude=*-rc*", "exclude *-rc*\n", true, true },
	{ "match=^v,2", "match ^v,2\n", true, true },
	{ "semver=^1.2", "semver ^1.2\n", true, true },
	{ "newest=3", "newest 3\n", true, true },
	{ "as=a.example/b", "", false, true },
	{ "refresh=1h", "", false, false },
	{ "max-age=1d", "", false, false },
	{ "keep=5", "", false, false },
	{ "keep-for=90d", "", false, false },
	{ "referrers=yes", "referrers yes\n", false, false },
	{ "referrers=no", "", false, false },
	{ "upstream=gone", "upstream gone\n", false, false },
	{ "owner=team-a", "", false, false },
	{ "reason=because", "", false, false },
};

static bool read_options(struct image_options *o, const char *text, bool in_conf)
{
	cleanup_by(problems_release) struct problems problems = PROBLEMS_INIT;
	cleanup_free struct line *l = xmalloc(sizeof(*l));
	const struct place at = { .problems = &problems, .file = "a.list", .line = 1 };
	struct err ignored;
	int column;

	image_options_init(o);
	return line_parse(l, span_str(text), &column, &ignored) == 0 &&
	       image_options_read(o, l, 0, in_conf, &at);
}

static void test_row(size_t i)
{
	cleanup_by(image_options_release) struct image_options o, conf;
	cleanup_by(buf_release) struct buf b = BUF_INIT(1000);
	struct image_options complete;

	CHECK_ROW(read_options(&o, rows[i].option, false), rows[i].option);
	CHECK_ROW(read_options(&conf, rows[i].option, true) == !rows[i].only_in_lists,
		  "allowed in mirror.conf, or not");
	CHECK_ROW(image_options_choose_tags(&o) == rows[i].chooses_tags, "chooses tags, or not");
	complete = o;
	image_options_drop_defaults(&complete);
	image_options_write_question(&complete, &b);
	CHECK_TEXT(b.p, rows[i].question, "what an upstream is asked");
}

static void test_same_choice(const char *option)
{
	cleanup_by(image_options_release) struct image_options a, b, none;

	read_options(&a, option, false);
	read_options(&b, option, false);
	read_options(&none, "platform=all owner=me keep=3", false);
	CHECK_ROW(image_options_same_choice(&a, &b), option);
	CHECK_ROW(image_options_same_choice(&a, &none) == !image_options_choose_tags(&a),
		  "differs from no choice, when it is one");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(i);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_same_choice(rows[i].option);
	return tap_done();
}
