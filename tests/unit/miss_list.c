#include "oci/store/miss_list.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/miss_file.h"
#include "tests/tap.h"

#define HOUR 3600
#define DAY  (24 * HOUR)

static const time_t start = 1795000000;

/* The kind of a client, and its product. */
static const struct {
	const char *agent;
	enum client_kind kind;
	const char *product;
} agents[] = {
	{ "docker/24.0.7 go/go1.20.10 kernel/6.1 UpstreamClient(Docker-Client/24.0.7)",
	  CLIENT_DOCKER, "docker/24.0.7" },
	{ "containerd/1.6.20~ds1", CLIENT_CONTAINERD, "containerd/1.6.20~ds1" },
	{ "containers/5.23.1 (github.com/containers/image)", CLIENT_CONTAINERS,
	  "containers/5.23.1" },
	{ "cri-o/1.28.1 go/go1.20 os/linux arch/amd64", CLIENT_CONTAINERS, "cri-o/1.28.1" },
	{ "skopeo/1.9.3", CLIENT_CONTAINERS, "skopeo/1.9.3" },
	{ "buildkit/v0.12", CLIENT_BUILDKIT, "buildkit/v0.12" },
	{ "curl/7.88.1", CLIENT_CURL, "curl/7.88.1" },
	{ "go-containerregistry/v0.16.1", CLIENT_CRANE, "go-containerregistry/v0.16.1" },
	{ "crane/v0.16.1 go-containerregistry/v0.16.1", CLIENT_CRANE, "crane/v0.16.1" },
	{ "oras/1.1.0", CLIENT_ORAS, "oras/1.1.0" },
	{ "regclient/regctl (v0.5)", CLIENT_REGCTL, "regclient/regctl" },
	{ "Helm/3.13.2", CLIENT_HELM, "Helm/3.13.2" },
	{ "k3s/v1.28.3+k3s1", CLIENT_K3S, "k3s/v1.28.3+k3s1" },
	{ "mirror-sync/0.1.0", CLIENT_MIRROR, "mirror-sync/0.1.0" },
	{ "Mozilla/5.0 zgrab/0.x", CLIENT_SCANNER, "Mozilla/5.0" },
	{ "Docker-containerd-like/1", CLIENT_OTHER, "Docker-containerd-like/1" },
	{ " \"x\"\033[31m", CLIENT_OTHER, "" },
	{ "", CLIENT_OTHER, "" },
};

static const struct {
	const char *address;
	enum miss_origin origin;
} addresses[] = {
	{ "127.0.0.1", MISS_LOOPBACK },  { "::1", MISS_LOOPBACK },
	{ "unix:", MISS_LOOPBACK },      { "10.255.0.1", MISS_PRIVATE },
	{ "172.16.0.1", MISS_PRIVATE },  { "172.32.0.1", MISS_PUBLIC },
	{ "192.168.1.1", MISS_PRIVATE }, { "100.64.0.1", MISS_PRIVATE },
	{ "100.128.0.1", MISS_PUBLIC },  { "169.254.0.1", MISS_PRIVATE },
	{ "fd00::1", MISS_PRIVATE },     { "fe80::1", MISS_PRIVATE },
	{ "2001:db8::1", MISS_PUBLIC },  { "203.0.113.5", MISS_PUBLIC },
	{ "11.0.0.1", MISS_PUBLIC },
};

static void ask(struct miss_list *l, const char *ref, const char *address, time_t now)
{
	const struct miss_request r = {
		.ref = ref, .address = address, .agent = span_str("containerd/2.0"), .now = now
	};

	miss_list_note(l, &r);
}

static void check_agents(void)
{
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		struct span agent = span_str(agents[i].agent);

		CHECK_ROW(client_kind_of(agent) == agents[i].kind, agents[i].agent);
		CHECK_ROW(span_eq(client_kind_product(agent), agents[i].product), agents[i].agent);
	}
	CHECK(client_kind_of(span_of(NULL, 0)) == CLIENT_OTHER);
	CHECK(client_kind_named("helm") == CLIENT_HELM);
	CHECK(client_kind_named("nobody") == CLIENT_OTHER);
	CHECK(client_kind_scans(CLIENT_SCANNER) && !client_kind_scans(CLIENT_OTHER));
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		CHECK_ROW(miss_origin_of(addresses[i].address) == addresses[i].origin,
			  addresses[i].address);
}

