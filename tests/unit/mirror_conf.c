#include "oci/lists/mirror_conf.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/problem.h"
#include "oci/image/ref.h"
#include "tests/tap.h"

#define DENIED "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char good[] =
	"# the platform team's\n"
	"image     *                     platform=linux/amd64,linux/arm64 keep=10\n"
	"image     *:latest              refresh=10m\n"
	"registry  registry-1.docker.io  endpoint=https://registry-1.docker.io parallel=8 "
	"min-remaining=20\n"
	"registry  Registry.Corp:5000    scheme=http\n"
	"registry  quay.io               "
	"mirror=https://harbor.corp/v2/quay-proxy,http://[::1]:5000 "
	"ca=corp-ca.pem cert=/etc/c.pem key=/etc/k.pem\n"
	"snapshot  suffix=-%Y%m%d\n"
	"policy    allow=docker.io/library/*,quay.io/* max-tags=50 max-bytes=40G\n"
	"deny      " DENIED " reason=\"CVE-2026-1234\"\n"
	"privacy   authors=name\n";

static void test_good(void)
{
	cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
	cleanup_by(mirror_conf_release) struct mirror_conf c;
	const struct mirror_conf_registry *r;

	mirror_conf_init(&c);
	CHECK(!c.file && !c.policies.n && !c.snapshot_suffix);
	mirror_conf_parse(&c, "mirror.conf", span_str(good), &ps);
	CHECK(ps.n == 0);
	CHECK(c.nimages == 2 && c.nregistries == 3);
	CHECK_TEXT(c.images[1].pattern, "*:latest", "a pattern");
	CHECK(c.images[0].o.keep == 10 && c.images[1].o.refresh == 600);
	r = mirror_conf_registry(&c, "docker.io");
	CHECK(r && r->parallel == 8 && r->min_remaining.amount == 20 && r->line == 4 &&
	      r->column == 11);
	r = mirror_conf_registry(&c, "registry.corp:5000");
	CHECK(r && r->parallel == -1 && strcmp(r->scheme, "http") == 0 && !r->endpoint);
	r = mirror_conf_registry(&c, "quay.io");
	CHECK_TEXT(r->mirror, "https://harbor.corp/v2/quay-proxy,http://[::1]:5000", "mirrors");
	CHECK_TEXT(r->ca, "corp-ca.pem", "a CA beside");
	CHECK(!mirror_conf_registry(&c, "ghcr.io"));
	CHECK_TEXT(c.snapshot_suffix, "-%Y%m%d", "the suffix");
	CHECK(c.policies.n == 1 && c.policies.v[0].max_tags == 50 &&
	      c.policies.v[0].max_bytes == INT64_C(40) << 30 && c.policies.v[0].line == 8);
	CHECK(c.ndenied == 1 && c.denied[0].line == 9);
	CHECK_TEXT(c.denied[0].reason, "CVE-2026-1234", "why it is denied");
	CHECK(mirror_conf_denies(&c, &c.denied[0].digest) == c.denied);
	CHECK(c.authors == AUTHORS_NAME);
}

static const struct {
	const char *name, *conf, *author, *recorded;
} authors[] = {
	{ "nothing said", "policy max-tags=1", "Ann <ann@corp.example>", "Ann <ann@corp.example>" },
	{ "mail", "privacy authors=mail", "Ann <ann@corp.example>", "Ann <ann@corp.example>" },
	{ "the name", "privacy authors=name", "Ann B <ann@corp.example>", "Ann B" },
	{ "a name without mail", "privacy authors=name", "Ann", "Ann" },
	{ "the names of several", "privacy authors=name", "Ann <ann@corp.example>, Ben C <b@c>",
	  "Ann, Ben C" },
	{ "the commit", "privacy authors=commit", "Ann <ann@corp.example>", NULL },
};

