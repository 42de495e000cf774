/* printable: what a terminal and a pipeline's runner get to see of a stranger's text. */
#include "oci/base/printable.h"

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name, *text, *clean, *begin; /* begin NULL: as clean */
} rows[] = {
	{ "words", "app:1 is current", "app:1 is current", NULL },
	{ "nothing", "", "", NULL },
	{ "one colon", ":1", ":1", NULL },
	{ "GitHub's command", "::error::x", "::error::x", "?:error::x" },
	{ "behind blanks", "  ::set-output name=a::b", "  ::set-output name=a::b",
	  "  ?:set-output name=a::b" },
	{ "behind a tab", "\t::error::x", "?::error::x", NULL },
	{ "behind a line break", "a\n::error::x", "a?::error::x", NULL },
	{ "behind a carriage return", "\r::error::x", "?::error::x", NULL },
	{ "behind a zero-width space", "\342\200\213::error::x", "???::error::x", NULL },
	{ "in the middle", "a ::error::x", "a ::error::x", NULL },
	{ "an address", "::1", "::1", "?:1" },
	{ "three colons", ":::", ":::", "?::" },
	{ "two colons alone", "::", "::", "?:" },
	{ "GitHub's older command", "##[error]x", "##(error]x", NULL },
	{ "Azure's", "a ##vso[task.complete]x", "a ##vso(task.complete]x", NULL },
	{ "both", "::debug::##[error]", "::debug::##(error]", "?:debug::##(error]" },
	{ "an escape sequence", "\033[2J\302\2332J", "?[2J??2J", NULL },
	{ "letters", "gr\303\274\303\237e", "gr\303\274\303\237e", NULL },
	{ "no UTF-8", "a\377b", "a?b", NULL },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_free char *clean = xstrdup(rows[i].text), *begin = xstrdup(rows[i].text);

		CHECK_TEXT(printable_clean(clean), rows[i].clean, rows[i].name);
		CHECK_TEXT(printable_begin(begin), rows[i].begin ? rows[i].begin : rows[i].clean,
			   rows[i].name);
	}
	return tap_done();
}
