/* .mirror/verified: what is remembered, and which files count as none. */
#include "publish/verified.h"

#include <string.h>

#include "oci/base/clock.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define A "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define B "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"

static const struct {
	const char *name;
	time_t rehashed; /* A, in seconds from now; 0: never */
	bool deep;       /* ... by --deep */
	time_t changed, since;
	bool want_deep, found;
} rows[] = {
	{ "found right since then", -10, false, -100, -20, false, true },
	{ "found right before that", -30, false, -100, -20, false, false },
	{ "written to later", -10, false, -5, -20, false, false },
	{ "never", 0, false, -100, -20, false, false },
	{ "not by --deep", -10, false, -100, -20, true, false },
	{ "by --deep", -10, true, -100, -20, true, true },
	{ "by --deep is rehashed, too", -10, true, -100, -20, false, true },
};

static void test_rows(void)
{
	time_t now = clock_wall();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(verified_release) struct verified v = VERIFIED_INIT;

		if (rows[i].rehashed)
			verified_note(&v, A, now + rows[i].rehashed, rows[i].deep);
		CHECK_ROW(verified_since(&v, A, now + rows[i].changed, now + rows[i].since,
					 rows[i].want_deep) == rows[i].found,
			  rows[i].name);
	}
}

static bool is_not_b(const char *digest, void *unused)
{
	(void)unused;
	return strcmp(digest, B) != 0;
}

/* A mirror with a file that says: A was found right ten seconds ago. */
struct place {
	struct tempdir dir;
	struct layout layout;
};

static void place_release(struct place *p)
{
	layout_close(&p->layout);
	tempdir_release(&p->dir);
}

static void place_make(struct place *p)
{
	cleanup_by(verified_release) struct verified v = VERIFIED_INIT;
	struct err err = ERR_INIT;

	p->dir = tempdir_new();
	CHECK(layout_open(&p->layout, p->dir.path, LAYOUT_WRITE, &err) == 0);
	verified_note(&v, A, clock_wall() - 10, false);
	verified_note(&v, B, clock_wall() - 10, false);
	verified_keep(&v, is_not_b, NULL);
	CHECK(verified_save(&v, &p->layout, &err) == 0);
}

static bool knows(const struct place *p, const char *digest)
{
	cleanup_by(verified_release) struct verified v = VERIFIED_INIT;

	verified_load(&v, &p->layout);
	return verified_since(&v, digest, 0, 1, false);
}

static void test_file(void)
{
	struct place p __attribute__((cleanup(place_release))) = { .layout = LAYOUT_INIT };
	cleanup_free char *text = NULL, *future = NULL;
	struct stat st;

	place_make(&p);
	CHECK_ROW(knows(&p, A), "what was saved is read");
	CHECK_ROW(!knows(&p, B), "what is no longer there is not kept");
	fstatat(p.dir.fd, "blobs", &st, 0);
	text = xasprintf("mirror-verified 1 %llu\n" A " 5 0\nno line",
			 (unsigned long long)st.st_ino);
	tempdir_write(&p.dir, ".mirror/verified", text);
	CHECK_ROW(!knows(&p, A), "a line that is none: nothing is known");
	*strstr(text, "no line") = '\0';
	tempdir_write(&p.dir, ".mirror/verified", text);
	CHECK_ROW(knows(&p, A), "without it the others count");
	future = xasprintf("mirror-verified 1 %llu\n" A " %lld 0\n", (unsigned long long)st.st_ino,
			   (long long)clock_wall() + 1000);
	tempdir_write(&p.dir, ".mirror/verified", future);
	CHECK_ROW(!knows(&p, A), "a time that is to come");
	tempdir_write(&p.dir, ".mirror/verified", "mirror-verified 1 7\n" A " 5 0\n");
	CHECK_ROW(!knows(&p, A), "of another place");
}

int main(void)
{
	test_rows();
	test_file();
	return tap_done();
}
