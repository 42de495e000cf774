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
	{ "registry.hub.docker.com/_/1", "docker.io/library/1" },
	{ "registry.hub.docker.com/r/1/2", "docker.io/1/2" },
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
	{ "mcr.microsoft.com/en-us/product/1/2", "mcr.microsoft.com/1/2" },
	{ "mcr.microsoft.com/en-us/artifact/mar/1/2", "mcr.microsoft.com/1/2" },
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

char *web_address_reference(struct span text)
{
	struct span values[SEGMENTS + 1] = { { NULL, 0 } }, address;
	bool has_scheme;

	address = bare_address(text, &has_scheme);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (matches_page(&pages[i], address, values))
			return take_reference(fill_reference(pages[i].reference, values));
	if (span_starts(text, "http") && !memchr(address.p, '/', address.n))
		return NULL;
	return has_scheme ? take_reference(xstrndup(address.p, address.n)) : NULL;
}
