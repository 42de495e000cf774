#include "oci/auth/authfile.h"

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/image/ref.h"

struct entry {
	char *key;              /* host or host/path, without a URL's parts */
	bool exact;             /* the file spells the key like this */
	struct credential cred; /* NONE: only a marker */
	const char *problem;    /* why it cannot be used, or NULL */
};

struct helper_name {
	char *key, *helper;
};

struct authfile {
	char *name;
	struct entry *entries;
	size_t nentries, capentries;
	struct helper_name *helpers;
	size_t nhelpers, caphelpers;
	char *store;
};

char *authfile_key(const char *text)
{
	struct span s = span_str(text), rest, host;
	cleanup_free char *lower = NULL;

	if (span_starts(s, "https://"))
		s = span_of(s.p + 8, s.n - 8);
	else if (span_starts(s, "http://"))
		s = span_of(s.p + 7, s.n - 7);
	while (span_ends(s, "/"))
		s.n--;
	if (span_ends(s, "/v1") || span_ends(s, "/v2"))
		s.n -= 3;
	rest = s;
	span_cut(&rest, '/', &host);
	rest = span_of(host.p + host.n, s.n - host.n);
	if (span_ends(host, ":443"))
		host.n -= 4;
	lower = xstrndup(host.p, host.n);
	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	return xasprintf("%s%.*s", ref_host_alias(lower), SPAN_ARG(rest));
}

/* The length of a secret without the line end that `echo` or an editor left behind it: no registry
 * gives out secrets that end so. */
static size_t secret_length(const char *secret)
{
	size_t n = strlen(secret);

	while (n && (secret[n - 1] == '\n' || secret[n - 1] == '\r'))
		n--;
	return n;
}

/* base64 of user:password; a password may hold ":", and some tools append NULs. */
static const char *read_auth(struct entry *e, const char *auth, const char *from)
{
	cleanup_by(credential_wipe_buf) struct buf pair = BUF_INIT(LIMIT_CREDS);
	char *colon;

	if (!buf_reserve(&pair, strlen(auth)) || !base64_decode(&pair, span_str(auth)))
		return "\"auth\" is not base64";
	while (pair.n && pair.p[pair.n - 1] == '\0')
		pair.n--;
	if (memchr(pair.p, '\0', pair.n))
		return "\"auth\" holds a NUL";
	colon = memchr(pair.p, ':', pair.n);
	if (!colon)
		return "\"auth\" is not user:password";
	*colon = '\0';
	colon[1 + secret_length(colon + 1)] = '\0';
	if (colon > pair.p || colon[1])
		credential_set(&e->cred, pair.p, colon + 1, from);
	return NULL;
}

static const char *text_or_null(const json_t *o, const char *key)
{
	const char *s = json_get_text(o, key);

	return s && *s ? s : NULL;
}

static void use_secret(struct credential *c, enum credential_kind kind, const char *secret,
		       const char *from)
{
	cleanup_free char *user = xstrdup(c->user ? c->user : "");
	char *bare = xstrndup(secret, secret_length(secret));

	credential_release(c);
	credential_set(c, user, bare, from);
	credential_wipe(bare);
	c->kind = kind;
}

static void set_password(struct credential *c, const char *user, const char *password,
			 const char *from)
{
	char *bare = xstrndup(password, secret_length(password));

	credential_set(c, user, bare, from);
	credential_wipe(bare);
}

/* Docker's AuthConfig. A token takes precedence over a password beside it. */
static const char *read_entry(struct entry *e, const json_t *o, const char *from)
{
	const char *auth = text_or_null(o, "auth"), *user = text_or_null(o, "username");
	const char *password = text_or_null(o, "password");
	const char *identity = text_or_null(o, "identitytoken");
	const char *bearer = text_or_null(o, "registrytoken");
	const char *problem = NULL;

	if (!json_is_object(o))
		return "is not an object";
	if (auth)
		problem = read_auth(e, auth, from);
	else if (user && password)
		set_password(&e->cred, user, password, from);
	if (problem)
		return problem;
	if (bearer && strspn(bearer, CREDENTIAL_TOKEN_CHARS) < secret_length(bearer))
		return "\"registrytoken\" cannot stand in a header";
	if (bearer)
		use_secret(&e->cred, CREDENTIAL_BEARER, bearer, from);
	else if (identity)
		use_secret(&e->cred, CREDENTIAL_IDENTITY, identity, from);
	return NULL;
}

