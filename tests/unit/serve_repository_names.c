#include "oci/base/buf.h"
#include "serve/repository_names.h"
#include "tests/tap.h"

/* All candidates, in order, with a blank between them. */
static const struct row {
	const char *title;
	const char *name, *ns, *registry;
	const char *want;
} rows[] = {
	{ "a short name", "alpine", "", "docker.io",
	  "alpine docker.io/alpine docker.io/library/alpine" },
	{ "two components", "library/alpine", "", "docker.io",
	  "library/alpine docker.io/library/alpine" },
	{ "a full name", "quay.io/org/tool", "", "docker.io",
	  "quay.io/org/tool docker.io/quay.io/org/tool" },
	{ "a full short name", "docker.io/alpine", "", "docker.io",
	  "docker.io/alpine docker.io/docker.io/alpine docker.io/library/alpine" },
	{ "Docker Hub by another name", "index.docker.io/library/alpine", "", "docker.io",
	  "docker.io/library/alpine docker.io/index.docker.io/library/alpine" },
	{ "another default", "alpine", "", "quay.io", "alpine quay.io/alpine" },
	{ "Docker Hub under another default", "docker.io/alpine", "", "quay.io",
	  "docker.io/alpine quay.io/docker.io/alpine docker.io/library/alpine" },
	{ "a port as clients write it", "registry.corp_5000/team/app", "", "docker.io",
	  "registry.corp_5000/team/app docker.io/registry.corp_5000/team/app" },
	/* with a namespace: never another host's */
	{ "a namespace", "org/tool", "quay.io", "docker.io", "quay.io/org/tool" },
	{ "docker.io as the namespace", "alpine", "docker.io", "docker.io",
	  "docker.io/alpine docker.io/library/alpine" },
	{ "docker.io as the namespace, another default", "alpine", "docker.io", "quay.io",
	  "docker.io/alpine docker.io/library/alpine" },
	{ "no library elsewhere", "alpine", "quay.io", "docker.io", "quay.io/alpine" },
	{ "host in the name and the namespace", "docker.io/library/alpine", "docker.io",
	  "docker.io", "docker.io/docker.io/library/alpine docker.io/library/alpine" },
	{ "another host in the name", "docker.io/library/alpine", "quay.io", "docker.io",
	  "quay.io/docker.io/library/alpine" },
	{ "a short name of another host", "docker.io/alpine", "quay.io", "docker.io",
	  "quay.io/docker.io/alpine" },
	{ "a namespace in capitals", "org/tool", "QUAY.io", "docker.io", "quay.io/org/tool" },
	{ "a namespace by another name", "library/alpine", "registry-1.docker.io", "docker.io",
	  "docker.io/library/alpine" },
	{ "a namespace with a port", "team/app", "registry.corp:5000", "docker.io",
	  "registry.corp:5000/team/app" },
	{ "the same port in the name", "registry.corp_5000/team/app", "registry.corp:5000",
	  "docker.io",
	  "registry.corp:5000/registry.corp_5000/team/app registry.corp_5000/team/app" },
	{ "a port that https implies", "org/tool", "quay.io:443", "docker.io",
	  "quay.io:443/org/tool quay.io/org/tool" },
	{ "a port that http implies, in capitals", "org/tool", "QUAY.IO:80", "docker.io",
	  "quay.io:80/org/tool quay.io/org/tool" },
	{ "Docker Hub by another name with a port", "alpine", "Registry-1.Docker.io:443",
	  "docker.io",
	  "registry-1.docker.io:443/alpine docker.io/alpine docker.io/library/alpine" },
	{ "an implied port in the namespace, a host in the name", "quay.io/org/tool", "quay.io:443",
	  "docker.io", "quay.io:443/quay.io/org/tool quay.io/quay.io/org/tool quay.io/org/tool" },
	{ "a port that only ends like one", "org/tool", "quay.io:8443", "docker.io",
	  "quay.io:8443/org/tool" },
	{ "nothing but a port", "org/tool", ":443", "docker.io", ":443/org/tool" },
	{ "a namespace that is no host", "alpine", "docker.io/library", "docker.io", "?/alpine" },
};

static void check(const struct row *r)
{
	struct buf got = BUF_INIT(LIMIT_MANIFEST);
	const char *candidate;
	struct repository_names it;

	repository_names_init(&it, span_str(r->name), span_str(r->ns), r->registry);
	while ((candidate = repository_names_next(&it)))
		buf_addf(&got, "%s%s", got.n ? " " : "", candidate);
	CHECK_TEXT(got.p, r->want, r->title);
	buf_release(&got);
}

static void check_long(void)
{
	char name[4 * LIMIT_NAME], ns[LIMIT_NAME + 2];
	struct repository_names it;
	int n = 0;

	memset(name, 'a', sizeof(name));
	memset(ns, 'b', sizeof(ns));
	repository_names_init(&it, span_of(name, sizeof(name)), span_of("", 0), "docker.io");
	CHECK_ROW(repository_names_next(&it) == NULL, "a name longer than any has no candidate");
	repository_names_init(&it, span_of("a", 1), span_of(ns, sizeof(ns)), "docker.io");
	while (repository_names_next(&it))
		n++;
	CHECK_ROW(n == 1 && it.text[0] == '?', "a namespace longer than any host is nobody's");
}

static void check_written(void)
{
	char out[REPOSITORY_NAMES_MAX];

	repository_names_written("registry.corp:5000/team/app", out);
	CHECK_TEXT(out, "registry.corp_5000/team/app", "a port is written with an underscore");
	repository_names_written("docker.io/library/alpine", out);
	CHECK_TEXT(out, "docker.io/library/alpine", "without a port nothing changes");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
	check_long();
	check_written();
	return tap_done();
}
