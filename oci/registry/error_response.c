#include "oci/registry/error_response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "oci/base/buf.h"
#include "oci/base/json.h"
#include "oci/base/redact.h"
#include "oci/http/header.h"
#include "oci/http/http.h"
#include "oci/registry/http_status.h"
#include "oci/registry/response.h"

/* The most bytes of a body that are quoted. */
#define QUOTED 200

static void add_quote(struct buf *out, struct span text)
{
	char line[REDACT_MAX];

	redact(line, text, NULL);
	buf_adds(out, line);
}

/* The first of errors[] as "message" and its code, or false. */
static bool quote_json(struct buf *out, struct span body, char code[static 48])
{
	struct err ignored;
	cleanup_json json_t *doc = json_read(body, &ignored);
	const json_t *first = json_array_get(json_get_array(doc, "errors"), 0);
	const char *name = json_get_text(first, "code"), *message = json_get_text(first, "message");

	snprintf(code, 48, "%s", name ? name : "");
	if (!message || !*message)
		message = code;
	if (!*message)
		return false;
	add_quote(out, span_str(message));
	return true;
}

/* Red Hat and Harbor say that something is missing with the code UNKNOWN and "... not found". */
static bool is_missing(const char *code, struct span text)
{
	static const char words[] = "not found";
	size_t n = sizeof(words) - 1;

	if (strstr(code, "_UNKNOWN"))
		return true;
	return strcmp(code, "UNKNOWN") == 0 && text.n >= n &&
	       strncasecmp(text.p + text.n - n, words, n) == 0;
}

static bool is_page(struct span content_type)
{
	struct span type = header_media_type(content_type);

	return span_eq_nocase(type, "text/html") || span_eq_nocase(type, "application/xhtml+xml");
}

int error_response_check_page(struct span content_type, struct err *err)
{
	if (!is_page(content_type))
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "answered with a web page: is a login page or a proxy in the way?");
}

/* How servers say on a TLS port that they were asked without TLS: Go, and nginx. */
static bool is_tls_port(long status, struct span body)
{
	static const char *const phrases[] = { "HTTP request to an HTTPS server",
					       "HTTP request was sent to HTTPS port" };

	for (size_t i = 0; status == 400 && i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (memmem(body.p, body.n, phrases[i], strlen(phrases[i])))
			return true;
	return false;
}

int error_response_read(long status, struct span body, struct span content_type, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(QUOTED);
	const struct http_status *row = http_status_find(status);
	char code[48] = "";
	bool missing;

	if (is_tls_port(status, body))
		buf_adds(&text, "it speaks TLS on that port: in mirror.conf, write https:// in its "
				"endpoint=, or take scheme=http out");
	else if (is_page(content_type))
		buf_adds(&text, "a web page, not a registry's answer");
	else if (body.n && !quote_json(&text, body, code))
		add_quote(&text, body);
	missing = is_missing(code, buf_span(&text));
	return err_set(err, missing ? ERR_NOTFOUND : row->kind, (int)status, "%ld %s%s%s%s", status,
		       row->words, row->remark && !missing ? row->remark : "", text.n ? ": " : "",
		       text.p);
}

bool error_response_is_quota(struct span body)
{
	static const char *const phrases[] = { "pull rate limit", "pull limit", "quota" };

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		for (size_t at = 0; at + strlen(phrases[i]) <= body.n; at++)
			if (strncasecmp(body.p + at, phrases[i], strlen(phrases[i])) == 0)
				return true;
	return false;
}

static enum error_response_remedy remedy_of(const struct error_response *e,
					    const struct http_call *c, struct span body)
{
	bool too_long = e->after > THROTTLE_PATIENCE;

	if (e->status->fault == THROTTLE_BUSY)
		return too_long || response_has_no_pulls_left(c) || error_response_is_quota(body)
			       ? ERROR_RESPONSE_AWAIT_QUOTA
			       : ERROR_RESPONSE_RETRY;
	if (e->status->class != HTTP_STATUS_TRANSIENT || e->err.kind == ERR_NOTFOUND)
		return ERROR_RESPONSE_FINAL;
	return too_long ? ERROR_RESPONSE_LEAVE_HOST : ERROR_RESPONSE_RETRY;
}

void error_response_judge(struct error_response *e, const struct http_call *c, struct span body)
{
	struct span content_type = http_header(c, "Content-Type", 0);

	error_response_read(c->status, body, content_type, &e->err);
	e->is_page = is_page(content_type);
	e->status = http_status_find(c->status);
	e->after = response_retry_after(c);
	e->remedy = remedy_of(e, c, body);
}
