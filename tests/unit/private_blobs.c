/* Whose the private blobs of a mirror are, in memory and in the file. */
#include "oci/store/private_blobs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/image/digest.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define PATH ".mirror/private-blobs"
#define A    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B    "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct layout layout = LAYOUT_INIT;

static const struct digest a = { A }, b = { B };

static void put_file(const char *text)
{
	struct err err;

	CHECK(file_replace(layout.root, PATH, text, strlen(text), 0644, &err) == 0);
}

static void check_file(const char *want, const char *name)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(4096);
	struct err err;

	CHECK(file_read(layout.root, PATH, &text, &err) == 0);
	CHECK_TEXT(text.p, want, name);
}

static void test_rows(void)
{
	cleanup_by(private_blobs_release) struct private_blobs p = PRIVATE_BLOBS_INIT;
	struct err err;

	CHECK_ROW(private_blobs_load(&p, &layout, &err) == 0, "an absent file is an empty one");
	CHECK_ROW(!private_blobs_is_foreign(&p, &a, "h/one"), "what is not recorded is no one's");
	private_blobs_add(&p, &a, "h/one");
	private_blobs_add(&p, &a, "h/one");
	private_blobs_add(&p, &b, "h/one");
	CHECK_ROW(!private_blobs_is_foreign(&p, &a, "h/one") &&
			  private_blobs_is_foreign(&p, &a, "h/two") &&
			  private_blobs_is_foreign(&p, &a, "h/on"),
		  "a recorded digest is its repository's");
	CHECK(private_blobs_flush(&p, &layout, &err) == 0);
	check_file(A " h/one\n" B " h/one\n", "a line for each, once");
	private_blobs_add(&p, &a, "h/two");
	CHECK(private_blobs_flush(&p, &layout, &err) == 0);
	CHECK(private_blobs_flush(&p, &layout, &err) == 0);
	check_file(A " h/one\n" B " h/one\n" A " h/two\n", "more is appended");
	private_blobs_publish(&p, &a);
	private_blobs_publish(&p, &a);
	CHECK_ROW(!private_blobs_is_foreign(&p, &a, "h/three"), "what is published is everybody's");
	CHECK(private_blobs_save(&p, &layout, &err) == 0);
	check_file(B " h/one\n", "and leaves the file");
	CHECK(private_blobs_load(&p, &layout, &err) == 0);
	CHECK_ROW(!private_blobs_is_foreign(&p, &b, "h/one") &&
			  private_blobs_is_foreign(&p, &b, "h/two"),
		  "the file says the same");
}

static void test_files(void)
{
	static const struct {
		const char *name, *text;
		bool reads, is_foreign;
	} rows[] = {
		{ "an empty file", "", true, false },
		{ "a digest alone: nobody is known to have it", A "\n", true, true },
		{ "two repositories", A " h/two\n" A " h/one\n", true, false },
		{ "a last line that is cut", B " h/one\n" A " h/o", true, false },
		{ "a line that is no digest", "sha256:a h/one\n" A " h/one\n", false, false },
		{ "an empty line", A " h/one\n\n", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(private_blobs_release) struct private_blobs p = PRIVATE_BLOBS_INIT;
		struct err err;
		bool reads;

		put_file(rows[i].text);
		reads = private_blobs_load(&p, &layout, &err) == 0;
		CHECK_ROW(reads == rows[i].reads, rows[i].name);
		if (!reads)
			CHECK_ROW(err.kind == ERR_INVALID && strstr(err.msg, PATH ":"), err.msg);
		else
			CHECK_ROW(private_blobs_is_foreign(&p, &a, "h/one") == rows[i].is_foreign,
				  rows[i].name);
	}
}

/* Nothing is appended to half a line. */
static void test_torn(void)
{
	cleanup_by(private_blobs_release) struct private_blobs p = PRIVATE_BLOBS_INIT;
	struct err err;

	put_file(B " h/one\n" A " h/o");
	CHECK(private_blobs_load(&p, &layout, &err) == 0);
	private_blobs_add(&p, &a, "h/two");
	CHECK(private_blobs_flush(&p, &layout, &err) == 0);
	CHECK(private_blobs_load(&p, &layout, &err) == 0);
	CHECK_ROW(!private_blobs_is_foreign(&p, &a, "h/two") &&
			  !private_blobs_is_foreign(&p, &b, "h/one"),
		  "a line that was cut is replaced");
}

int main(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct err err;

	if (layout_open(&layout, t.path, LAYOUT_WRITE, &err) < 0) {
		printf("Bail out! %s\n", err.msg);
		return 1;
	}
	test_rows();
	test_files();
	test_torn();
	layout_close(&layout);
	return tap_done();
}
