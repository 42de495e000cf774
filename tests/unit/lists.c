#include "oci/lists/lists.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/unit.h"
#include "tests/tap.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct lists *load(const char *list, const char *conf)
{
	struct lists *ls = lists_new();

	lists_add(ls, "a.list", span_str(list));
	if (conf)
		lists_add_conf(ls, "mirror.conf", span_str(conf));
	lists_finish(ls);
	return ls;
}

static char *print_problems(const struct lists *ls)
{
	struct buf b = BUF_INIT(1UL * MIB);

	for (size_t i = 0; i < ls->problems.n; i++) {
		const struct problem *p = &ls->problems.v[i];

		buf_addf(&b, "%s%s:%d:%d: %s%s", i ? "\n" : "", p->file, p->line, p->column,
			 p->warning ? "warning: " : "", p->text);
	}
	return buf_take(&b);
}

static char *print_images(const struct lists *ls)
{
	struct buf b = BUF_INIT(1UL * MIB);

	for (size_t i = 0; i < ls->n; i++) {
		cleanup_free char *source = ref_str(&ls->images[i].source);
		cleanup_free char *target = ref_target(list_image_target(&ls->images[i]));

		buf_addf(&b, "%s%s > %s%s%s", i ? "\n" : "", source, target,
			 ls->images[i].select ? " select" : "",
			 ls->images[i].snapshot ? " snapshot" : "");
	}
	return buf_take(&b);
}

