#include "oci/auth/token.h"

#include <string.h>

#include "oci/auth/credential.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"
#include "oci/base/redact.h"

/* In seconds. Token specification: "If omitted, this defaults to 60 seconds". */
enum { SHORTEST = 60, LONGEST = 24 * 60 * 60 };

static void add_parameter(struct buf *out, char *separator, const char *name, struct span value)
{
	if (!value.n)
		return;
	if (*separator)
		buf_addc(out, *separator);
	buf_addf(out, "%s=", name);
	percent_encode(out, value, "");
	*separator = '&';
}

static int too_long(struct err *err)
{
	return err_set(err, ERR_LIMIT, 0, "the request for a token becomes too long");
}

/* Between the realm and the first parameter: '?', '&', or '\0' when the realm ends in either. */
static char separator_after(struct span realm)
{
	if (!memchr(realm.p, '?', realm.n))
		return '?';
	return span_ends(realm, "?") || span_ends(realm, "&") ? '\0' : '&';
}

bool token_scope_within(const char *wanted, const char *have)
{
	struct span rest = span_str(wanted), word;

	while (span_cut(&rest, ' ', &word)) {
		struct span all = span_str(have), one;
		bool found = false;

		while (!found && span_cut(&all, ' ', &one))
			found = one.n == word.n && memcmp(one.p, word.p, one.n) == 0;
		if (!found && word.n)
			return false;
	}
	return true;
}

int token_url(struct buf *out, const struct token_request *q, struct err *err)
{
	struct span realm = span_of(q->realm, strcspn(q->realm, "#"));
	struct span rest = span_str(q->scope), scope;
	char separator = separator_after(realm);

	buf_add(out, realm.p, realm.n);
	add_parameter(out, &separator, "service", span_str(q->service));
	while (span_cut(&rest, ' ', &scope))
		add_parameter(out, &separator, "scope", scope);
	if (q->cred && q->cred->kind == CREDENTIAL_BASIC)
		add_parameter(out, &separator, "account", span_str(q->cred->user));
	return buf_failed(out) ? too_long(err) : 0;
}

int token_form(struct buf *out, const struct token_request *q, struct err *err)
{
	char separator = '\0';

	/* all memory at once: a buffer that grows would leave copies of the secret behind */
	buf_reserve(out, LIMIT_TOKEN_REQUEST < out->max ? LIMIT_TOKEN_REQUEST : out->max);
	add_parameter(out, &separator, "grant_type", span_str("refresh_token"));
	add_parameter(out, &separator, "service", span_str(q->service));
	add_parameter(out, &separator, "client_id", span_str("mirror-sync"));
	add_parameter(out, &separator, "scope", span_str(q->scope));
	add_parameter(out, &separator, "refresh_token", span_str(q->cred->secret));
	return buf_failed(out) ? too_long(err) : 0;
}

/* Quotes the body without anything that could be the secret it answers, or the token itself. */
static void quote_body(char words[static REDACT_MAX], struct span body,
		       const struct credential *sent)
{
	redact(words, body, sent ? sent->secret : NULL);
}

static int fail_not_json(struct span body, const struct credential *sent, struct err *err)
{
	char words[REDACT_MAX];

	/* an object that breaks off may have a token in it */
	quote_body(words, memchr(body.p, '{', body.n) && *body.p != '<' ? span_of("", 0) : body,
		   sent);
	return err_set(err, ERR_INVALID, 0, "the token server's answer is not JSON%s%s%s",
		       *words ? ": \"" : "", words, *words ? "\"" : "");
}

static void wipe_text(const char *s)
{
	if (s)
		explicit_bzero((char *)s, strlen(s));
}

static const char *text_or_null(const json_t *root, const char *key)
{
	const char *s = json_get_text(root, key);

	return s && *s ? s : NULL;
}

static int64_t lifetime(const json_t *root)
{
	double seconds = json_number_value(json_object_get(root, "expires_in"));

	return seconds < SHORTEST ? SHORTEST : seconds > LONGEST ? LONGEST : (int64_t)seconds;
}

static int take_token(struct token *t, const json_t *root, int64_t now, struct err *err)
{
	const char *access = text_or_null(root, "access_token"),
		   *token = text_or_null(root, "token");
	const char *text = access ? access : token, *refresh = text_or_null(root, "refresh_token");

	if (!text)
		return err_set(err, ERR_INVALID, 0, "the token server's answer has no token in it");
	if (strspn(text, CREDENTIAL_TOKEN_CHARS) != strlen(text))
		return err_set(err, ERR_INVALID, 0,
			       "the token server's token cannot stand in a header");
	*t = (struct token){
		.text = xstrdup(text),
		.refresh = refresh ? xstrdup(refresh) : NULL,
		.asked = now,
		.expires = now + lifetime(root) * CLOCK_SEC,
	};
	return 0;
}

int token_parse(struct token *t, struct span body, const struct credential *sent, int64_t now,
		struct err *err)
{
	cleanup_json json_t *root = NULL;
	int result;

	if (body.n > LIMIT_TOKEN)
		return err_set(err, ERR_LIMIT, 0, "the token server's answer is too long");
	root = json_read(body, err);
	if (!json_is_object(root))
		return fail_not_json(body, sent, err);
	result = take_token(t, root, now, err);
	wipe_text(text_or_null(root, "access_token"));
	wipe_text(text_or_null(root, "token"));
	wipe_text(text_or_null(root, "refresh_token"));
	return result;
}

void token_release(struct token *t)
{
	credential_wipe(t->text);
	credential_wipe(t->refresh);
	*t = (struct token)TOKEN_INIT;
}

bool token_fresh(const struct token *t, int64_t now)
{
	int64_t ahead = (t->expires - t->asked) / 6;

	/* ten seconds of one minute, half a minute of what lives long */
	if (ahead > 30 * CLOCK_SEC)
		ahead = 30 * CLOCK_SEC;
	return t->text && now < t->expires - ahead;
}

/* The words in an error's body: {"errors":[{"message":...}]} (distribution), {"details":...}
 * (Docker Hub), {"error":..., "error_description":...} (RFC 6749, 5.2), {"message":...}. */
static const char *error_text(const json_t *root)
{
	static const char *const keys[] = { "details", "error_description", "message", "error" };
	const json_t *first = json_array_get(json_get_array(root, "errors"), 0);
	const char *text = text_or_null(first, "message");

	for (size_t i = 0; !text && i < sizeof(keys) / sizeof(keys[0]); i++)
		text = text_or_null(root, keys[i]);
	return text ? text : text_or_null(first, "code");
}

static enum err_kind kind_of(long status)
{
	switch (status) {
	case 400:
	case 401:
	case 403:
	case 404: return ERR_AUTH;
	case 429: return ERR_LIMIT;
	default: return ERR_NET;
	}
}

int token_refused(long status, struct span body, const struct credential *sent, struct err *err)
{
	struct err ignored;
	cleanup_json json_t *root = body.n > LIMIT_TOKEN ? NULL : json_read(body, &ignored);
	const char *text = error_text(root);
	char words[REDACT_MAX] = "";

	if (text)
		quote_body(words, span_str(text), sent);
	else if (!root && !memchr(body.p, '{', body.n))
		quote_body(words, body, sent);
	return err_set(err, kind_of(status), (int)status,
		       "the token server answered with status %ld%s%s", status, *words ? ": " : "",
		       words);
}
