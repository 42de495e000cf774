#include "oci/lists/web_address.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"
#include "oci/image/ref.h"

/* Pages about images; of two that begin alike, the longer one first: the segments of an address,
 * and the reference made of them. "1" to "9" stand for any segment. What follows in an address
 * makes no difference. */
static const struct page {
	const char *address, *reference;
} pages[] = {
	{ "hub.docker.com/_/1", "docker.io/library/1" },
	{ "hub.docker.com/r/1/2", "docker.io/1/2" },
	{ "hub.docker.com/repository/docker/1/2", "docker.io/1/2" },
	{ "hub.docker.com/layers/1/2/3", "docker.io/1/2:3" },
	{ "hub.docker.com/v2/repositories/1/2", "docker.io/1/2" },
	{ "registry.hub.docker.com/_/1", "docker.io/library/1" },
	{ "registry.hub.docker.com/r/1/2", "docker.io/1/2" },
	{ "registry.hub.docker.com/v2/repositories/1/2", "docker.io/1/2" },
	{ "registry.hub.docker.com/1/2", "docker.io/1/2" }, /* it answers as a registry, too */
	{ "quay.io/repository/1/2", "quay.io/1/2" },
	{ "gallery.ecr.aws/1/2/3", "public.ecr.aws/1/2/3" },
	{ "gallery.ecr.aws/1/2", "public.ecr.aws/1/2" },
	{ "github.com/orgs/1/packages/container/package/2", "ghcr.io/1/2" },
	{ "github.com/users/1/packages/container/package/2", "ghcr.io/1/2" },
	{ "github.com/1/2/pkgs/container/3", "ghcr.io/1/3" },
	{ "console.cloud.google.com/artifacts/docker/1/2/3/4", "2-docker.pkg.dev/1/3/4" },
	{ "console.cloud.google.com/gcr/images/1/GLOBAL/2", "gcr.io/1/2" },
	{ "console.cloud.google.com/gcr/images/1/global/2", "gcr.io/1/2" },
	{ "console.cloud.google.com/gcr/images/1/US/2", "us.gcr.io/1/2" },
	{ "console.cloud.google.com/gcr/images/1/EU/2", "eu.gcr.io/1/2" },
	{ "console.cloud.google.com/gcr/images/1/ASIA/2", "asia.gcr.io/1/2" },
	{ "catalog.ngc.nvidia.com/orgs/1/containers/2", "nvcr.io/1/2" },
	{ "catalog.ngc.nvidia.com/orgs/1/teams/2/containers/3", "nvcr.io/1/2/3" },
	{ "gitlab.com/1/2/-/container_registry", "registry.gitlab.com/1/2" },
	{ "gitlab.com/1/2/container_registry", "registry.gitlab.com/1/2" },
	{ "mcr.microsoft.com/en-us/product/1/2", "mcr.microsoft.com/1/2" },
	{ "mcr.microsoft.com/en-us/artifact/mar/1/2", "mcr.microsoft.com/1/2" },
};

/* Where other addresses are pages, and never images: web sites, and the web pages of registries. */
static const char *const sites[] = {
	"hub.docker.com",
	"registry.hub.docker.com",
	"gallery.ecr.aws",
	"github.com",
	"gitlab.com",
	"console.cloud.google.com",
	"catalog.ngc.nvidia.com",
	"catalog.redhat.com",
	"artifacthub.io",
	"quay.io/repository",
	"quay.io/organization",
	"mcr.microsoft.com/en-us",
};

enum { SEGMENTS = 9 };

static bool is_variable(struct span segment)
{
	return segment.n == 1 && segment.p[0] >= '1' && segment.p[0] <= '9';
}

/* Whether the address begins as the page's; `values` gets its variable segments. */
static bool matches_page(const struct page *page, struct span address,
			 struct span values[static SEGMENTS + 1])
{
	struct span rest = span_str(page->address), want, got;

	while (span_cut(&rest, '/', &want)) {
		if (!span_cut(&address, '/', &got) || !got.n)
			return false;
		if (is_variable(want))
			values[want.p[0] - '0'] = got;
		else if (want.n != got.n || memcmp(want.p, got.p, want.n) != 0)
			return false;
	}
	return true;
}

