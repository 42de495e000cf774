/* http_status: every row can be reached, has what its class needs, and means what registries mean
 * by it. */
#include "oci/registry/http_status.h"

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name;
	long code;
	enum http_status_class class;
	enum err_kind kind;
	unsigned tries;
} rows[] = {
	{ "an answer", 200, HTTP_STATUS_ANSWER, ERR_NONE, 0 },
	{ "a part of one", 206, HTTP_STATUS_ANSWER, ERR_NONE, 0 },
	{ "a success that is no answer", 204, HTTP_STATUS_FINAL, ERR_INVALID, 0 },
	{ "a redirect", 307, HTTP_STATUS_REDIRECT, ERR_NONE, 0 },
	{ "a 3xx without a target", 304, HTTP_STATUS_FINAL, ERR_INVALID, 0 },
	{ "missing", 404, HTTP_STATUS_FINAL, ERR_NOTFOUND, 0 },
	{ "not for us", 451, HTTP_STATUS_FINAL, ERR_AUTH, 0 },
	{ "too fast", 429, HTTP_STATUS_TRANSIENT, ERR_LIMIT, THROTTLE_TRIES },
	{ "the object", 503, HTTP_STATUS_TRANSIENT, ERR_NET, THROTTLE_TRIES_503 },
	{ "the host", 502, HTTP_STATUS_TRANSIENT, ERR_NET, THROTTLE_TRIES },
	{ "not there, whatever comes later", 501, HTTP_STATUS_FINAL, ERR_NET, 0 },
	{ "before Cloudflare's", 519, HTTP_STATUS_FINAL, ERR_NET, 0 },
	{ "Cloudflare's first", 520, HTTP_STATUS_TRANSIENT, ERR_NET, THROTTLE_TRIES },
	{ "Cloudflare's last", 524, HTTP_STATUS_TRANSIENT, ERR_NET, THROTTLE_TRIES },
	{ "after Cloudflare's", 525, HTTP_STATUS_FINAL, ERR_NET, 0 },
	{ "nginx, of a client that went away", 499, HTTP_STATUS_TRANSIENT, ERR_NET,
	  THROTTLE_TRIES },
	{ "no status at all", 0, HTTP_STATUS_FINAL, ERR_INVALID, 0 },
	{ "an absurd one", -7, HTTP_STATUS_FINAL, ERR_INVALID, 0 },
};

/* What the columns of a row say of one another. */
static bool is_consistent(const struct http_status *s)
{
	bool transient = s->class == HTTP_STATUS_TRANSIENT;
	bool refused = transient || s->class == HTTP_STATUS_FINAL;

	return s->words && refused == (s->kind != ERR_NONE) && transient == (s->tries > 1);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct http_status *s = http_status_find(rows[i].code);

		CHECK_ROW(s->class == rows[i].class && s->kind == rows[i].kind &&
				  s->tries == rows[i].tries,
			  rows[i].name);
	}
	for (long code = 0; code < 700; code++) {
		cleanup_free char *name = xasprintf("the row of %ld is consistent", code);

		if (!is_consistent(http_status_find(code)))
			CHECK_ROW(false, name);
	}
	return tap_done();
}