/* What a line means: "source > target". */
static const struct {
	const char *name, *list, *images;
} lines[] = {
	{ "a reference", "docker.io/library/alpine:3.19",
	  "docker.io/library/alpine:3.19 > docker.io/library/alpine:3.19" },
	{ "a short reference", "alpine:3.19",
	  "docker.io/library/alpine:3.19 > docker.io/library/alpine:3.19" },
	{ "docker's other names", "registry-1.docker.io/a/b:1",
	  "docker.io/a/b:1 > docker.io/a/b:1" },
	{ "a digest", "gcr.io/d/static@sha256:" HEX64,
	  "gcr.io/d/static@sha256:" HEX64 " > gcr.io/d/static@sha256:" HEX64 },
	{ "a tag and a digest", "redis:7@sha256:" HEX64,
	  "docker.io/library/redis:7@sha256:" HEX64 " > docker.io/library/redis:7" },
	{ "tags by option", "quay.io/p/p tags=v2.* exclude=*-rc* newest=5",
	  "quay.io/p/p > quay.io/p/p select" },
	{ "exclude alone chooses tags too", "quay.io/p/p exclude=*-rc*",
	  "quay.io/p/p > quay.io/p/p select" },
	{ "another target", "registry.corp:5000/team/base:2 as=team/base:3",
	  "registry.corp:5000/team/base:2 > docker.io/team/base:3" },
	{ "another repository keeps the tag", "registry.corp:5000/team/base:2 as=team/base",
	  "registry.corp:5000/team/base:2 > docker.io/team/base:2" },
	{ "a tag for a digest", "gcr.io/d/static@sha256:" HEX64 " as=team/static:1",
	  "gcr.io/d/static@sha256:" HEX64 " > docker.io/team/static:1" },
	{ "a digest under another repository", "gcr.io/d/static@sha256:" HEX64 " as=team/static",
	  "gcr.io/d/static@sha256:" HEX64 " > docker.io/team/static@sha256:" HEX64 },
	{ "tags by option under another repository", "gcr.io/d/s tags=1* as=team/s",
	  "gcr.io/d/s > docker.io/team/s select" },
	{ "comments and blank lines", "# x\n\n  alpine:1   # y\n",
	  "docker.io/library/alpine:1 > "
	  "docker.io/library/alpine:1" },
	{ "a snapshot of a listed tag", "alpine:3.19.20261120\nalpine:3.19",
	  "docker.io/library/alpine:3.19.20261120 > docker.io/library/alpine:3.19.20261120 "
	  "snapshot\n"
	  "docker.io/library/alpine:3.19 > docker.io/library/alpine:3.19" },
	{ "the second snapshot of a day", "alpine:3.19\nalpine:3.19.20261120-2",
	  "docker.io/library/alpine:3.19 > docker.io/library/alpine:3.19\n"
	  "docker.io/library/alpine:3.19.20261120-2 > docker.io/library/alpine:3.19.20261120-2 "
	  "snapshot" },
	{ "a snapshot of a chosen tag", "alpine tags=3.??\nalpine:3.19.20261120",
	  "docker.io/library/alpine > docker.io/library/alpine select\n"
	  "docker.io/library/alpine:3.19.20261120 > docker.io/library/alpine:3.19.20261120 "
	  "snapshot" },
	{ "a snapshot of a target", "b.c/x:1 as=team/x:1\nteam/x:1.20261120",
	  "b.c/x:1 > docker.io/team/x:1\n"
	  "docker.io/team/x:1.20261120 > docker.io/team/x:1.20261120 snapshot" },
	{ "no snapshot: its tag is not listed", "alpine:3.20\nalpine:3.19.20261120",
	  "docker.io/library/alpine:3.20 > docker.io/library/alpine:3.20\n"
	  "docker.io/library/alpine:3.19.20261120 > docker.io/library/alpine:3.19.20261120" },
	{ "no snapshot: its digest is given", "redis:7\nredis:7.20261120@sha256:" HEX64,
	  "docker.io/library/redis:7 > docker.io/library/redis:7\n"
	  "docker.io/library/redis:7.20261120@sha256:" HEX64
	  " > docker.io/library/redis:7.20261120" },
	{ "lines that choose may overlap", "q.io/p tags=v1.* newest=1\nq.io/p tags=v*\nq.io/p:v1.0",
	  "q.io/p > q.io/p select\nq.io/p > q.io/p select\nq.io/p:v1.0 > q.io/p:v1.0" },
	{ "the same image in two lines", "alpine:3\n\n  docker.io/library/alpine:3 keep=3",
	  "docker.io/library/alpine:3 > docker.io/library/alpine:3\n"
	  "docker.io/library/alpine:3 > docker.io/library/alpine:3" },
	{ "the same digest in two lines", "a.b/c@sha256:" HEX64 "\na.b/c@sha256:" HEX64,
	  "a.b/c@sha256:" HEX64 " > a.b/c@sha256:" HEX64 "\n"
	  "a.b/c@sha256:" HEX64 " > a.b/c@sha256:" HEX64 },
	{ "the same choice in two lines", "a.b/x tags=1.*\na.b/x tags=1.* keep=3",
	  "a.b/x > a.b/x select\na.b/x > a.b/x select" },
	{ "two sources of one repository that do not meet",
	  "b.c/x tags=1.* as=team/x\nd.e/y:2.0 as=team/x:2.0",
	  "b.c/x > docker.io/team/x select\nd.e/y:2.0 > docker.io/team/x:2.0" },
};

static void test_lines(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct lists *ls = load(lines[i].list, NULL);
		cleanup_free char *images = print_images(ls), *problems = print_problems(ls);

		CHECK_TEXT(images, lines[i].images, lines[i].name);
		CHECK_ROW(lists_add_conflicts(ls) == 0, lines[i].name);
		CHECK_TEXT(problems, "", lines[i].name);
		lists_free(ls);
	}
}

#define KNOWN                                                                                      \
	"(known are platform, tags, exclude, match, semver, newest, as, refresh, max-age, "        \
	"min-age, keep, keep-for, referrers, external, upstream, private, owner, reason)"

/* What is said of a line of another kind of file. */
#define CONVERTED                                                                                  \
	"a line begins with its image: write \"alpine:3\" (mirror-sync --convert makes lines of "  \
	"Dockerfiles, of Kubernetes files, and of other tools' lists)"

