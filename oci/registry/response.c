#include "oci/registry/response.h"

#include <stdio.h>

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/redact.h"
#include "oci/base/url.h"
#include "oci/http/header.h"
#include "oci/http/http.h"
#include "oci/registry/throttle.h"
#include "oci/registry/upstream.h"

void response_read_encoding(const struct http_call *c, char encoding[static RESPONSE_ENCODING])
{
	struct span value = http_header(c, "Content-Encoding", 0);
	char shown[REDACT_MAX];

	if (span_eq_nocase(value, "identity"))
		value.n = 0;
	redact(shown, value, NULL);
	snprintf(encoding, RESPONSE_ENCODING, "%.*s", RESPONSE_ENCODING - 1, shown);
}

void response_blame_encoding(const char *encoding, struct err *err)
{
	bool is_content = err->kind == ERR_INVALID || err->kind == ERR_DIGEST;

	if (*encoding && is_content)
		err_set(err, err->kind, err->sys,
			"%s (it came with Content-Encoding \"%s\", though it was asked for as it "
			"is: something on the way compresses it)",
			err->msg, encoding);
}

char *response_redirect(const struct http_call *c, enum origin_zone zone, unsigned hops,
			bool *cross_origin, struct err *err)
{
	struct span location = http_header(c, "Location", 0);

	if (location.p && hops <= LIMIT_HTTP_REDIRECTS)
		return origin_resolve(c->url, zone, location, cross_origin, err);
	if (location.p)
		err_set(err, ERR_INVALID, 0, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
	else
		err_set(err, ERR_INVALID, (int)c->status, "a redirect (%ld) without Location",
			c->status);
	return NULL;
}

void response_name_host(const struct http_call *c, struct err *err)
{
	char shown[URL_SHOWN];

	url_show(c->url, shown);
	err_wrap(err, "redirected to %s", shown);
}

void response_tell_warnings(const struct http_call *c, const struct endpoint *e)
{
	struct span value, text;
	char line[REDACT_MAX];

	for (size_t i = 0; (value = http_header(c, "Warning", i)).p; i++) {
		text = header_warning(value);
		if (!text.p)
			continue;
		redact(line, text, NULL);
		upstream_warn(e->up->registry, e->shown, line);
	}
}

/* Seconds from now that a header names, or -1. */
static int64_t seconds_header(const struct http_call *c, const char *name)
{
	struct span value = http_header(c, name, 0);

	return value.p ? header_retry_after(value, clock_wall()) : -1;
}

int64_t response_retry_after(const struct http_call *c)
{
	int64_t seconds = seconds_header(c, "Retry-After");

	return seconds < 0 ? -1 : seconds * CLOCK_SEC;
}

/* The number of a RateLimit header, or -1; *window is changed when the header names one. */
static long limit_header(const struct http_call *c, const char *name, long *window)
{
	struct span value = http_header(c, name, 0);
	long n, w;

	if (!value.p || !header_rate_limit(value, &n, &w))
		return -1;
	if (w >= 0)
		*window = w;
	return n;
}

void response_read_quota(const struct http_call *c, struct throttle *t)
{
	long limit, remaining, window = -1;

	limit = limit_header(c, "RateLimit-Limit", &window);
	remaining = limit_header(c, "RateLimit-Remaining", &window);
	if (limit >= 0 || remaining >= 0)
		throttle_quota(t, limit, remaining, (long)seconds_header(c, "RateLimit-Reset"),
			       window, clock_now());
}

void response_read_date(const struct http_call *c, struct upstream *up)
{
	struct span date = http_header(c, "Date", 0), age = http_header(c, "Age", 0);
	char text[64];
	time_t then;

	if (!date.p || date.n >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", SPAN_ARG(date));
	then = clock_parse_http(text);
	if (then < 0)
		return;
	/* a cache tells when it got the answer, and how long ago that is */
	up->tells_time = true;
	up->seconds_ahead = then - clock_wall();
	if (age.p && header_length(age) > 0)
		up->seconds_ahead += header_length(age);
}

bool response_has_no_pulls_left(const struct http_call *c)
{
	long window;

	return limit_header(c, "RateLimit-Remaining", &window) == 0;
}

size_t response_challenges(const struct http_call *c,
			   struct span challenges[static RESPONSE_CHALLENGES])
{
	size_t n = 0;

	while (n < RESPONSE_CHALLENGES && (challenges[n] = http_header(c, "WWW-Authenticate", n)).p)
		n++;
	return n;
}