static char *fill_reference(const char *reference, const struct span values[static SEGMENTS + 1])
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_LIST_LINE);
	size_t n;

	for (; *reference; reference++)
		if (*reference >= '1' && *reference <= '9')
			buf_add(&out, values[*reference - '0'].p, values[*reference - '0'].n);
		else
			buf_addc(&out, *reference);
	/* GitHub writes a "/" within a name as %2F */
	if (buf_failed(&out) || !percent_decode(out.p, buf_span(&out), &n))
		return NULL;
	return xstrndup(out.p, n);
}

static bool is_reference(const char *text)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;
	struct err ignored;

	return ref_parse(&r, span_str(text), &ignored) == 0;
}

static char *take_reference(char *text)
{
	if (text && is_reference(text))
		return text;
	free(text);
	return NULL;
}

/* The address without its scheme, query and fragment. */
static struct span bare_address(struct span text, bool *has_scheme)
{
	const char *scheme = memmem(text.p, text.n, "://", 3);
	size_t n = 0;

	*has_scheme = scheme != NULL;
	if (scheme)
		text = span_of(scheme + 3, (size_t)(text.p + text.n - scheme - 3));
	while (n < text.n && !strchr("?#", text.p[n]))
		n++;
	text.n = n;
	while (span_ends(text, "/"))
		text.n--;
	return span_starts(text, "www.") ? span_of(text.p + 4, text.n - 4) : text;
}

static bool is_site(struct span address)
{
	struct span values[SEGMENTS + 1];

	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		if (matches_page(&(struct page){ .address = sites[i] }, address, values))
			return true;
	return false;
}

/* Of a request's URL, HOST/v2/NAME/manifests/TAG and the like; NULL for any other address. */
static char *reference_of_request(struct span address)
{
	static const char *const verbs[] = { "/manifests/", "/tags/", "/blobs/" };
	struct span host, name = address, tag = SPAN_INIT;

	if (!span_cut(&name, '/', &host) || !name.p || !span_starts(name, "v2/"))
		return NULL;
	name = span_of(name.p + 3, name.n - 3);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const char *verb = memmem(name.p, name.n, verbs[i], strlen(verbs[i]));
		const char *end = name.p + name.n;

		if (!verb)
			continue;
		name.n = (size_t)(verb - name.p);
		verb += strlen(verbs[i]);
		if (i == 0)
			tag = span_of(verb, (size_t)(end - verb));
		return take_reference(xasprintf("%.*s/%.*s%s%.*s", SPAN_ARG(host), SPAN_ARG(name),
						!tag.n                      ? ""
						: memchr(tag.p, ':', tag.n) ? "@"
									    : ":",
						SPAN_ARG(tag)));
	}
	return NULL;
}

char *web_address_reference(struct span text)
{
	struct span values[SEGMENTS + 1] = { { NULL, 0 } }, address;
	bool has_scheme;
	char *asked;

	address = bare_address(text, &has_scheme);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (matches_page(&pages[i], address, values))
			return take_reference(fill_reference(pages[i].reference, values));
	if (is_site(address) || (span_starts(text, "http") && !memchr(address.p, '/', address.n)))
		return NULL;
	asked = has_scheme ? reference_of_request(address) : NULL;
	if (asked)
		return asked;
	return has_scheme ? take_reference(xstrndup(address.p, address.n)) : NULL;
}

char *web_address_advice(struct span text)
{
	const char *colon = memmem(text.p, text.n, "://", 3);
	cleanup_free char *meant = web_address_reference(text);
	int n = colon ? (int)(colon - text.p) : 0;
	bool has_scheme;

	if (meant && colon)
		return xasprintf("a reference has no \"%.*s://\": write \"%s\"", n, text.p, meant);
	if (meant)
		return xasprintf("the address of a web page: write \"%s\"", meant);
	if (is_site(bare_address(text, &has_scheme)))
		return xstrdup("the address of a web page that is not an image's: a reference is "
			       "HOST/PATH:TAG, as \"docker pull\" takes it");
	if (colon)
		return xasprintf("a reference has no \"%.*s://\": it is HOST/PATH:TAG, as \"docker "
				 "pull\" takes it",
				 n, text.p);
	return NULL;
}
