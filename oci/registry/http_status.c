#include "oci/registry/http_status.h"

#include <limits.h>
#include <stddef.h>

#define ONE(code) .first = (code), .last = (code)
#define ANSWER    .class = HTTP_STATUS_ANSWER
#define REDIRECT  .class = HTTP_STATUS_REDIRECT
#define BUSY      .class = HTTP_STATUS_TRANSIENT, .fault = THROTTLE_BUSY, .tries = THROTTLE_TRIES
#define TRANSIENT .class = HTTP_STATUS_TRANSIENT, .fault = THROTTLE_HOST, .tries = THROTTLE_TRIES
/* A registry that says 503 mostly has trouble with one object, not with all of them. */
#define UNAVAILABLE                                                                                \
	.class = HTTP_STATUS_TRANSIENT, .fault = THROTTLE_HOST, .tries = THROTTLE_TRIES_503
#define UNKNOWN "unexpected status"
#define PRIVATE .kind = ERR_AUTH, .remark = ", missing or private"

/* The first row that has the code counts; the last has all that are in no other. */
static const struct http_status statuses[] = {
	{ ONE(200), "ok", ANSWER },
	{ ONE(206), "partial content", ANSWER },
	{ ONE(301), "moved permanently", REDIRECT },
	{ ONE(302), "found", REDIRECT },
	{ ONE(303), "see other", REDIRECT },
	{ ONE(307), "temporary redirect", REDIRECT },
	{ ONE(308), "permanent redirect", REDIRECT },
	{ ONE(400), "bad request", .kind = ERR_INVALID },
	{ ONE(401), "unauthorized", PRIVATE },
	{ ONE(403), "forbidden", PRIVATE },
	{ ONE(404), "not found", .kind = ERR_NOTFOUND },
	{ ONE(405), "method not allowed", .kind = ERR_INVALID },
	{ ONE(407), "proxy authentication required", .kind = ERR_INVALID },
	{ ONE(408), "request timeout", .kind = ERR_NET, TRANSIENT },
	{ ONE(410), "gone", .kind = ERR_NOTFOUND },
	{ ONE(416), "range not satisfiable", .kind = ERR_INVALID },
	{ ONE(429), "too many requests", .kind = ERR_LIMIT, BUSY },
	{ ONE(451), "unavailable for legal reasons", .kind = ERR_AUTH },
	{ ONE(499), UNKNOWN, .kind = ERR_NET, TRANSIENT }, /* nginx: its client went away */
	{ ONE(500), "internal server error", .kind = ERR_NET, TRANSIENT },
	{ ONE(501), "not implemented", .kind = ERR_NET },
	{ ONE(502), "bad gateway", .kind = ERR_NET, TRANSIENT },
	{ ONE(503), "service unavailable", .kind = ERR_NET, UNAVAILABLE },
	{ ONE(504), "gateway timeout", .kind = ERR_NET, TRANSIENT },
	{ 520, 524, UNKNOWN, .kind = ERR_NET, TRANSIENT }, /* Cloudflare, of the host behind it */
	{ 500, LONG_MAX, UNKNOWN, .kind = ERR_NET },
	{ LONG_MIN, 499, UNKNOWN, .kind = ERR_INVALID },
};

const struct http_status *http_status_find(long code)
{
	const struct http_status *s = statuses;

	while (code < s->first || code > s->last)
		s++;
	return s;
}

bool http_status_is_transient(long code)
{
	return http_status_find(code)->class == HTTP_STATUS_TRANSIENT;
}
