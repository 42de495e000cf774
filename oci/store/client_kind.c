#include "oci/store/client_kind.h"

#include "oci/base/str.h"

#define ROW_OF(kind, word, scans) [kind] = { word, scans },
static const struct {
	const char *word;
	bool scans;
} kinds[] = { CLIENT_KINDS(ROW_OF) };
#undef ROW_OF

/* Names of products, without regard to case. */
static const struct {
	const char *product;
	enum client_kind kind;
} products[] = {
	{ "docker", CLIENT_DOCKER },
	{ "docker-client", CLIENT_DOCKER },
	{ "moby", CLIENT_DOCKER },
	{ "containerd", CLIENT_CONTAINERD },
	{ "nerdctl", CLIENT_CONTAINERD },
	{ "containers", CLIENT_CONTAINERS },
	{ "podman", CLIENT_CONTAINERS },
	{ "libpod", CLIENT_CONTAINERS },
	{ "cri-o", CLIENT_CONTAINERS },
	{ "skopeo", CLIENT_CONTAINERS },
	{ "buildah", CLIENT_CONTAINERS },
	{ "buildkit", CLIENT_BUILDKIT },
	{ "curl", CLIENT_CURL },
	{ "enroot", CLIENT_CURL },
	{ "crane", CLIENT_CRANE },
	{ "go-containerregistry", CLIENT_CRANE },
	{ "oras", CLIENT_ORAS },
	{ "oras-go", CLIENT_ORAS },
	{ "regclient", CLIENT_REGCTL },
	{ "regctl", CLIENT_REGCTL },
	{ "regsync", CLIENT_REGCTL },
	{ "helm", CLIENT_HELM },
	{ "k3s", CLIENT_K3S },
	{ "rke2", CLIENT_K3S },
	{ "mirror-sync", CLIENT_MIRROR },
	{ "mirror-publish", CLIENT_MIRROR },
	{ "mozilla", CLIENT_SCANNER },
	{ "zgrab", CLIENT_SCANNER },
	{ "masscan", CLIENT_SCANNER },
	{ "nmap", CLIENT_SCANNER },
	{ "nuclei", CLIENT_SCANNER },
	{ "censysinspect", CLIENT_SCANNER },
	{ "shodan", CLIENT_SCANNER },
	{ "expanse", CLIENT_SCANNER },
	{ "l9explore", CLIENT_SCANNER },
	{ "l9tcpid", CLIENT_SCANNER },
	{ "internetmeasurement", CLIENT_SCANNER },
};

/* tchar of RFC 9110, 5.6.2, and the "/" before a version. */
static bool is_product_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~/", c));
}

struct span client_kind_product(struct span agent)
{
	struct span s = span_trim(agent);
	size_t n = 0;

	while (n < s.n && is_product_byte(s.p[n]))
		n++;
	return span_of(s.p, n);
}

enum client_kind client_kind_of(struct span agent)
{
	struct span rest = client_kind_product(agent), name = span_of("", 0);

	span_cut(&rest, '/', &name);
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
		if (span_eq_nocase(name, products[i].product))
			return products[i].kind;
	return CLIENT_OTHER;
}

const char *client_kind_word(enum client_kind kind)
{
	return kinds[kind].word;
}

bool client_kind_scans(enum client_kind kind)
{
	return kinds[kind].scans;
}

enum client_kind client_kind_named(const char *word)
{
	for (size_t i = 0; i < CLIENT_NKINDS; i++)
		if (str_eq(kinds[i].word, word))
			return (enum client_kind)i;
	return CLIENT_OTHER;
}
