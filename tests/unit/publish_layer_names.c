/* Which entries of a layer lead out of it. */
#include "publish/layer_names.h"

#include <stdbool.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

#define IN      LAYER_NAME_INSIDE
#define ABS     LAYER_NAME_ABSOLUTE
#define UP      LAYER_NAME_UP
#define THROUGH LAYER_NAME_THROUGH
#define HARD    LAYER_NAME_HARDLINK
#define F       LAYER_ENTRY_PLAIN
#define S       LAYER_ENTRY_SYMLINK
#define H       LAYER_ENTRY_HARDLINK

static const struct {
	const char *name;
	struct {
		enum layer_entry kind;
		const char *name, *target;
		enum layer_name want;
	} entries[4];
} rows[] = {
	{ "ordinary names", { { F, "etc/passwd", NULL, IN }, { F, "./usr/", NULL, IN } } },
	{ "the root itself", { { F, "/", NULL, IN }, { F, "./", NULL, IN }, { F, "", NULL, IN } } },
	{ "dots that are names", { { F, "..a/...", NULL, IN }, { F, ".hidden/..b", NULL, IN } } },
	{ "absolute", { { F, "/etc/passwd", NULL, ABS }, { F, "//x", NULL, ABS } } },
	{ "upwards",
	  { { F, "../x", NULL, UP }, { F, "a/../b", NULL, UP }, { F, "a/..", NULL, UP } } },
	{ "a symbolic link may lead anywhere",
	  { { S, "a", "/etc", IN }, { S, "b", "../../x", IN }, { F, "c", NULL, IN } } },
	{ "through an absolute link", { { S, "a", "/etc", IN }, { F, "a/x", NULL, THROUGH } } },
	{ "through one that goes up",
	  { { S, "d/a", "../../x", IN }, { F, "d/a/x", NULL, THROUGH } } },
	{ "through one that stays", { { S, "lib", "usr/lib", IN }, { F, "lib/x", NULL, IN } } },
	{ "up and down again inside",
	  { { S, "a/b/l", "../../c", IN }, { F, "a/b/l/x", NULL, IN } } },
	{ "written otherwise", { { S, "./a/", "/etc", IN }, { F, "a//x", NULL, THROUGH } } },
	{ "a link to a link that leads out",
	  { { S, "b", "/etc", IN }, { S, "a", "b", IN }, { F, "a/x", NULL, THROUGH } } },
	{ "up through a link",
	  { { S, "d", "a/b", IN }, { S, "l", "d/../../../x", IN }, { F, "l/y", NULL, THROUGH } } },
	{ "links that go round",
	  { { S, "a", "b", IN }, { S, "b", "a", IN }, { F, "a/x", NULL, THROUGH } } },
	{ "a link in the place of a link",
	  { { S, "a", "/etc", IN }, { S, "a", "b", IN }, { F, "a/x", NULL, IN } } },
	{ "a link under a link is one through it",
	  { { S, "a", "/", IN }, { S, "a/b", "c", THROUGH } } },
	{ "hard links",
	  { { H, "a", "b", IN }, { H, "c", "/etc/shadow", HARD }, { H, "d", "../x", HARD } } },
	{ "a hard link through a link",
	  { { S, "a", "/etc", IN }, { H, "b", "a/shadow", HARD }, { H, "c", "a", IN } } },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(layer_names_release) struct layer_names n = LAYER_NAMES_INIT;
		bool right = true;

		for (size_t k = 0; k < 4 && rows[i].entries[k].name; k++)
			right = right && layer_names_add(&n, rows[i].entries[k].kind,
							 rows[i].entries[k].name,
							 rows[i].entries[k].target) ==
						 rows[i].entries[k].want;
		CHECK_ROW(right, rows[i].name);
	}
}

static void test_ceilings(void)
{
	cleanup_by(layer_names_release) struct layer_names n = LAYER_NAMES_INIT;
	cleanup_free char *text = xmalloc(5001);
	enum layer_name got = IN;

	memset(text, 'x', 5000);
	text[5000] = '\0';
	CHECK_ROW(layer_names_add(&n, F, text, "") == LAYER_NAME_LONG, "a name of 5000 bytes");
	CHECK_ROW(layer_names_add(&n, S, "a", text) == LAYER_NAME_LONG, "a target of 5000 bytes");
	text[4000] = '\0';
	for (int i = 0; i < 10000 && got == IN; i++) {
		cleanup_free char *name = xasprintf("%d", i);

		got = layer_names_add(&n, S, name, text);
	}
	CHECK_ROW(got == LAYER_NAME_MANY && n.bytes < LIMIT_LAYER_LINKS + 5000,
		  "what is remembered of links has a ceiling");
}

int main(void)
{
	test_rows();
	test_ceilings();
	return tap_done();
}
