#include "sync/dockerfile_word.h"

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

/* ARGs in front, separated by blanks: V is set, EMPTY is empty, CUT has no known value, and UNSET
 * has none. */
static const char args_text[] = "V=3.19.1 EMPTY= CUT=${V%.*} Q=\"a b\" UNSET IN=$V-x";

static const struct {
	const char *name, *word, *text; /* text: NULL when it has no known value */
} rows[] = {
	{ "a plain word", "alpine:3", "alpine:3" },
	{ "a variable", "alpine:$V", "alpine:3.19.1" },
	{ "in braces", "alpine:${V}x", "alpine:3.19.1x" },
	{ "its name ends at another character", "$V.x/$V", "3.19.1.x/3.19.1" },
	{ "of another ARG's value", "$IN", "3.19.1-x" },
	{ "a longer name is another one", "$VV", NULL },
	{ "a shorter one, too", "$EMPT", NULL },
	{ "without a value", "$UNSET", NULL },
	{ "an empty one", "a${EMPTY}b", "ab" },
	{ "a default that is not needed", "${V:-1}", "3.19.1" },
	{ "a default", "${UNSET:-1}", "1" },
	{ "a default of what is empty", "${EMPTY:-1}", "1" },
	{ "without a colon, empty is set", "${EMPTY-1}x", "x" },
	{ "without a colon, a default", "${UNSET-1}", "1" },
	{ "an empty default", "a${UNSET:-}", "a" },
	{ "a default with a variable", "${UNSET:-${V}}", "3.19.1" },
	{ "a default with a default", "${UNSET:-${UNSET:-2}}", "2" },
	{ "a default without a known value", "${UNSET:-$CUT}", NULL },
	{ "... that is not needed", "${V:-$CUT}", "3.19.1" },
	{ "a default with a brace in quotes", "${UNSET:-\"}\"}", "}" },
	{ "a word if it is set", "a${V:+-plus}", "a-plus" },
	{ "a word if it is set, which it is not", "a${UNSET:+-plus}", "a" },
	{ "... which is empty", "a${EMPTY:+-plus}", "a" },
	{ "without a colon, empty is set, and the word stands", "a${EMPTY+-plus}", "a-plus" },
	{ "an error if it is not set", "${UNSET:?why}", NULL },
	{ "an error if it is empty", "${EMPTY:?why}", NULL },
	{ "no error", "${V:?why}${EMPTY?why}", "3.19.1" },
	{ "cut at the end", "${V%.*}x", NULL },
	{ "cut at the end, the longest", "${V%%.*}", NULL },
	{ "cut in front", "${V#3.}", NULL },
	{ "cut in front, the longest", "${V##*.}", NULL },
	{ "replaced", "${V/3/4}", NULL },
	{ "replaced everywhere", "${V//1/4}", NULL },
	{ "in upper case, a form of bash", "${V^^}", NULL },
	{ "of an ARG that was cut", "a$CUT", NULL },
	{ "... with a default, which does not count", "${CUT:-1}", NULL },
	{ "... with a word", "${CUT:+1}", NULL },
	{ "a platform that the builder sets", "$TARGETARCH", NULL },
	{ "... whose default does not count", "${TARGETARCH:-amd64}", NULL },
	{ "a dollar alone", "a$", NULL },
	{ "a number", "$1", NULL },
	{ "no name", "${}", NULL },
	{ "a brace that is not closed", "${V", NULL },
	{ "a default that is not closed", "${UNSET:-1", NULL },
	{ "an escaped variable", "\\$V", "$V" },
	{ "an escape at the end", "a\\", "a" },
	{ "double quotes", "\"alpine:$V\"", "alpine:3.19.1" },
	{ "an escape in them", "\"a\\\"\\$V\\x\"", "a\"$V\\x" },
	{ "single quotes", "'alpine:$V'", "alpine:$V" },
	{ "quotes within a word", "al\"pi\"'ne'", "alpine" },
	{ "a value with a blank", "$Q", "a b" },
	{ "an open double quote", "\"a", NULL },
	{ "an open single quote", "'a", NULL },
	{ "nested too deeply",
	  "${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-${U:-"
	  "1}}}}}}}}}}}}}}}}}",
	  NULL },
	{ "nothing", "", "" },
};

static void check_words(void)
{
	struct dockerfile_args args = DOCKERFILE_ARGS_INIT;
	struct span rest = span_str(args_text), word;
	bool open;

	while ((word = dockerfile_word_cut(&rest, '\\', &open)).n)
		dockerfile_args_add(&args, word);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(1000);
		bool known = dockerfile_word_expand(&args, span_str(rows[i].word), &out);

		CHECK_TEXT(known ? out.p : "none", rows[i].text ? rows[i].text : "none",
			   rows[i].name);
	}
	dockerfile_args_release(&args);
}

static void check_backtick(void)
{
	struct dockerfile_args args = DOCKERFILE_ARGS_INIT;
	cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

	args.escape = '`';
	CHECK(dockerfile_word_expand(&args, span_str("c:\\x`$V"), &out));
	CHECK_TEXT(out.p, "c:\\x$V", "another escape character");
	dockerfile_args_release(&args);
}

/* More ARGs than are kept: what a variable stands for is not known then. */
static void check_many_args(void)
{
	struct dockerfile_args args = DOCKERFILE_ARGS_INIT;
	cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

	for (int i = 0; i < LIMIT_DOCKERFILE_ARGS; i++)
		dockerfile_args_add(&args, span_str("V=1"));
	CHECK(dockerfile_word_expand(&args, span_str("$V"), &out));
	for (int i = 0; i < 2; i++)
		dockerfile_args_add(&args, span_str("W=2"));
	buf_clear(&out);
	CHECK(!dockerfile_word_expand(&args, span_str("${W:-1}"), &out));
	CHECK(args.set.n <= LIMIT_DOCKERFILE_ARGS + 1);
	dockerfile_args_release(&args);
}

static const struct {
	const char *name, *text, *words; /* each word in [] */
	bool open;
} cuts[] = {
	{ "words", " a  b\tc ", "[a][b][c]", false },
	{ "a blank in quotes", "--x=\"a b\" 'c d'e", "[--x=\"a b\"]['c d'e]", false },
	{ "an escaped blank", "a\\ b c", "[a\\ b][c]", false },
	{ "an escaped quote", "a\\\" b", "[a\\\"][b]", false },
	{ "an escape in single quotes is none", "'a\\' b", "['a\\'][b]", false },
	{ "a quote in the other quotes", "\"it's\" b", "[\"it's\"][b]", false },
	{ "an open quote", "a it's b", "[a][it's b]", true },
};

static void check_cuts(void)
{
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(1000);
		struct span rest = span_str(cuts[i].text), word;
		bool open, any = false;

		while ((word = dockerfile_word_cut(&rest, '\\', &open)).n) {
			buf_addf(&out, "[%.*s]", SPAN_ARG(word));
			any |= open;
		}
		CHECK_TEXT(out.p, cuts[i].words, cuts[i].name);
		CHECK(any == cuts[i].open);
	}
}

int main(void)
{
	check_words();
	check_backtick();
	check_many_args();
	check_cuts();
	return tap_done();
}
