#include "oci/lists/image_options.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/problem.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
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
	{ "min-age=3d", "", false, false },
	{ "min-age=0s", "", false, false },
	{ "keep=5", "", false, false },
	{ "keep-for=90d", "", false, false },
	{ "referrers=yes", "referrers yes\n", false, false },
	{ "referrers=no", "referrers no\n", false, false },
	{ "referrers=auto", "", false, false },
	{ "upstream=gone", "upstream gone\n", false, false },
	{ "private=team-a", "", false, false },
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

/* Two lines ask for one image: what it then has, in the words of one line. */
static const struct {
	const char *name, *a, *b, *united;
} unions[] = {
	{ "platforms are united", "platform=linux/amd64", "platform=linux/amd64,linux/arm64",
	  "platform=linux/amd64,linux/arm64" },
	{ "all of them", "platform=linux/amd64", "", "" },
	{ "the larger keep", "keep=3", "keep=10", "keep=10" },
	{ "a limit is none where the other line has none", "keep=3", "", "" },
	{ "limits of two kinds", "keep=3", "keep-for=90d", "keep=3 keep-for=90d" },
	{ "as often as one wants", "refresh=6h", "refresh=1h", "refresh=1h" },
	{ "every run", "refresh=never", "", "" },
	{ "never loses", "refresh=never", "refresh=6h", "refresh=6h" },
	{ "as soon as one wants to be told", "max-age=7d", "max-age=1d", "max-age=1d" },
	{ "told as one wants", "", "max-age=1d", "max-age=1d" },
	{ "owners", "owner=a", "owner=b", "owner=\"a, b\"" },
	{ "an owner once", "owner=a", "owner=a", "owner=a" },
	{ "an owner of one line", "", "owner=a", "owner=a" },
	{ "reasons", "reason=\"old one\"", "reason=\"new one\"", "reason=\"old one, new one\"" },
	{ "referrers", "referrers=yes", "", "referrers=yes" },
	{ "gone", "upstream=gone", "upstream=gone", "upstream=gone" },
	{ "gone for one line", "", "upstream=gone", "!upstream=gone stands on one of them only" },
	{ "for the other", "upstream=gone", "", "!upstream=gone stands on one of them only" },
	{ "choices stay apart", "tags=1.* newest=2", "tags=2.*", "tags=1.* newest=2" },
	{ "a group", "private=g", "private=g", "private=g" },
	{ "external layers that one line wants", "external=no", "keep=3", "" },
	{ "external layers that no line wants", "external=no", "external=no", "external=no" },
	{ "two groups", "private=g", "private=h", "!private=g and private=h cannot be united" },
};

static void test_union(size_t i)
{
	cleanup_by(image_options_release) struct image_options a, b, want;
	cleanup_by(strvec_release) struct strvec texts = STRVEC_INIT;
	cleanup_by(buf_release) struct buf got = BUF_INIT(1000), wanted = BUF_INIT(1000);
	bool fails = unions[i].united[0] == '!';
	struct image_options both;
	struct err err;

	CHECK(read_options(&a, unions[i].a, false) && read_options(&b, unions[i].b, false));
	image_options_init(&want);
	both = a;
	if (fails) {
		CHECK(image_options_unite(&both, &b, &texts, &err) < 0);
		CHECK_TEXT(err.msg, unions[i].united + 1, unions[i].name);
		return;
	}
	CHECK_ROW(read_options(&want, unions[i].united, false), unions[i].united);
	CHECK(image_options_unite(&both, &b, &texts, &err) == 0);
	image_options_write_question(&both, &got);
	image_options_write_question(&want, &wanted);
	CHECK_TEXT(got.p, wanted.p, unions[i].name);
	CHECK_ROW(both.keep == want.keep && both.keep_for == want.keep_for &&
			  both.refresh == want.refresh && both.max_age == want.max_age,
		  unions[i].name);
	CHECK_ROW(str_same(both.owner, want.owner) && str_same(both.reason, want.reason) &&
			  str_same(both.private_group, want.private_group),
		  unions[i].name);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(i);
	for (size_t i = 0; i < sizeof(unions) / sizeof(unions[0]); i++)
		test_union(i);
	return tap_done();
}
