#include "oci/image/ref.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

#define SHA "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define T128                                                                                       \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"                         \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"

/* What people write, and the canonical reference it means; NULL: refused. */
static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "one component is an official image", "alpine", "docker.io/library/alpine" },
	{ "with a tag", "alpine:3.19", "docker.io/library/alpine:3.19" },
	{ "two components are Docker Hub's", "org/tool:1", "docker.io/org/tool:1" },
	{ "a dot makes a host", "quay.io/org/tool:1", "quay.io/org/tool:1" },
	{ "a port makes a host", "registry:5000/a:1", "registry:5000/a:1" },
	{ "localhost is a host", "localhost/a:1", "localhost/a:1" },
	{ "a port without tag is no tag", "registry:5000/a/b", "registry:5000/a/b" },
	{ "an IPv6 host", "[::1]:5000/a:1", "[::1]:5000/a:1" },
	{ "an alias of Docker Hub", "index.docker.io/library/a:1", "docker.io/library/a:1" },
	{ "another alias", "registry-1.docker.io/a:1", "docker.io/library/a:1" },
	{ "a host is lower-cased", "Quay.IO/a/b:1", "quay.io/a/b:1" },
	{ "a digest", "alpine@" SHA, "docker.io/library/alpine@" SHA },
	{ "tag and digest", "a:1@" SHA, "docker.io/library/a:1@" SHA },
	{ "a tag may be 128 long", "a:" T128, "docker.io/library/a:" T128 },
	{ "and no longer", "a:" T128 "t", NULL },
	{ "a tag may hold capitals", "a:V1.2_x-Y", "docker.io/library/a:V1.2_x-Y" },
	{ "a tag may begin with _", "a:_x", "docker.io/library/a:_x" },
	{ "a tag may not begin with -", "a:-x", NULL },
	{ "a tag may not begin with .", "a:.x", NULL },
	{ "an empty tag", "a:", NULL },
	{ "a path may not hold capitals", "docker.io/Library/a", NULL },
	{ "double underscore", "a__b/c:1", "docker.io/a__b/c:1" },
	{ "three underscores", "a___b:1", NULL },
	{ "any run of dashes", "a---b:1", "docker.io/library/a---b:1" },
	{ "two dots", "a..b:1", NULL },
	{ "dot dot as a component", "docker.io/../etc/passwd:1", NULL },
	{ "dot dot at the start", "../a:1", NULL },
	{ "an empty component", "docker.io//a:1", NULL },
	{ "a slash at the end", "docker.io/a/:1", NULL },
	{ "a separator at the end", "a-:1", NULL },
	{ "a separator at the start", "docker.io/-a:1", NULL },
	{ "a blank", "a b:1", NULL },
	{ "a line end", "a\n:1", NULL },
	{ "a percent sign", "a%2f:1", NULL },
	{ "a scheme", "https://docker.io/a:1", NULL },
	{ "nothing", "", NULL },
	{ "only a host", "docker.io/", NULL },
	{ "port 0", "registry:0/a:1", NULL },
	{ "a port too large", "registry:65536/a:1", NULL },
	{ "a port that is no number", "registry:x/a:1", NULL },
	{ "a host with a dash at the end", "a-.io/b:1", NULL },
	{ "half a digest", "a@sha256:12", NULL },
	{ "a digest in capitals",
	  "a@sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", NULL },
	{ "an unknown algorithm", "a@md5:d41d8cd98f00b204e9800998ecf8427e", NULL },
};

static void test_row(const char *name, const char *text, const char *want)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;
	struct err err = ERR_INIT;
	cleanup_free char *got = NULL;

	if (ref_parse(&r, span_str(text), &err) == 0)
		got = ref_str(&r);
	CHECK_TEXT(got, want, name);
	if (!want)
		CHECK_ROW(err.kind == ERR_INVALID && err.msg[0], name);
}

static void test_canonical(void)
{
	static const struct {
		const char *name, *text;
		int ok;
	} table[] = {
		{ "a full reference is canonical", "docker.io/library/alpine:3.19", 1 },
		{ "so is one by digest", "quay.io/a/b@" SHA, 1 },
		{ "a short one is not", "alpine:3.19", 0 },
		{ "nor one without tag or digest", "docker.io/library/alpine", 0 },
		{ "nor an alias", "index.docker.io/library/alpine:1", 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cleanup_by(ref_release) struct ref r = REF_INIT;
		struct err err;

		CHECK_ROW((ref_parse_canonical(&r, span_str(table[i].text), &err) == 0) ==
				  table[i].ok,
			  table[i].name);
	}
}

static void test_names(void)
{
	cleanup_by(ref_release) struct ref r = REF_INIT, copy = REF_INIT;
	struct err err;
	cleanup_free char *target = NULL, *repository = NULL, *again = NULL;

	ref_parse(&r, span_str("redis:7@" SHA), &err);
	target = ref_target(&r);
	repository = ref_repository(&r);
	CHECK_TEXT(target, "docker.io/library/redis:7",
		   "a tag with a digest is published under the tag");
	CHECK_TEXT(repository, "docker.io/library/redis", "a repository has neither");
	ref_copy(&copy, &r);
	again = ref_str(&copy);
	CHECK_TEXT(again, "docker.io/library/redis:7@" SHA, "a copy says the same");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(rows[i].name, rows[i].text, rows[i].want);
	test_canonical();
	test_names();
	return tap_done();
}