static void check_counts(void)
{
	cleanup_by(miss_list_release) struct miss_list l;
	const struct miss *m;

	miss_list_init(&l);
	ask(&l, "docker.io/a/b:1", "10.0.0.1", start);
	ask(&l, "docker.io/a/b:1", "10.0.0.1", start + 1);
	ask(&l, "docker.io/a/b:1", "10.0.0.1", start + HOUR);
	m = table_get(&l.by_ref, "docker.io/a/b:1");
	CHECK(l.n == 1 && m->count == 3 && m->hours == 2);
	CHECK(m->since == start && m->last == start + HOUR);
	CHECK(miss_addresses(m) == 1);
	CHECK(m->from[MISS_PRIVATE] && !m->from[MISS_PUBLIC] && !m->from[MISS_LOOPBACK]);
	CHECK(m->clients[CLIENT_CONTAINERD] == 3);
	CHECK_TEXT(m->agent, "containerd/2.0", "the product of the last one");
	for (int i = 0; i < 60; i++) {
		char address[32];

		snprintf(address, sizeof(address), "2001:db8:0:%x::1", (unsigned)i);
		ask(&l, "docker.io/a/b:1", address, start);
		snprintf(address, sizeof(address), "2001:db8:0:%x::2", (unsigned)i);
		ask(&l, "docker.io/a/b:1", address, start);
	}
	CHECK_ROW(miss_addresses(m) > 30 && miss_addresses(m) < 120,
		  "61 networks are estimated, not 121 addresses");
	miss_list_expire(&l, m->last + LIMIT_MISS_DAYS * DAY);
	CHECK_ROW(l.n == 1, "it stays for thirty days");
	miss_list_expire(&l, m->last + LIMIT_MISS_DAYS * DAY + 1);
	CHECK_ROW(l.n == 0, "and goes then");
	CHECK(table_get(&l.by_ref, "docker.io/a/b:1") == NULL);
}

static void flood(struct miss_list *l, const char *address, const char *word, int n)
{
	for (int i = 0; i < n; i++) {
		char ref[80];

		snprintf(ref, sizeof(ref), "docker.io/%s/n:%d", word, i);
		ask(l, ref, address, start + i);
	}
}

static size_t count_of(const struct miss_list *l, const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += span_starts(span_str(l->v[i]->ref), prefix);
	return n;
}

static void check_strangers(void)
{
	cleanup_by(miss_list_release) struct miss_list l;

	miss_list_init(&l);
	ask(&l, "docker.io/wanted/a:1", "10.0.0.1", start);
	ask(&l, "docker.io/wanted/b:1", "10.0.0.1", start);
	flood(&l, "203.0.113.5", "flood", 100000);
	CHECK_ROW(count_of(&l, "docker.io/flood/") == LIMIT_MISSES_PUBLIC,
		  "a stranger has his share, whatever he asks");
	CHECK_ROW(table_get(&l.by_ref, "docker.io/flood/n:99999") != NULL, "his newest names");
	CHECK_ROW(count_of(&l, "docker.io/wanted/") == 2, "and others keep theirs");
	flood(&l, "10.0.0.7", "nodes", 5000);
	CHECK_ROW(count_of(&l, "docker.io/nodes/") == LIMIT_MISSES_PRIVATE,
		  "a private address has a larger share");
}

/* The list is full of what several addresses or hours have asked for. */
static void check_full(void)
{
	cleanup_by(miss_list_release) struct miss_list l;
	char address[32], word[32];

	miss_list_init(&l);
	ask(&l, "docker.io/wanted/a:1", "198.51.100.1", start);
	ask(&l, "docker.io/wanted/a:1", "198.51.100.1", start + HOUR);
	for (int i = 0; i < 40; i++) {
		snprintf(address, sizeof(address), "203.0.113.%d", i);
		snprintf(word, sizeof(word), "flood%d", i);
		flood(&l, address, word, LIMIT_MISSES_PUBLIC);
	}
	CHECK_ROW(l.n == LIMIT_MISSES, "the list is full");
	CHECK_ROW(table_get(&l.by_ref, "docker.io/wanted/a:1") != NULL,
		  "what was asked for in two hours has stayed");
	for (size_t i = 0; i < l.n; i++)
		l.v[i]->hours = 2;
	ask(&l, "docker.io/new/one:1", "198.51.100.2", start);
	CHECK_ROW(!table_get(&l.by_ref, "docker.io/new/one:1") && l.left_out == 1,
		  "no name that is wanted gives its place away; the new one is counted");
}