static const struct {
	const char *name, *list, *problems;
} wrong[] = {
	{ "no tag", "  alpine",
	  "a.list:1:3: warning: no tag, so \"latest\" is meant (write "
	  "docker.io/library/alpine:latest "
	  "to say so)" },
	{ "a misspelt option", "alpine:1 platfrom=linux/amd64",
	  "a.list:1:10: unknown option \"platfrom\" (did you mean \"platform\"?)" },
	{ "another misspelt option", "alpine:1 keepfor=3d Keep=1",
	  "a.list:1:10: unknown option \"keepfor\" (did you mean \"keep-for\"?)\n"
	  "a.list:1:21: unknown option \"Keep\" (did you mean \"keep\"?)" },
	{ "an unknown option", "alpine:1 colour=red",
	  "a.list:1:10: unknown option \"colour\" " KNOWN },
	{ "an option twice", "alpine:1 keep=1 keep=2", "a.list:1:17: \"keep\" is given twice" },
	{ "a misspelt platform", "alpine:1 platform=linux/arm64,linux/x86_64",
	  "a.list:1:31: platform: unknown architecture \"x86_64\" (did you mean \"amd64\"?)" },
	{ "all and one", "alpine:1 platform=all,linux/arm64",
	  "a.list:1:19: platform: \"all\" stands alone" },
	{ "an empty word in a list", "alpine:1 platform=linux/arm64,",
	  "a.list:1:31: platform: an empty word between commas" },
	{ "a blank after a comma", "alpine tags=1.*, 2.*",
	  "a.list:1:17: tags: an empty word between commas\n"
	  "a.list:1:18: unexpected word \"2.*\" (a list has commas and no blanks: tags=1.*,2.*)" },
	{ "a blank for a comma", "alpine tags=1.* 2.*",
	  "a.list:1:17: unexpected word \"2.*\" (a list has commas and no blanks: tags=1.*,2.*)" },
	{ "blanks around a comma, and a comma too many", "alpine tags=1.* , 2.*, 3.*, keep=3",
	  "a.list:1:17: unexpected word \",\" (a list has commas and no blanks: "
	  "tags=1.*,2.*,3.*)" },
	{ "a text of several words", "alpine:3 reason=needed for release 4 keep=3",
	  "a.list:1:24: unexpected word \"for\" (a value with blanks needs quotes: "
	  "reason=\"needed for release 4\")" },
	{ "a text in the quotes of a word processor",
	  "alpine:3 reason=\xe2\x80\x9cneeded for x\xe2\x80\x9d",
	  "a.list:1:17: the character U+201C, which only looks like \", has no place in "
	  "\"\xe2\x80\x9cneeded\": type it anew" },
	{ "a host that is mistyped, twice", "dokcer.io/library/alpine:3\ndokcer.io/a/b:1",
	  "a.list:1:1: warning: the host \"dokcer.io\" is nearly docker.io: is that meant? (a line "
	  "\"registry dokcer.io\" in mirror.conf says that it is not)" },
	{ "a host that is mistyped in the target", "alpine:3 as=dokcer.io/a/b:1",
	  "a.list:1:1: warning: the host \"dokcer.io\" is nearly docker.io: is that meant? (a line "
	  "\"registry dokcer.io\" in mirror.conf says that it is not)" },
	{ "hosts that are not mistyped", "gcr.io/a/b:1\nquay.io/a/b:1\ndocker.corp/a/b:1", "" },
	{ "a no-break space", "docker.io/library/alpine:3\xc2\xa0keep=3",
	  "a.list:1:27: the character U+00A0, a no-break space, has no place in "
	  "\"docker.io/library/alpine:3\xc2\xa0keep\": type it anew" },
	{ "a zero-width space", "alpine:3 keep=3\xe2\x80\x8b",
	  "a.list:1:16: the character U+200B, a zero-width space, has no place in "
	  "\"3???\": type it anew" },
	{ "a letter that looks like another", "docker.io/library/\xd0\xb0lpine:3",
	  "a.list:1:19: the character U+0430, which only looks like a, has no place in "
	  "\"docker.io/library/\xd0\xb0lpine:3\": type it anew" },
	{ "a key with such a letter",
	  "alpine:3 k\xd0\xb5"
	  "ep=3",
	  "a.list:1:11: the character U+0435, which only looks like e, has no place in "
	  "\"k\xd0\xb5"
	  "ep\": type it anew" },
	{ "a glob with such a letter",
	  "alpine tags=3.*,\xd0\xb5"
	  "dge",
	  "a.list:1:17: the character U+0435, which only looks like e, has no place in "
	  "\"3.*,\xd0\xb5"
	  "dge\": type it anew" },
	{ "a word behind a no-break space alone", "alpine:3 \xc2\xa0 keep=3",
	  "a.list:1:10: the character U+00A0, a no-break space, has no place in \"\xc2\xa0\": "
	  "type it anew" },
	{ "texts for people have all letters", "alpine:3 owner=J\xc3\xbcrgen", "" },
	{ "skopeo's address", "docker://docker.io/library/alpine:3",
	  "a.list:1:1: a reference has no \"docker://\": write \"docker.io/library/alpine:3\"" },
	{ "Docker Hub in a browser", "https://hub.docker.com/_/alpine/tags?page=2",
	  "a.list:1:1: a reference has no \"https://\": write \"docker.io/library/alpine\"" },
	{ "the same without a scheme", "hub.docker.com/r/grafana/grafana",
	  "a.list:1:1: the address of a web page: write \"docker.io/grafana/grafana\"" },
	{ "Quay in a browser", "quay.io/repository/prometheus/prometheus?tab=tags",
	  "a.list:1:1: the address of a web page: write \"quay.io/prometheus/prometheus\"" },
	{ "a page of no image", "hub.docker.com/u/grafana",
	  "a.list:1:1: the address of a web page that is not an image's: a reference is "
	  "HOST/PATH:TAG, as \"docker pull\" takes it" },
	{ "the other name of Docker Hub", "registry.hub.docker.com/library/nginx:1",
	  "a.list:1:1: the address of a web page: write \"docker.io/library/nginx:1\"" },
	{ "an address as the target", "alpine:3 as=docker://docker.io/x/y",
	  "a.list:1:13: as: a reference has no \"docker://\": write \"docker.io/x/y\"" },
	{ "a page that is not known", "https://example.com/Some/Page.html",
	  "a.list:1:1: a reference has no \"https://\": it is HOST/PATH:TAG, as \"docker pull\" "
	  "takes it" },
	{ "a blank in quotes", "alpine tags=\"1.*, 2.*\"",
	  "a.list:1:18: tags: no tag matches \" 2.*\": a tag has only letters, digits, \".\", "
	  "\"_\" and \"-\"" },
	{ "an empty value", "alpine:1 keep=", "a.list:1:15: keep: a value is missing" },
	{ "an option without value", "alpine:1 keep",
	  "a.list:1:10: \"keep\" needs a value: keep=..." },
	{ "blanks around an equals sign", "alpine:1 keep = 3",
	  "a.list:1:10: \"keep\" needs a value: keep=..." },
	{ "a value with a blank", "a.b/c semver=>=1 <2",
	  "a.list:1:18: unexpected word \"<2\" (a value with blanks needs quotes: semver=\">=1 "
	  "<2\")" },
	{ "two references", "alpine:1 debian:12",
	  "a.list:1:10: unexpected word \"debian:12\" (an option is key=value, a comment begins "
	  "with #)" },
	{ "an option in front", "keep=3 alpine:1",
	  "a.list:1:1: a line begins with a reference, not with an option" },
	{ "numbers", "alpine:1 keep=-1 newest=0",
	  "a.list:1:15: keep: \"-1\" is not a number from 0 to 1000000\n"
	  "a.list:1:25: newest: \"0\" is not a number from 1 to 500000" },
	{ "durations", "alpine:1 refresh=10 max-age=1y keep-for=\"3 d\"",
	  "a.list:1:18: refresh: \"10\" has no unit: is it 10m (minutes), 10h (hours), 10d "
	  "(days)?\n"
	  "a.list:1:29: max-age: \"1y\" is not a duration (such as 10m, 6h, 90d, or never)\n"
	  "a.list:1:42: keep-for: \"3 d\" is not a duration (such as 10m, 6h, 90d, or never)" },
	{ "yes or no", "alpine:1 referrers=true",
	  "a.list:1:20: referrers: \"true\" is not one of no, yes, auto" },
	{ "only gone", "alpine:1 upstream=away",
	  "a.list:1:19: upstream: \"away\" is not known here, only \"gone\" is" },
	{ "a bad expression", "alpine match=\"a b(c\"",
	  "a.list:1:20: match: not a regular expression: missing closing parenthesis" },
	{ "a bad range", "alpine semver=\">=1.4 <two\"",
	  "a.list:1:23: semver: \"two\" is not a version" },
	{ "newest of what is no version", "debian tags=12*,bookworm-* newest=2",
	  "a.list:1:17: newest: tags like \"bookworm-*\" are no versions, so none is newest" },
	{ "a tag and a tag option", "alpine:3 newest=2",
	  "a.list:1:10: newest= chooses tags, and the reference has a tag already" },
	{ "a digest and a tag option", "alpine@sha256:" HEX64 " keep=2 exclude=x",
	  "a.list:1:87: exclude= chooses tags, and the reference has a digest already" },
	{ "a line of a Dockerfile", "FROM alpine:3 AS build", "a.list:1:1: " CONVERTED },
	{ "of a YAML file", "  - image: alpine:3", "a.list:1:3: " CONVERTED },
	{ "of a command", "docker pull alpine:3", "a.list:1:1: " CONVERTED },
	{ "of a list in YAML", "- alpine:3", "a.list:1:1: " CONVERTED },
	{ "a wildcard in a tag", "alpine:3.*",
	  "a.list:1:10: a wildcard in a reference: tags are chosen by tags=, as in \"alpine "
	  "tags=3.*\"" },
	{ "a wildcard in a name", "quay.io/team/*:1",
	  "a.list:1:14: a wildcard in a repository's name: each repository has a line of its own" },
	{ "a URL", "https://quay.io/team/x:1",
	  "a.list:1:1: a reference has no \"https://\": write "
	  "\"quay.io/team/x:1\"" },
	{ "dots in a path", "docker.io/../x:1",
	  "a.list:1:1: \"../x\" is not a repository name (lower-case letters, digits, and single . "
	  "_ __ - between them)" },
	{ "a short digest", "alpine@sha256:1f2e",
	  "a.list:1:1: digest \"sha256:1f2e\" has 4 hex digits, "
	  "not 64" },
	{ "a line of mirror.conf", "image * keep=1",
	  "a.list:1:1: a line \"image ...\" belongs in "
	  "mirror.conf" },
	{ "a target with a digest", "alpine:1 as=x@sha256:" HEX64,
	  "a.list:1:13: as: a target has no digest (it stands in the reference in front)" },
	{ "a target with a wildcard", "alpine:1 as=team/*",
	  "a.list:1:13: as: \"team/*\" is not a repository name (lower-case letters, digits, and "
	  "single . _ __ - between them)" },
	{ "a target's tag and a tag option", "alpine tags=3.* as=team/x:1",
	  "a.list:1:20: as: a tag, and tags= chooses tags: the target is a repository" },
	{ "an open quote", "alpine:1 reason=\"x", "a.list:1:17: a quote is opened and not closed" },
	{ "a tag with a digest and without", "redis:7\nredis:7@sha256:" HEX64,
	  "a.list:1:1: two sources for docker.io/library/redis:7: docker.io/library/redis:7 and "
	  "docker.io/library/redis:7@sha256:" HEX64 " (the other line: a.list:2)\n"
	  "a.list:2:1: two sources for docker.io/library/redis:7: docker.io/library/redis:7 and "
	  "docker.io/library/redis:7@sha256:" HEX64 " (the other line: a.list:1)" },
	{ "two sources", "alpine:3\nb.c/x:1 as=alpine:3\nalpine:4",
	  "a.list:1:1: two sources for docker.io/library/alpine:3: docker.io/library/alpine:3 and "
	  "b.c/x:1 (the other line: a.list:2)\n"
	  "a.list:2:1: two sources for docker.io/library/alpine:3: docker.io/library/alpine:3 and "
	  "b.c/x:1 (the other line: a.list:1)" },
	{ "two sources of chosen tags", "b.c/x tags=1* as=a.b/x\nb.c/y tags=2* as=a.b/x",
	  "a.list:1:1: two sources for a.b/x: b.c/x and b.c/y (the other line: a.list:2)\n"
	  "a.list:2:1: two sources for a.b/x: b.c/x and b.c/y (the other line: a.list:1)" },
	{ "a chosen tag and another source", "b.c/y:1.5 as=a.b/x:1.5\na.b/x tags=1.* newest=1",
	  "a.list:1:1: two sources for a.b/x:1.5: a.b/x and b.c/y:1.5 (the other line: "
	  "a.list:2)\n"
	  "a.list:2:1: two sources for a.b/x:1.5: a.b/x and b.c/y:1.5 (the other line: "
	  "a.list:1)" },
	{ "private beside public: all lines of the repository",
	  "a.b/x:1\na.b/x:2 private=g\na.b/x:3\na.b/y:1",
	  "a.list:1:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:2)\n"
	  "a.list:2:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:1)\n"
	  "a.list:3:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:2)" },
	{ "two groups, one by another name",
	  "b.c/x:1 as=a.b/x:1 private=g\na.b/x tags=2* private=h",
	  "a.list:1:1: a.b/x belongs to one group: private=g and private=h (the other line: "
	  "a.list:2)\n"
	  "a.list:2:1: a.b/x belongs to one group: private=g and private=h (the other line: "
	  "a.list:1)" },
	{ "as= publishes a source that a line gives to a group, for everybody and for another",
	  "a.b/x:2 as=a.b/open:2\na.b/x as=a.b/tags tags=*\na.b/x:1 private=g\n"
	  "a.b/x@sha256:" HEX64 " as=a.b/other:2 private=h\na.b/x:2 as=a.b/own:2 private=g",
	  "a.list:1:1: the source a.b/x belongs to private=g, says a.list:3: as= does not publish "
	  "it for everybody\n"
	  "a.list:2:1: the source a.b/x belongs to private=g, says a.list:3: as= does not publish "
	  "it for everybody\n"
	  "a.list:4:1: the source a.b/x belongs to private=g, says a.list:3: as= does not publish "
	  "it for private=h" },
	{ "as= publishes a source whose lines contradict each other",
	  "a.b/x:1\na.b/x:2 private=g\na.b/x:3 as=a.b/y:1",
	  "a.list:1:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:2)\n"
	  "a.list:2:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:1)\n"
	  "a.list:3:1: a.b/x belongs to one group: private=(none) and private=g (the other line: "
	  "a.list:2)" },
	{ "groups have a public source under names of their own",
	  "a.b/x:1\na.b/x:1 as=a.b/y:1 private=g\na.b/x:1 as=a.b/z:1 private=h", "" },
	{ "a group that is none", "a.b/x:1 private=\"team a\"",
	  "a.list:1:22: private: \"team a\" is no group: its name has only letters, digits, \".\", "
	  "\"_\" and \"-\"" },
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct lists *ls = load(wrong[i].list, NULL);
		cleanup_free char *problems = NULL;

		lists_add_conflicts(ls);
		problems = print_problems(ls);

		CHECK_TEXT(problems, wrong[i].problems, wrong[i].name);
		lists_free(ls);
	}
}

