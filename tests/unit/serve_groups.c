#include "serve/groups.h"

#include "oci/base/err.h"
#include "tests/tap.h"

/* refused: a part of the message, or NULL */
static const struct {
	const char *name, *text, *group, *user;
	bool has;
	const char *refused;
} rows[] = {
	{ "a member", "team-a: ann bob\n", "team-a", "bob", true, NULL },
	{ "nobody else", "team-a: ann bob\n", "team-a", "bo", false, NULL },
	{ "another group", "team-a: ann\nteam-b: bob\n", "team-b", "ann", false, NULL },
	{ "a group that is in no line", "team-a: ann\n", "team-c", "ann", false, NULL },
	{ "no blank behind the colon", "team-a:ann\n", "team-a", "ann", true, NULL },
	{ "tabs and blanks", "\tteam-a :\tann  bob \n", "team-a", "bob", true, NULL },
	{ "several lines add up", "team-a: ann\nteam-a: bob\n", "team-a", "ann", true, NULL },
	{ "a group without members", "team-a:\n", "team-a", "ann", false, NULL },
	{ "comments and empty lines", "# a\n\n  # b\nteam-a: ann", "team-a", "ann", true, NULL },
	{ "line ends of Windows", "team-a: ann\r\nteam-b: bob\r\n", "team-a", "ann", true, NULL },
	{ "a user twice", "team-a: ann ann bob\n", "team-a", "ann", true, NULL },
	{ "the empty user", "team-a: ann\n", "team-a", "", false, NULL },
	{ "the empty group", "team-a: ann\n", "", "ann", false, NULL },
	{ "no colon", "team-a: ann\nteam-b ann\n", "", "", false, "file:2: a line is \"group:" },
	{ "no group", ": ann\n", "", "", false, "file:1: a group's name" },
	{ "a group that the lists cannot name", "team a: ann\n", "", "", false, "file:1: a group" },
	{ "commas", "team-a: ann:bob\n", "", "", false, "file:1: group \"team-a\": users" },
};

int main(void)
{
	static const char nul[] = "team-a: an\0n\n";
	struct groups g;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (groups_parse(&g, "file", span_str(rows[i].text), &err) < 0) {
			CHECK_ROW(rows[i].refused && strstr(err.msg, rows[i].refused) == err.msg,
				  rows[i].name);
			continue;
		}
		CHECK_ROW(!rows[i].refused &&
				  groups_has(&g, rows[i].group, rows[i].user) == rows[i].has,
			  rows[i].name);
		groups_release(&g);
	}
	CHECK_ROW(groups_parse(&g, "file", span_of(nul, sizeof(nul) - 1), &err) < 0 &&
			  strstr(err.msg, "file:1:"),
		  "a NUL byte");
	return tap_done();
}