static void test_authors(void)
{
	for (size_t i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
		cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
		cleanup_by(mirror_conf_release) struct mirror_conf c;
		cleanup_free char *recorded = NULL;

		mirror_conf_init(&c);
		mirror_conf_parse(&c, "mirror.conf", span_str(authors[i].conf), &ps);
		recorded = mirror_conf_author(&c, authors[i].author);
		CHECK_TEXT(recorded, authors[i].recorded, authors[i].name);
	}
}

static const struct {
	const char *name, *text, *problem;
} wrong[] = {
	{ "a misspelt word", "regstry docker.io parallel=3",
	  "1:1: unknown word \"regstry\" (did you mean \"registry\"?)" },
	{ "a word with a letter that looks like another", "im\xd0\xb0ge * keep=3",
	  "1:3: the character U+0430, which only looks like a, has no place in "
	  "\"im\xd0\xb0ge\": type it anew" },
	{ "a pattern with such a letter",
	  "image d\xd0\xbe"
	  "cker.io/* keep=3",
	  "1:8: the character U+043E, which only looks like o, has no place in "
	  "\"d\xd0\xbe"
	  "cker.io/*\": type it anew" },
	{ "a host with such a letter",
	  "registry d\xd0\xbe"
	  "cker.io parallel=3",
	  "1:11: the character U+043E, which only looks like o, has no place in "
	  "\"d\xd0\xbe"
	  "cker.io\": type it anew" },
	{ "a no-break space behind the host", "registry a.b\xc2\xa0parallel=3",
	  "1:13: the character U+00A0, a no-break space, has no place in "
	  "\"a.b\xc2\xa0parallel\": type it anew" },
	{ "the URL of a host", "registry https://a.b:5000/v2 parallel=3",
	  "1:10: \"https://a.b:5000/v2\" is not a host[:port]: write \"a.b:5000\"" },
	{ "the address of a page", "image https://hub.docker.com/_/nginx keep=3",
	  "1:7: a reference has no \"https://\": write \"docker.io/library/nginx\"" },
	{ "an image of a list", "docker.io/library/alpine:3",
	  "1:1: a line begins with image, registry, snapshot, policy, deny or privacy (images that "
	  "are mirrored stand in *.list files)" },
	{ "an option in front", "keep=3",
	  "1:1: a line begins with image, registry, snapshot, policy, deny or privacy (images that "
	  "are mirrored stand in *.list files)" },
	{ "no pattern", "image keep=3", "1:7: PATTERN is missing: \"image PATTERN ...\"" },
	{ "no pattern at all", "image", "1:1: PATTERN is missing: \"image PATTERN ...\"" },
	{ "no option", "image *", "1:1: \"image\" without an option says nothing" },
	{ "a bad pattern", "image a/../b keep=1",
	  "1:7: \"a/../b\" is not a repository name (lower-case letters, digits, and single . _ __ "
	  "- between them)" },
	{ "an option of lists", "image * keep=3 tags=1*",
	  "1:16: tags= belongs on the line of an image in a list" },
	{ "a target", "image * as=x", "1:9: as= belongs on the line of an image in a list" },
	{ "no host", "registry scheme=http",
	  "1:10: HOST[:PORT] is missing: \"registry HOST[:PORT] ...\"" },
	{ "a bad host", "registry a_b scheme=http", "1:10: \"a_b\" is not a host[:port]" },
	{ "a host twice", "registry docker.io parallel=2\nregistry index.docker.io parallel=3",
	  "2:10: docker.io has a registry line already (line 1)" },
	{ "a URL without scheme", "registry a.b endpoint=a.b",
	  "1:23: endpoint: \"a.b\" does not begin with https:// or http://" },
	{ "a URL with a bad host", "registry a.b mirror=https://a.b,https://c_d/e",
	  "1:41: mirror: \"c_d\" is not a host[:port]" },
	{ "a URL with a query", "registry a.b endpoint=https://a.b/c?d=e",
	  "1:36: endpoint: the URL has a character that is not part of a path" },
	{ "a URL with credentials", "registry a.b endpoint=https://u:p@a.b",
	  "1:31: endpoint: credentials do not belong here (docker login keeps them)" },
	{ "a scheme", "registry a.b scheme=ftp",
	  "1:21: scheme: \"ftp\" is neither http nor https" },
	{ "an endpoint and a scheme", "registry a.b scheme=http endpoint=http://a.b",
	  "1:14: endpoint= says the scheme already" },
	{ "a CA in another directory", "registry a.b ca=../ca.pem",
	  "1:17: ca: \"../ca.pem\" is neither a file beside mirror.conf nor an absolute path" },
	{ "a relative key", "registry a.b cert=/a key=b",
	  "1:26: key: \"b\" is not an absolute path" },
	{ "a certificate without key", "registry a.b cert=/a", "1:14: cert= needs key= beside it" },
	{ "a key without certificate", "registry a.b key=/a", "1:14: key= needs cert= beside it" },
	{ "too parallel", "registry a.b parallel=1000",
	  "1:23: parallel: \"1000\" is not a number from 1 to 256" },
	{ "an unknown option of a registry", "registry a.b user=x",
	  "1:14: unknown option \"user\" (known are endpoint, mirror, scheme, ca, cert, key, "
	  "tls-verify, parallel, rate, max-rate, min-remaining)" },
	{ "nothing is verified, and a CA", "registry a.b tls-verify=no ca=a.pem",
	  "1:14: with tls-verify=no, ca= has no effect: leave one of them out" },
	{ "no certificate to verify", "registry a.b scheme=http tls-verify=no",
	  "1:26: over plain http there is no certificate: tls-verify= has no effect" },
	{ "nor at an endpoint", "registry a.b endpoint=http://c.d tls-verify=maybe",
	  "1:45: tls-verify: \"maybe\" is neither yes nor no" },
	{ "a rate of nothing", "registry a.b rate=0/s max-rate=fast",
	  "1:19: rate: \"0/s\" is not a rate of requests (such as 10/s, 100/6h)\n"
	  "1:32: max-rate: \"fast\" is not a rate of bytes (such as 50M, for 50 MiB a second)" },
	{ "a rate of the other kind", "registry a.b rate=50M max-rate=10/s",
	  "1:19: rate: \"50M\" is not a rate of requests, but one of bytes (such as 10/s, "
	  "100/6h)\n"
	  "1:32: max-rate: \"10/s\" is not a rate of bytes: it has no K, M or G (such as 50M, for "
	  "50 MiB a second)" },
	{ "a rate without a period", "registry a.b rate=10",
	  "1:19: rate: \"10\" has no period: is it 10/s (a second), 10/m (a minute), 10/h (an "
	  "hour)?" },
	{ "a suffix that is no tag's", "snapshot suffix=/%Y",
	  "1:17: suffix: \"/%Y\" cannot be a snapshot suffix: a tag has only letters, digits, "
	  "\".\", \"_\" and \"-\"" },
	{ "two snapshot lines", "snapshot suffix=.%Y%m%d\nsnapshot suffix=-%Y%m%d",
	  "2:1: a second \"snapshot\" line (the first is line 1)" },
	{ "nothing about snapshots", "snapshot",
	  "1:1: \"snapshot\" without an option says nothing" },
	{ "a word about snapshots", "snapshot .%Y%m%d",
	  "1:10: unexpected word \".%Y%m%d\" (an option is key=value, a comment begins with #)" },
	{ "a bad policy", "policy allow=docker.io/*,,b max-tags=x max-bytes=many max-total=1X",
	  "1:26: allow: an empty word between commas\n"
	  "1:38: max-tags: \"x\" is not a number from 0 to 500000\n"
	  "1:50: max-bytes: \"many\" is not a size (such as 500M, 40G)\n"
	  "1:65: max-total: \"1X\" is not a size (such as 500M, 40G)" },
	{ "nothing denied", "deny", "1:1: DIGEST is missing: \"deny DIGEST ...\"" },
	{ "no digest", "deny sha256:12", "1:6: digest \"sha256:12\" has 2 hex digits, not 64" },
	{ "denied twice", "deny " DENIED "\ndeny " DENIED " reason=again",
	  "2:6: it is denied already (line 1)" },
	{ "privacy of something else", "privacy authors=nobody",
	  "1:17: authors: \"nobody\" is not one of mail, name, commit" },
	{ "never is no age", "image * min-age=never",
	  "1:17: min-age: \"never\" is no time to wait (0s: no waiting; a tag that is not to move "
	  "is pinned by its digest)" },
	{ "two policies", "policy max-tags=1\npolicy max-bytes=2",
	  "2:1: a second \"policy\" line (the first is line 1): file= says for which lists it "
	  "holds" },
	{ "two policies of the same files",
	  "policy file=a.list max-tags=1\npolicy max-tags=2 file=a.list",
	  "2:19: file=a.list has a policy already (line 1)" },
	{ "a policy of files that limits nothing", "policy file=a.list",
	  "1:1: \"policy\" with file= alone limits nothing" },
	{ "no policy at all", "policy", "1:1: \"policy\" without an option says nothing" },
	{ "a file that is no list", "policy file=a*.list,payments max-tags=1",
	  "1:21: file: \"payments\" is no list's name: those end in .list (payments*.list)" },
	{ "a file with its directory", "policy file=lists/a.list max-tags=1",
	  "1:18: file: \"lists/a.list\" has a directory: lists are named alone, as "
	  "payments.list" },
	{ "a bad group", "policy private=a,b",
	  "1:17: private: \"a,b\" is no group: its name has only letters, digits, \".\", \"_\" "
	  "and \"-\"" },
	{ "a bad pattern of targets", "policy as=a/../b",
	  "1:11: as: \"a/../b\" is not a repository name (lower-case letters, digits, and single "
	  ". _ __ - between them)" },
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
		cleanup_by(mirror_conf_release) struct mirror_conf c;
		cleanup_by(buf_release) struct buf got = BUF_INIT(1UL * MIB);

		mirror_conf_init(&c);
		mirror_conf_parse(&c, "mirror.conf", span_str(wrong[i].text), &ps);
		problems_sort(&ps);
		for (size_t j = 0; j < ps.n; j++)
			buf_addf(&got, "%s%d:%d: %s", j ? "\n" : "", ps.v[j].line, ps.v[j].column,
				 ps.v[j].text);
		CHECK_TEXT(got.p, wrong[i].problem, wrong[i].name);
	}
}