static const char conf_text[] = "image *          platform=linux/amd64 keep=10 refresh=1h\n"
				"image *:latest   refresh=10m\n"
				"image quay.io/*  refresh=6h keep-for=90d max-age=2d\n"
				"image quay.io/a/*:1 owner=ann keep-for=never\n";

static void test_options(void)
{
	struct lists *ls = load("alpine:latest keep=3\n"
				"quay.io/a/b:1 platform=all refresh=never max-age=never\n"
				"quay.io/a/b tags=2*\n",
				conf_text);
	const struct list_image *v = ls->images;
	cleanup_by(ref_release) struct ref target = REF_INIT;
	struct image_options o;

	CHECK(ls->problems.n == 0 && ls->n == 3);
	CHECK(v[0].o->keep == 3 && v[0].o->refresh == 600);
	CHECK_TEXT(v[0].o->platform, "linux/amd64", "mirror.conf fills in");
	CHECK(v[1].o->keep == 10 && v[1].o->refresh == UNIT_NEVER);
	CHECK_TEXT(v[1].o->owner, "ann", "a pattern with a tag");
	CHECK_TEXT(v[1].o->platform, NULL, "all is no filter");
	CHECK(v[1].o->keep_for == -1 && v[1].o->max_age == -1);
	CHECK_TEXT(v[1].own->platform, "all", "what the line says stays");
	CHECK(v[2].o->refresh == 21600 && !v[2].o->owner && v[2].o->keep_for == 90L * 86400);
	CHECK(v[2].o->referrers == -1 && !v[2].o->upstream_gone);
	ref_copy(&target, list_image_target(&v[2]));
	target.tag = xstrdup("latest");
	lists_options(ls, &v[2], &target, &o);
	CHECK(o.refresh == 21600); /* the later line wins */
	free(target.tag);
	target.tag = xstrdup("1");
	lists_options(ls, &v[2], &target, &o);
	CHECK_TEXT(o.owner, "ann", "a chosen tag gets its own options");
	lists_free(ls);
}