static void add_entry(struct authfile *f, const char *key, const json_t *value)
{
	struct entry *e;

	f->entries = xgrow(f->entries, f->nentries, &f->capentries, sizeof(*f->entries));
	e = &f->entries[f->nentries++];
	*e = (struct entry){ .key = authfile_key(key) };
	e->exact = strcmp(e->key, key) == 0;
	e->problem = read_entry(e, value, f->name);
}

static void add_helper(struct authfile *f, const char *key, const char *helper)
{
	f->helpers = xgrow(f->helpers, f->nhelpers, &f->caphelpers, sizeof(*f->helpers));
	f->helpers[f->nhelpers++] =
		(struct helper_name){ .key = authfile_key(key), .helper = xstrdup(helper) };
}

/* jansson frees texts without wiping them, and any may be a secret. */
static void wipe_texts(json_t *value)
{
	const char *key;
	json_t *member;

	json_object_foreach(value, key, member) wipe_texts(member);
	if (json_is_string(value))
		explicit_bzero((char *)json_string_value(value), json_string_length(value));
}

static void collect_entries(struct authfile *f, json_t *auths)
{
	const char *key;
	json_t *value;

	json_object_foreach(auths, key, value) add_entry(f, key, value);
}

static void read_config(struct authfile *f, const json_t *root)
{
	json_t *helpers = json_object_get(root, "credHelpers");
	const char *key, *store = text_or_null(root, "credsStore");
	json_t *value;

	collect_entries(f, json_object_get(root, "auths"));
	json_object_foreach(helpers, key, value) if (json_string_length(value))
		add_helper(f, key, json_string_value(value));
	f->store = store ? xstrdup(store) : NULL;
}

struct authfile *authfile_parse(const char *name, enum authfile_form form, struct span json,
				struct err *err)
{
	cleanup_json json_t *root = json_read(json, err);
	struct authfile *f;

	if (!root) {
		/* behind the line and column, the message quotes the file */
		err->msg[strcspn(err->msg, ":")] = '\0';
		err_set(err, ERR_INVALID, 0, "credentials file \"%s\" does not parse (%s)", name,
			err->msg);
		return NULL;
	}
	if (!json_is_object(root)) {
		wipe_texts(root);
		err_set(err, ERR_INVALID, 0, "credentials file \"%s\" is not a JSON object", name);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->name = xstrdup(name);
	if (form == AUTHFILE_DOCKERCFG)
		collect_entries(f, root);
	else
		read_config(f, root);
	wipe_texts(root);
	return f;
}

void authfile_free(struct authfile *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->nentries; i++) {
		free(f->entries[i].key);
		credential_release(&f->entries[i].cred);
	}
	for (size_t i = 0; i < f->nhelpers; i++) {
		free(f->helpers[i].key);
		free(f->helpers[i].helper);
	}
	free(f->entries);
	free(f->helpers);
	free(f->store);
	free(f->name);
	free(f);
}

const char *authfile_helper(const struct authfile *f, const char *host)
{
	for (size_t i = 0; i < f->nhelpers; i++)
		if (strcmp(f->helpers[i].key, host) == 0)
			return f->helpers[i].helper;
	return NULL;
}

const char *authfile_store(const struct authfile *f)
{
	return f->store;
}

const char *authfile_name(const struct authfile *f)
{
	return f->name;
}

/* Whether key is the whole, or the part of it before one of its "/". */
static bool is_prefix_of(const char *key, const char *whole)
{
	size_t n = strlen(key);

	return strncmp(key, whole, n) == 0 && (whole[n] == '\0' || whole[n] == '/');
}

static bool is_better_match(const struct entry *e, const struct entry *than)
{
	size_t n = strlen(e->key), best;

	if (!than)
		return true;
	best = strlen(than->key);
	return n > best || (n == best && e->exact);
}

int authfile_find(const struct authfile *f, const char *host, const char *path,
		  const struct credential **found, struct err *err)
{
	cleanup_free char *whole = xasprintf("%s/%s", host, path);
	const struct entry *best = NULL;

	for (size_t i = 0; i < f->nentries; i++) {
		const struct entry *e = &f->entries[i];

		if ((e->cred.kind != CREDENTIAL_NONE || e->problem) &&
		    is_prefix_of(e->key, whole) && is_better_match(e, best))
			best = e;
	}
	if (best && best->problem)
		return err_set(err, ERR_AUTH, 0, "credentials file \"%s\": entry \"%s\": %s",
			       f->name, best->key, best->problem);
	*found = best ? &best->cred : NULL;
	return 0;
}
