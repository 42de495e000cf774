#include "oci/registry/error_response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/redact.h"
#include "oci/http/header.h"

/* How much of a body is quoted. */
#define QUOTED 200

static const struct {
	long status;
	const char *words;
} statuses[] = {
	{ 400, "bad request" },
	{ 401, "unauthorized" },
	{ 403, "forbidden" },
	{ 404, "not found" },
	{ 405, "method not allowed" },
	{ 407, "proxy authentication required" },
	{ 408, "request timeout" },
	{ 410, "gone" },
	{ 416, "range not satisfiable" },
	{ 429, "too many requests" },
	{ 451, "unavailable for legal reasons" },
	{ 500, "internal server error" },
	{ 501, "not implemented" },
	{ 502, "bad gateway" },
	{ 503, "service unavailable" },
	{ 504, "gateway timeout" },
};

static const char *words_of(long status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].words;
	return "unexpected status";
}

/* Appends text, redacted; what is not ASCII may move a cursor too. */
static void quote(struct buf *out, struct span text)
{
	char line[REDACT_MAX];

	redact(line, text, NULL);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c >= 0x7f)
			*c = '?';
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
	quote(out, span_str(message));
	return true;
}

/* Red Hat's and Harbor's way to say so: code UNKNOWN, "... not found". */
static bool is_missing(const char *code, struct span text)
{
	static const char words[] = "not found";
	size_t n = sizeof(words) - 1;

	if (strstr(code, "_UNKNOWN"))
		return true;
	return strcmp(code, "UNKNOWN") == 0 && text.n >= n &&
	       strncasecmp(text.p + text.n - n, words, n) == 0;
}

static enum err_kind kind_of(long status, const char *code, struct span text)
{
	if (is_missing(code, text))
		return ERR_NOTFOUND;
	switch (status) {
	case 404:
	case 410: return ERR_NOTFOUND;
	case 401:
	case 403:
	case 451: return ERR_AUTH;
	case 429: return ERR_LIMIT;
	default: return status >= 500 || status == 408 || status == 499 ? ERR_NET : ERR_INVALID;
	}
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

int error_response_read(long status, struct span body, struct span content_type, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(QUOTED);
	char code[48] = "";
	enum err_kind kind;

	if (is_page(content_type))
		buf_adds(&text, "a web page, not a registry's answer");
	else if (body.n && !quote_json(&text, body, code))
		quote(&text, body);
	kind = kind_of(status, code, buf_span(&text));
	return err_set(err, kind, (int)status, "%ld %s%s%s%s", status, words_of(status),
		       kind == ERR_AUTH && status != 451 ? ", missing or private" : "",
		       text.n ? ": " : "", text.p);
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
