#include "oci/base/err.h"

#include <errno.h>
#include <stdlib.h>

#include "oci/base/span.h"
#include "tests/tap.h"

static void test_set(void)
{
	struct err err = ERR_INIT;
	int result = err_set(&err, ERR_LIMIT, 429, "tag \"%s\" of %d", "3.19", 7);

	CHECK_ROW(result == -1 && err.kind == ERR_LIMIT && err.sys == 429, "set");
	CHECK_TEXT(err.msg, "tag \"3.19\" of 7", "the message");
	err_set(&err, ERR_NET, 0, "again: %s", err.msg);
	CHECK_TEXT(err.msg, "again: tag \"3.19\" of 7", "made of itself");
	result = err_wrap(&err, "%s", "docker.io");
	CHECK_ROW(result == -1 && err.kind == ERR_NET, "wrapped, it keeps its kind");
	CHECK_TEXT(err.msg, "docker.io: again: tag \"3.19\" of 7", "and has its context in front");
	err_wrap(&err, "%s", err.msg);
	CHECK_TEXT(err.msg,
		   "docker.io: again: tag \"3.19\" of 7: docker.io: again: tag \"3.19\" of 7",
		   "also when that is itself");
}

static const struct {
	const char *name, *text, *want;
} texts[] = {
	{ "a line's end", "a\r\nb", "a??b" },
	{ "an escape sequence", "\033[2J", "?[2J" },
	{ "DEL", "a\177", "a?" },
	{ "a tab", "\t", "?" },
	{ "UTF-8", "gr\303\274\303\237e \342\202\254 \360\237\220\263",
	  "gr\303\274\303\237e \342\202\254 \360\237\220\263" },
	{ "U+009B, which starts a sequence, too",
	  "\302\233"
	  "2J",
	  "??2J" },
	{ "U+00A0 is the first behind them", "\302\240", "\302\240" },
	// NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested
	{ "a direction", "a\342\200\256b", "a???b" },
	{ "a line's end of Unicode", "\342\200\250::error::", "???::error::" },
	{ "a command to a pipeline's runner", "##[error]x", "##(error]x" },
	{ "a byte of the middle", "a\200b", "a?b" },
	{ "no UTF-8", "\377\376", "??" },
	{ "cut off", "a\342\202", "a??" },
	{ "overlong", "\300\212", "??" },
};

static bool is_clean(const char *s)
{
	for (size_t n; *s; s += n) {
		n = span_utf8(span_of(s, strnlen(s, 4)));
		if (!n || (unsigned char)*s < ' ')
			return false;
	}
	return true;
}

static void test_printable(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err;

		err_set(&err, ERR_INVALID, 0, "%s", texts[i].text);
		CHECK_TEXT(err.msg, texts[i].want, texts[i].name);
		err_set(&err, ERR_INVALID, 0, "x");
		err_wrap(&err, "%s", texts[i].text);
		CHECK_ROW(is_clean(err.msg) && span_ends(span_str(err.msg), ": x"),
			  "and in front of another");
	}
}

/* Every length around the ceiling, of characters of one, two, three and four bytes. */
static void test_cut(void)
{
	static const char *const characters[] = { "x", "\303\274", "\342\202\254",
						  "\360\237\220\263" };
	bool clean = true, marked = true, kept = true;

	for (size_t i = 0; i < 4; i++) {
		size_t each = strlen(characters[i]);

		for (size_t n = 440; n < 520; n++) {
			char text[600] = "";
			struct err err;

			for (size_t at = 0; at + each <= n; at += each)
				memcpy(text + at, characters[i], each + 1);
			err_set(&err, ERR_INVALID, 0, "%s", text);
			clean &= is_clean(err.msg) && strlen(err.msg) < sizeof(err.msg);
			err_wrap(&err, "library/alpine");
			clean &= is_clean(err.msg) && strlen(err.msg) < sizeof(err.msg);
			kept &= span_starts(span_str(err.msg), "library/alpine: ");
			if (strlen("library/alpine: ") + strlen(text) >= sizeof(err.msg))
				marked &= span_ends(span_str(err.msg), "...");
			err_wrap(&err, "%s", text);
			clean &= is_clean(err.msg) && strlen(err.msg) < sizeof(err.msg);
		}
	}
	CHECK_ROW(clean, "a message that is cut stays whole characters");
	CHECK_ROW(kept, "loses its tail, not its context");
	CHECK_ROW(marked, "and ends in dots");
}

static void test_sys(void)
{
	struct err err;

	errno = EACCES;
	CHECK_ROW(err_sys(&err, "cannot open", "/etc/x") == -1 && err.kind == ERR_IO &&
			  err.sys == EACCES,
		  "an errno");
	CHECK_TEXT(err.msg, "cannot open \"/etc/x\": Permission denied", "in words");
	errno = ENOENT;
	err_sys(&err, "cannot open", "x\ny");
	CHECK_ROW(err.kind == ERR_NOTFOUND && err.sys == ENOENT,
		  "what is not there is a kind of its own");
	CHECK_TEXT(err.msg, "cannot open \"x?y\": No such file or directory",
		   "a path is a stranger's, too");
}

int main(void)
{
	test_set();
	test_printable();
	test_cut();
	test_sys();
	return tap_done();
}
