/*
 * Where a registry's Location or Link may lead: what is resolved parses, resolves to itself, has no
 * dot segments that lead up, and shows neither query nor user.
 */
#include "oci/base/url.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/http/origin.h"

#define BASE "https://registry.example/v2/library/alpine/blobs/x?a=b"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_path(struct span target)
{
	struct span path = SPAN_INIT, segment;

	span_cut(&target, '?', &path);
	while (span_cut(&path, '/', &segment))
		if (span_eq(segment, "..") || span_eq(segment, "."))
			abort();
}

static void check(const char *url)
{
	char shown[URL_SHOWN];
	struct url base, u;
	struct err err;
	cleanup_free char *again = url_resolve(BASE, span_str(url), &err);

	if (url_parse(&u, span_str(url), &err) < 0 || !again || strcmp(again, url) != 0)
		abort();
	check_path(u.target);
	url_show(url, shown);
	if (strpbrk(shown, "?#") || memchr(u.host.p, '@', u.host.n))
		abort();
	url_parse(&base, span_str(BASE), &err);
	if (origin_may_follow(&base, ORIGIN_PUBLIC, &u, &err) == 0 && !u.https)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err err;
	cleanup_free char *url = url_resolve(BASE, span_of((const char *)data, n), &err);

	if (url)
		check(url);
	return 0;
}
