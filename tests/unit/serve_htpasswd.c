#include "serve/htpasswd.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

#define HASH "$2y$04$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL."

/* want: the number of users, or "!" and a part of the message */
static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "nothing", "", "0" },
	{ "a user", "ann:" HASH "\n", "1" },
	{ "the last line without its end", "bob:" HASH "\nann:" HASH, "2" },
	{ "comments and empty lines", "# users\n\nann:" HASH "\n\n#bob:" HASH "\n", "1" },
	{ "line ends of Windows", "bob:" HASH "\r\n\r\nann:" HASH "\r\n", "2" },
	{ "a name with an at sign", "ann@corp.example:" HASH "\nann:" HASH, "2" },
	{ "a name in UTF-8", "\xc3\xa4nn:" HASH "\nann:" HASH, "2" },
	{ "no colon", "ann:" HASH "\nbob\n", "!file:2: a line is user:hash" },
	{ "no name", ":" HASH "\n", "!file:1: a user's name" },
	{ "a name with a blank", "ann b:" HASH "\n", "!file:1: a user's name" },
	{ "a name with a blank in front", "ann:" HASH "\n bob:" HASH "\n", "!file:2: a user's" },
	{ "a plain password", "\n\nann:secret\n", "!file:3: user \"ann\": the password's format" },
	{ "the default of htpasswd", "ann:$apr1$QrPSYzXM$6ZzoMtbTrKLmNOOOsLZMg0\n",
	  "!file:1: user \"ann\": the password's format is apr1" },
	{ "a field behind the hash", "ann:" HASH ":Ann\n", "!file:1: user \"ann\": the bcrypt" },
	{ "a blank behind the hash", "ann:" HASH " \n", "!file:1: user \"ann\": the bcrypt" },
	{ "a name twice", "ann:" HASH "\n\nann:" HASH "\n",
	  "!file:3: user \"ann\" is already on line 1" },
};

static void check_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct htpasswd h;
		struct err err = ERR_INIT;
		char n[8];

		if (htpasswd_parse(&h, "file", span_str(rows[i].text), &err) < 0) {
			CHECK_ROW(rows[i].want[0] == '!' &&
					  strncmp(err.msg, rows[i].want + 1,
						  strlen(rows[i].want) - 1) == 0 &&
					  err.kind == ERR_INVALID,
				  rows[i].name);
			continue;
		}
		snprintf(n, sizeof(n), "%zu", h.n);
		CHECK_TEXT(n, rows[i].want, rows[i].name);
		CHECK_ROW(!h.n || strcmp(htpasswd_find(&h, "ann")->hash, HASH) == 0,
			  "the user's hash");
		CHECK_ROW(!htpasswd_find(&h, "an") && !htpasswd_find(&h, "ann:") &&
				  !htpasswd_find(&h, ""),
			  "no other user");
		htpasswd_release(&h);
	}
}

int main(void)
{
	static const char nul[] = "ann:" HASH "\nbo\0b:" HASH "\n";
	struct htpasswd h;
	struct err err;

	check_rows();
	CHECK_ROW(htpasswd_parse(&h, "file", span_of(nul, sizeof(nul) - 1), &err) < 0 &&
			  strstr(err.msg, "file:2: a NUL byte"),
		  "a NUL byte");
	return tap_done();
}