static const struct {
	const char *name, *list, *conf, *problems;
} policies[] = {
	{ "allowed", "alpine:3\nquay.io/a/b tags=1*", "policy allow=docker.io/library/*,quay.io/*",
	  "" },
	{ "not allowed", "alpine:3\n  ghcr.io/a/b:1",
	  "\npolicy allow=docker.io/library/*,quay.io/*",
	  "a.list:2:3: the target ghcr.io/a/b:1 is not allowed by the policy (mirror.conf:2)" },
	{ "a target outside", "alpine:3 as=team/x:1", "policy allow=docker.io/library/*",
	  "a.list:1:1: the target docker.io/team/x:1 is not allowed by the policy "
	  "(mirror.conf:1)" },
	{ "a source outside", "ghcr.io/a/b:1 as=alpine:3", "policy allow=docker.io/library/*",
	  "a.list:1:1: the source ghcr.io/a/b:1 is not allowed by the policy (mirror.conf:1)" },
	{ "a policy of tags", "alpine:3.1\nalpine:edge\nalpine tags=3.*", "policy allow=alpine:3.*",
	  "a.list:2:1: the target docker.io/library/alpine:edge is not allowed by the policy "
	  "(mirror.conf:1)" },
	{ "limits alone allow all", "alpine:3", "policy max-tags=50 max-bytes=40G", "" },
	{ "the policy of the file, not the other", "ghcr.io/a/b:1",
	  "policy allow=quay.io/*\npolicy file=a*.list allow=ghcr.io/a/*", "" },
	{ "the other holds for other files", "ghcr.io/a/b:1",
	  "policy allow=quay.io/*\npolicy file=b*.list,c.list allow=ghcr.io/a/*",
	  "a.list:1:1: the target ghcr.io/a/b:1 is not allowed by the policy (mirror.conf:1)\n"
	  "mirror.conf:2:1: warning: file=b*.list,c.list names no list that is there: this policy "
	  "holds for nothing" },
	{ "no other policy", "ghcr.io/a/b:1", "policy file=b.list allow=quay.io/*",
	  "mirror.conf:1:1: warning: file=b.list names no list that is there: this policy holds "
	  "for nothing" },
	{ "of two that name the file, the last, whole", "ghcr.io/a/b:1\nquay.io/a/b:1",
	  "policy file=*.list allow=quay.io/* private=x\npolicy file=a.list allow=ghcr.io/*",
	  "a.list:2:1: the target quay.io/a/b:1 is not allowed by the policy (mirror.conf:2)" },
	{ "as= within the policy's", "ghcr.io/a/b:1 as=team/b:1\nghcr.io/a/c tags=1* as=team/c",
	  "policy allow=ghcr.io/a/* as=docker.io/team/*", "" },
	{ "as= outside", "\n ghcr.io/a/b:1 as=ghcr.io/a/b:2",
	  "policy allow=ghcr.io/a/* as=docker.io/team/*",
	  "a.list:2:2: the target ghcr.io/a/b:2 is not allowed by the policy's as= "
	  "(mirror.conf:1)" },
	{ "as= of the policy allows no source", "quay.io/a/b:1 as=team/b:1",
	  "policy allow=ghcr.io/a/* as=docker.io/team/*",
	  "a.list:1:1: the source quay.io/a/b:1 is not allowed by the policy (mirror.conf:1)" },
	{ "nor a name without as=", "team/b:1", "policy allow=ghcr.io/a/* as=docker.io/team/*",
	  "a.list:1:1: the target docker.io/team/b:1 is not allowed by the policy "
	  "(mirror.conf:1)" },
	{ "the group of the policy", "a/b:1 private=x\na/c tags=1* private=x", "policy private=x",
	  "" },
	{ "the group by an image line", "a/b:1", "policy private=x\nimage docker.io/a/* private=x",
	  "" },
	{ "no group, and another", "a/b:1\na/c:1 private=y", "policy file=a.list private=x",
	  "a.list:1:1: docker.io/a/b:1 would be everybody's: the policy (mirror.conf:1) wants "
	  "private=x for every image of a.list\n"
	  "a.list:2:1: docker.io/a/c:1 has private=y: the policy (mirror.conf:1) wants private=x "
	  "for every image of a.list" },
	{ "groups of other files are free", "a/b:1\na/c:1 private=y",
	  "policy file=b.list private=x\npolicy max-tags=9",
	  "mirror.conf:1:1: warning: file=b.list names no list that is there: this policy holds "
	  "for nothing" },
};