static const struct {
	const char *name, *allow, *ref;
	bool allowed;
} policies[] = {
	{ "no policy", "max-tags=1", "a.b/c:1", true },
	{ "a host", "allow=a.b/*", "a.b/c:1", true },
	{ "another host", "allow=a.b/*", "b.b/c:1", false },
	{ "one of several", "allow=x.y/*,a.b/*",
	  "a.b/c@sha256:"
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  true },
	{ "a repository for some tag", "allow=a.b/*:1*", "a.b/c", true },
	{ "a tag", "allow=a.b/*:1*", "a.b/c:1.2", true },
	{ "another tag", "allow=a.b/*:1*", "a.b/c:2", false },
};

static void test_allows(void)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
		cleanup_by(mirror_conf_release) struct mirror_conf c;
		cleanup_by(ref_release) struct ref r = REF_INIT;
		cleanup_free char *text = xasprintf("policy %s", policies[i].allow);
		struct err err;

		mirror_conf_init(&c);
		mirror_conf_parse(&c, "mirror.conf", span_str(text), &ps);
		CHECK_ROW(ps.n == 0 && ref_parse(&r, span_str(policies[i].ref), &err) == 0 &&
				  policy_allows_source(policies_for(&c.policies, "a.list"), &r) ==
					  policies[i].allowed,
			  policies[i].name);
	}
}

int main(void)
{
	test_good();
	test_authors();
	test_wrong();
	test_allows();
	return tap_done();
}
