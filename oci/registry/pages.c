#include "oci/registry/pages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/http/header.h"

void pages_release(struct pages *p)
{
	strvec_release(&p->urls);
}

static struct span next_link(const struct request *r)
{
	struct span value, target;

	for (size_t i = 0; (value = http_header(&r->call, "Link", i)).p; i++)
		if ((target = header_link_next(value)).p)
			return target;
	return span_of(NULL, 0);
}

/* Registries behind a proxy that ends TLS name themselves with http://. So only the host is
 * compared, and the page is asked for at the origin of the page before. */
static char *page_at(const struct pages *p, const struct request *r, struct span target,
		     struct err *err)
{
	cleanup_free char *named = url_resolve(r->call.url, target, err), *origin = NULL;
	struct url here, there;

	if (!named || url_parse(&there, span_str(named), err) < 0 ||
	    url_parse(&here, span_str(r->call.url), err) < 0)
		return NULL;
	if (here.host.n != there.host.n ||
	    strncasecmp(here.host.p, there.host.p, here.host.n) != 0) {
		err_set(err, ERR_INVALID, 0, "the next page of the %s is at another host, %.*s",
			p->what, SPAN_ARG(there.host));
		return NULL;
	}
	origin = url_origin(&here);
	return xasprintf("%s%.*s", origin, SPAN_ARG(there.target));
}

enum request_result pages_next(struct pages *p, struct request *r, struct err *err)
{
	struct span target = next_link(r);
	cleanup_free char *page = NULL;

	if (!target.p)
		return REQUEST_DONE;
	page = page_at(p, r, target, err);
	if (!page)
		return REQUEST_FAILED;
	if (strvec_has(&p->urls, page)) {
		err_set(err, ERR_INVALID, 0, "the %s goes round in a circle", p->what);
		return REQUEST_FAILED;
	}
	if (p->urls.n + 1 >= p->max) {
		err_set(err, ERR_INVALID, 0, "the %s has more than %zu pages", p->what, p->max);
		return REQUEST_FAILED;
	}
	r->page_url = strvec_add_owned(&p->urls, take(page));
	return REQUEST_AGAIN;
}