static void test_policy(void)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct lists *ls = load(policies[i].list, policies[i].conf);
		cleanup_free char *problems = print_problems(ls);

		CHECK_TEXT(problems, policies[i].problems, policies[i].name);
		lists_free(ls);
	}
}

static void test_suffix(void)
{
	static const char list[] = "alpine:3\nalpine:3-20261120\nalpine:3_2026";
	struct lists *ls = load(list, "snapshot suffix=-%Y%m%d");

	CHECK(ls->images[1].snapshot && !ls->images[2].snapshot);
	CHECK_TEXT(ls->suffix, "-%Y%m%d", "mirror.conf's");
	lists_free(ls);
	ls = lists_new();
	ls->suffix = "_%Y";
	lists_add(ls, "a.list", span_str(list));
	CHECK(lists_finish(ls) == 0);
	CHECK(!ls->images[1].snapshot && ls->images[2].snapshot);
	lists_free(ls);
	ls = load(list, NULL);
	CHECK_TEXT(ls->suffix, ".%Y%m%d", "the default");
	lists_free(ls);
}

static void test_files(void)
{
	struct lists *ls = lists_new();
	cleanup_free char *problems = NULL;

	lists_add(ls, "b.list", span_str("alpine:3\nx=\n"));
	lists_add(ls, "a.list", span_str("alpine:3\n\xff\n"));
	lists_add_conf(ls, "mirror.conf", span_str("nonsense\n"));
	CHECK(lists_finish(ls) == 3);
	problems = print_problems(ls);
	CHECK_TEXT(
		problems,
		"a.list:2:1: byte 0xff is not text (UTF-8 without control characters): the rest of "
		"the file is not read\n"
		"b.list:2:1: a line begins with a reference, not with an option\n"
		"mirror.conf:1:1: a line begins with image, registry, snapshot, policy, deny or "
		"privacy (images that are mirrored stand in *.list files)",
		"problems of all files in order");
	lists_free(ls);
}

static void test_many(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(1UL * MIB);
	struct lists *ls = lists_new();

	for (int i = 0; i < 150; i++)
		buf_addf(&b, "a.b/c exclude=%d\n", i);
	lists_add(ls, "a.list", buf_span(&b));
	CHECK(lists_finish(ls) == 50);
	CHECK_TEXT(ls->problems.v[0].text, "more than 100 lines choose tags of a.b/c", "too many");
	lists_free(ls);
}

int main(void)
{
	test_lines();
	test_wrong();
	test_options();
	test_policy();
	test_suffix();
	test_files();
	test_many();
	return tap_done();
}