static void check_order(void)
{
	char a[] = "a", b[] = "b", c[] = "c";
	struct miss few = { .ref = a, .sketch = 1, .hours = 9, .count = 9 };
	struct miss many = { .ref = b, .sketch = 7, .hours = 1, .count = 3 };
	struct miss often = { .ref = c, .sketch = 7, .hours = 1, .count = 4 };
	struct miss *v[] = { &few, &many, &often };

	qsort(v, 3, sizeof(v[0]), miss_order);
	CHECK(v[0] == &often && v[1] == &many && v[2] == &few);
}

static void check_again(void)
{
	cleanup_by(miss_list_release) struct miss_list l, back;
	cleanup_by(buf_release) struct buf one = BUF_INIT(LIMIT_MISS_FILE);
	cleanup_by(buf_release) struct buf two = BUF_INIT(LIMIT_MISS_FILE);
	struct err err = ERR_INIT;

	miss_list_init(&l);
	ask(&l, "docker.io/a/b:1", "10.0.0.1", start);
	ask(&l, "registry.corp:5000/a/b:1", "203.0.113.5", start);
	l.left_out = 7;
	miss_file_print(&l, &one);
	if (!CHECK(miss_file_parse(&back, "f", buf_span(&one), &err) == 0)) {
		printf("# %s\n", err.msg);
		miss_list_init(&back);
	}
	miss_file_print(&back, &two);
	CHECK_TEXT(two.p, one.p, "what is read is what was written");
	CHECK_ROW(miss_list_share(&l, "10.0.0.9") == miss_list_share(&back, "10.0.0.9"),
		  "addresses are known again");
}

#define HEAD  "{\"misses\":1,\"key\":\"00112233445566778899aabbccddeeff\"}\n"
#define DATES "\"since\":\"2026-11-20T06:00:00Z\",\"last\":\"2026-11-20T06:00:00Z\""
#define REST  "\"requests\":1,\"hours\":1,\"sketch\":\"0000000000000001\"," DATES "}\n"

static const struct {
	const char *name, *text, *error; /* NULL: it is read */
} files[] = {
	{ "no entry", HEAD, NULL },
	{ "an entry", HEAD "{\"ref\":\"docker.io/a/b:1\"," REST, NULL },
	{ "members of a later version", HEAD "{\"ref\":\"docker.io/a/b:1\",\"x\":[1]," REST, NULL },
	{ "nothing", "", "f: it is empty, so no list of misses" },
	{ "another file", "{}\n", "f:1: this is no list of misses" },
	{ "a later format", "{\"misses\":2}\n",
	  "f:1: a list of misses of format 2: a newer mirror-serve wrote it" },
	{ "no key", "{\"misses\":1}\n", "f:1: \"key\" is not 32 hexadecimal digits" },
	{ "no reference", HEAD "{" REST, "f:2: there is no \"ref\"" },
	{ "a name that is none", HEAD "{\"ref\":\"docker.io/a/../b:1\"," REST, "f:2: " },
	{ "not canonical", HEAD "{\"ref\":\"alpine:1\"," REST, "f:2: " },
	{ "the same twice",
	  HEAD "{\"ref\":\"docker.io/a/b:1\"," REST "{\"ref\":\"docker.io/a/b:1\"," REST,
	  "f:3: twice the same reference, or more than 4096" },
	{ "a share that is none", HEAD "{\"ref\":\"docker.io/a/b:1\",\"share\":1024," REST,
	  "f:2: \"requests\", \"hours\" or \"share\" is out of range" },
	{ "no date",
	  HEAD "{\"ref\":\"docker.io/a/b:1\",\"requests\":1,\"hours\":1,"
	       "\"sketch\":\"0000000000000001\",\"since\":\"x\"}\n",
	  "f:2: \"since\" is no date" },
	{ "negative", HEAD "{\"ref\":\"docker.io/a/b:1\",\"ns\":-1," REST,
	  "f:2: \"ns\" is no number" },
};

static void check_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct miss_list l;
		struct err err = ERR_INIT;
		int result = miss_file_parse(&l, "f", span_str(files[i].text), &err);

		if (!CHECK_ROW(files[i].error ? result < 0 && span_starts(span_str(err.msg),
									  files[i].error)
					      : result == 0,
			       files[i].name))
			printf("# %s\n", err.msg);
		if (result == 0)
			miss_list_release(&l);
	}
}

int main(void)
{
	check_agents();
	check_counts();
	check_strangers();
	check_full();
	check_order();
	check_again();
	check_files();
	return tap_done();
}
