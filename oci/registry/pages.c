#include "oci/registry/pages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"
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

/* The path of a URL's target, without escapes: some registries write %3A for the colon of a
 * digest. */
static char *path_of(struct span target)
{
	struct span path;
	char *decoded;
	size_t n;

	span_cut(&target, '?', &path);
	decoded = xcalloc(path.n + 1, 1);
	if (!percent_decode(decoded, path, &n)) {
		memcpy(decoded, path.p, path.n);
		n = path.n;
	}
	decoded[n] = '\0';
	return decoded;
}

/* "library/alpine/tags/list" */
static struct span behind_v2(const char *path)
{
	const char *v2 = strstr(path, "/v2/");

	return span_str(v2 ? v2 + 4 : path);
}

static bool ends_with_segments(struct span path, struct span end)
{
	return path.n >= end.n && span_ends(path, end.p) &&
	       (path.n == end.n || path.p[path.n - end.n - 1] == '/');
}

/* Whether two paths are of one list, for registries whose proxy puts something in front of the
 * repository, or of /v2/, and does not put it into the Link. */
static bool is_same_list(struct span here, struct span there)
{
	cleanup_free char *ours = path_of(here), *theirs = path_of(there);
	struct span a = behind_v2(ours), b = behind_v2(theirs);

	return ends_with_segments(a, b) || ends_with_segments(b, a);
}

static int check_link(const struct pages *p, const struct url *here, const struct url *there,
		      const char *named, struct err *err)
{
	char shown[URL_SHOWN];

	if (here->host.n != there->host.n ||
	    strncasecmp(here->host.p, there->host.p, here->host.n) != 0)
		return err_set(err, ERR_INVALID, 0,
			       "the next page of the %s is at another host, %.*s", p->what,
			       SPAN_ARG(there->host));
	if (is_same_list(here->target, there->target))
		return 0;
	url_show(named, shown);
	return err_set(err, ERR_INVALID, 0,
		       "the next page of the %s is another list, %s: nothing of it is taken",
		       p->what, shown);
}

/* Registries behind a proxy that ends TLS name themselves with http://. So the host is compared,
 * and the path; of the URL that is asked for only the query is the Link's, so a Link leads nowhere
 * else. */
static char *page_at(const struct pages *p, const struct request *r, struct span target,
		     struct err *err)
{
	cleanup_free char *named = url_resolve(r->call.url, target, err), *origin = NULL;
	struct span path, query;
	struct url here, there;

	if (!named || url_parse(&there, span_str(named), err) < 0 ||
	    url_parse(&here, span_str(r->call.url), err) < 0 ||
	    check_link(p, &here, &there, named, err) < 0)
		return NULL;
	origin = url_origin(&here);
	span_cut(&here.target, '?', &path);
	query = there.target;
	span_cut(&query, '?', &there.target);
	return xasprintf("%s%.*s%s%.*s", origin, SPAN_ARG(path), query.p ? "?" : "", (int)query.n,
			 query.p ? query.p : "");
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
	r->page_elsewhere = r->cross_origin;
	return REQUEST_AGAIN;
}
