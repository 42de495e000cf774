#include "oci/registry/upstream.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "oci/auth/auth.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/http/certs.h"
#include "oci/image/ref.h"
#include "oci/lists/mirror_conf.h"

#define PARALLEL    16
#define FIRST_DELAY 500 /* milliseconds */

/* Docker Hub's name in references is not the name of its host. */
static const char *real_host(const char *name)
{
	return strcmp(name, "docker.io") == 0 ? "registry-1.docker.io" : name;
}

static const char *scheme_of(const char *name, const struct mirror_conf_registry *line)
{
	size_t host = name[0] == '[' ? strcspn(name, "]") + 1 : strcspn(name, ":");

	if (line && line->scheme)
		return line->scheme;
	return origin_is_loopback(span_of(name, host)) ? "http" : "https";
}

/* The base of an endpoint from its URL. */
static char *base_of(const char *text, struct err *err)
{
	struct url u;
	struct span path;
	bool v2;

	if (url_parse(&u, span_str(text), err) < 0)
		return NULL;
	if (memchr(u.target.p, '?', u.target.n)) {
		err_set(err, ERR_USAGE, 0, "endpoint \"%s\" has a query", text);
		return NULL;
	}
	path = u.target;
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	v2 = span_ends(path, "/v2") || memmem(path.p, path.n, "/v2/", 4);
	cleanup_free char *origin = url_origin(&u);
	return xasprintf("%s%.*s%s/", origin, SPAN_ARG(path), v2 ? "" : "/v2");
}

/* The path in the URL of a mirror to which base_of() appended /v2: http://host/hub is asked at
 * /hub/v2/, and what is meant may be http://host/v2/hub. NULL for others. */
static char *assumed_of(const char *text, const struct endpoint *e)
{
	struct span path;
	struct err ignored;
	struct url u;

	if (*e->prefix || url_parse(&u, span_str(text), &ignored) < 0)
		return NULL;
	path = span_trim(u.target);
	while (span_ends(path, "/"))
		path.n--;
	return path.n && !span_ends(path, "/v2") ? xasprintf("%.*s", SPAN_ARG(path)) : NULL;
}

/* A name that only a line of a list says may lead into a private network, and not to this machine
 * or its link. */
static enum origin_zone zone_of_names(const struct upstream *up, struct span host)
{
	const struct mirror_conf *conf = up->registry->o.conf;

	if (origin_is_literal(host) || (conf && mirror_conf_registry(conf, up->name)))
		return ORIGIN_CONFIGURED;
	return ORIGIN_LISTED;
}

static int endpoint_init(struct endpoint *e, struct upstream *up, const char *url, bool mirror,
			 struct err *err)
{
	struct err why;
	struct url u;
	const char *v2;

	e->up = up;
	buf_init(&e->ca, 1 * MIB);
	e->base = base_of(url, &why);
	if (!e->base)
		return err_set(err, ERR_USAGE, 0, "registry %s: %s", up->name, why.msg);
	url_parse(&u, span_str(e->base), &why);
	e->origin = url_origin(&u);
	e->zone = origin_zone_of(u.host);
	e->zone_allowed = zone_of_names(up, u.host);
	v2 = strstr(e->base, "/v2/");
	e->ping = xstrndup(e->base, (size_t)(v2 - e->base) + 4);
	e->prefix = v2 + 4;
	e->shown = mirror ? xasprintf("%s at %.*s", up->name, SPAN_ARG(u.host)) : xstrdup(up->name);
	e->assumed = mirror ? assumed_of(url, e) : NULL;
	return 0;
}

static struct endpoint *add_endpoint(struct upstream *up)
{
	up->endpoints = xrealloc(up->endpoints, up->n + 1, sizeof(*up->endpoints));
	memset(&up->endpoints[up->n], 0, sizeof(*up->endpoints));
	return &up->endpoints[up->n++];
}

static int add_mirrors(struct upstream *up, const char *mirrors, struct err *err)
{
	struct span rest = span_str(mirrors), word;

	while (span_cut(&rest, ',', &word)) {
		cleanup_free char *url = NULL;

		word = span_trim(word);
		if (!word.n)
			continue;
		url = xstrndup(word.p, word.n);
		if (endpoint_init(add_endpoint(up), up, url, true, err) < 0)
			return -1;
	}
	return 0;
}

static int add_own(struct upstream *up, const struct mirror_conf_registry *line, struct err *err)
{
	cleanup_free char *url = NULL;

	if (line && line->endpoint)
		url = xstrdup(line->endpoint);
	else
		url = xasprintf("%s://%s", scheme_of(up->name, line), real_host(up->name));
	return endpoint_init(add_endpoint(up), up, url, false, err);
}

static int read_ca(struct endpoint *e, const struct registry_options *o, const char *name,
		   struct err *err)
{
	cleanup_by(buf_release) struct buf pem = BUF_INIT(1 * MIB);
	cleanup_free char *path = NULL;
	int got;

	if (name[0] != '/' && o->conf_dir)
		path = xasprintf("%s/%s", o->conf_dir, name);
	got = name[0] != '/' && o->read_beside ? o->read_beside(o->read_beside_arg, name, &pem, err)
					       : file_read(AT_FDCWD, path ? path : name, &pem, err);
	if (got < 0)
		return -1;
	if (certs_check_ca(name, buf_span(&pem), err) < 0)
		return -1;
	buf_add(&e->ca, pem.p, pem.n);
	buf_addc(&e->ca, '\n');
	return buf_failed(&e->ca)
		       ? err_set(err, ERR_USAGE, 0, "CA file \"%s\" is larger than 1 MiB", name)
		       : 0;
}

/* The name of a host's directory in certs.d: that of the endpoint, except for Docker Hub. */
static const char *certs_name(const struct endpoint *e)
{
	const char *host = strstr(e->origin, "://") + 3;

	return strcmp(host, real_host("docker.io")) == 0 ? "docker.io" : host;
}

/* Adds the CAs of the host's certs.d directory, and its client certificate where mirror.conf has
 * none. */
static int read_certs_d(struct endpoint *e, struct err *err)
{
	const struct registry_options *o = &e->up->registry->o;
	cleanup_by(certs_release) struct certs found = CERTS_INIT;

	if (!o->certs_roots || strncmp(e->origin, "https:", 6) != 0)
		return 0;
	if (certs_find(&found, o->certs_roots, certs_name(e), err) < 0)
		return -1;
	for (size_t i = 0; i < found.ca.n; i++)
		if (read_ca(e, o, found.ca.v[i], err) < 0)
			return -1;
	if (!e->cert) {
		e->cert = take(found.cert);
		e->key = take(found.key);
	}
	return 0;
}

static int read_certificates(struct endpoint *e, const struct mirror_conf_registry *line,
			     struct err *err)
{
	const struct registry_options *o = &e->up->registry->o;

	if (line && line->cert) {
		e->cert = xstrdup(line->cert);
		e->key = xstrdup(line->key ? line->key : line->cert);
	}
	if ((line && line->ca && read_ca(e, o, line->ca, err) < 0) || read_certs_d(e, err) < 0)
		return -1;
	/* SSL_CERT_FILE replaces the system's CAs, and a host's own CAs are added to them */
	if (e->ca.n && o->net.ca_file && read_ca(e, o, o->net.ca_file, err) < 0)
		return -1;
	e->tls = (struct http_tls){ .ca = buf_span(&e->ca),
				    .cert = e->cert,
				    .key = e->key,
				    .unverified = line && line->tls_verify == 0 &&
						  strncmp(e->origin, "https:", 6) == 0 };
	e->tls_cross_origin = (struct http_tls){ .ca = buf_span(&e->ca) };
	return 0;
}

static struct host *host_of(struct registry *r, const char *key, long parallel, long delay)
{
	struct host *h = table_get(&r->hosts, key);

	if (h)
		return h;
	h = xcalloc(1, sizeof(*h));
	h->key = xstrdup(key);
	throttle_init(&h->throttle, parallel, 0, delay);
	throttle_init(&h->token_server.throttle, parallel, 0, delay);
	table_put(&r->hosts, h->key, h);
	return h;
}

/* Throttles for redirect targets and cross-origin token servers. */
static void init_other_hosts(struct endpoint *e, long parallel, long delay)
{
	throttle_init(&e->storage, 0, 0, delay);
	throttle_init(&e->other_token_server.throttle, parallel, 0, delay);
}

static void limit_rates(struct host *h, const struct mirror_conf_registry *line)
{
	if (!line)
		return;
	bucket_limit(&h->throttle.requests, &line->rate);
	flow_limit(&h->bytes, &line->max_rate);
}

static int set_up_upstream(struct upstream *up, const struct mirror_conf_registry *line,
			   struct err *err)
{
	const struct registry_options *o = &up->registry->o;
	long parallel = line && line->parallel > 0 ? line->parallel : o->parallel;
	const struct unit_share none = { .amount = -1 };
	long delay = o->net.retry_ms > 0 ? o->net.retry_ms : FIRST_DELAY;

	parallel = parallel > 0 ? parallel : PARALLEL;
	if (line && line->mirror && add_mirrors(up, line->mirror, err) < 0)
		return -1;
	if (add_own(up, line, err) < 0)
		return -1;
	for (size_t i = 0; i < up->n; i++) {
		struct endpoint *e = &up->endpoints[i];

		e->host = host_of(up->registry, e->origin, parallel, delay);
		throttle_merge(&e->host->throttle, line ? line->parallel : 0,
			       line ? &line->min_remaining : &none);
		limit_rates(e->host, line);
		init_other_hosts(e, parallel, delay);
		if (read_certificates(e, line, err) < 0)
			return err_wrap(err, "registry %s", up->name);
	}
	return 0;
}

static struct upstream *new_upstream(struct registry *r, const char *name, struct err *err)
{
	struct upstream *up = xcalloc(1, sizeof(*up));
	const struct mirror_conf *conf = r->o.conf;

	up->registry = r;
	up->name = xstrdup(name);
	if (set_up_upstream(up, conf ? mirror_conf_registry(conf, name) : NULL, err) < 0) {
		upstream_free(up);
		return NULL;
	}
	return up;
}

void upstream_free(struct upstream *up)
{
	if (!up)
		return;
	for (size_t i = 0; i < up->n; i++) {
		struct endpoint *e = &up->endpoints[i];

		free(e->base);
		free(e->ping);
		free(e->origin);
		free(e->shown);
		free(e->assumed);
		free(e->cert);
		free(e->key);
		buf_release(&e->ca);
	}
	free(up->endpoints);
	free(up->name);
	free(up->key);
	free(up);
}

/* An upstream that cannot be set up: all its requests fail with why. */
static struct upstream *new_broken_upstream(struct registry *r, const char *name,
					    const struct err *why)
{
	struct upstream *up = xcalloc(1, sizeof(*up));
	struct endpoint *e = add_endpoint(up);

	up->registry = r;
	up->name = xstrdup(name);
	e->up = up;
	e->shown = xstrdup(name);
	buf_init(&e->ca, 0);
	e->host = host_of(r, name, 1, FIRST_DELAY); /* the key of an origin has a scheme */
	throttle_give_up(&e->host->throttle, why);
	return up;
}

static void add_upstream(struct registry *r, struct upstream *up)
{
	r->upstreams = xgrow(r->upstreams, r->n, &r->cap, sizeof(*r->upstreams));
	r->upstreams[r->n++] = up;
}

struct upstream *upstream_of(struct registry *r, const char *name)
{
	struct upstream *up = table_get(&r->by_name, name);
	struct err err;

	if (up)
		return up;
	up = new_upstream(r, name, &err);
	if (!up)
		up = new_broken_upstream(r, name, &err);
	add_upstream(r, up);
	table_put(&r->by_name, up->name, up);
	return up;
}

/* One for each zone of the registries that name the host: the zone limits which addresses are
 * allowed. */
static struct upstream *new_layer_upstream(const struct endpoint *from, const struct url *u,
					   char *key)
{
	struct registry *r = from->up->registry;
	struct upstream *up = xcalloc(1, sizeof(*up));
	struct endpoint *e = add_endpoint(up);
	long parallel = r->o.parallel > 0 ? r->o.parallel : PARALLEL;
	long delay = r->o.net.retry_ms > 0 ? r->o.net.retry_ms : FIRST_DELAY;

	up->registry = r;
	up->name = xstrndup(u->host.p, u->host.n);
	up->key = key;
	e->up = up;
	e->shown = xstrdup(up->name);
	e->origin = url_origin(u);
	e->zone = origin_zone_of(u->host);
	e->zone_allowed = from->zone;
	e->anonymous = true;
	buf_init(&e->ca, 0);
	e->host = host_of(r, up->key, parallel, delay);
	init_other_hosts(e, parallel, delay);
	add_upstream(r, up);
	table_put(&r->layer_hosts, up->key, up);
	return up;
}

struct upstream *upstream_of_layer(const struct endpoint *from, const char *url, struct err *err)
{
	struct registry *r = from->up->registry;
	cleanup_free char *origin = NULL, *key = NULL;
	struct upstream *up;
	struct url here, there;

	if (url_parse(&here, span_str(from->base), err) < 0 ||
	    url_parse(&there, span_str(url), err) < 0 ||
	    origin_may_follow(&here, from->zone, &there, err) < 0)
		return NULL;
	origin = url_origin(&there);
	key = xasprintf("%d %s", from->zone, origin);
	up = table_get(&r->layer_hosts, key);
	if (!up && r->layer_hosts.n >= LIMIT_LAYER_HOSTS) {
		err_set(err, ERR_INVALID, 0, "urls of layers name more than %d hosts",
			LIMIT_LAYER_HOSTS);
		return NULL;
	}
	return up ? up : new_layer_upstream(from, &there, take(key));
}

struct auth_repo *upstream_repo(const struct endpoint *e, const char *path, size_t name_length)
{
	cleanup_free char *name = NULL;

	if (!e->up->registry->auth || e->anonymous)
		return NULL;
	name = xasprintf("%s%.*s", e->prefix, (int)name_length, path);
	return auth_repo(e->up->registry->auth, e->origin, name);
}

/* The repository's name in a URL of the API: between /v2/ and the last two segments. */
static struct span repository_in(struct span target)
{
	struct span path = span_starts(target, "/v2/") ? span_of(target.p + 4, target.n - 4)
						       : span_of(target.p, 0);

	for (int segments = 0; segments < 2 && path.n; segments += path.p[path.n] == '/')
		path.n--;
	return path;
}

struct auth_repo *upstream_anonymous_repo(struct registry *r, const char *url)
{
	cleanup_free char *origin = NULL, *name = NULL;
	struct err ignored;
	struct url u;

	if (url_parse(&u, span_str(url), &ignored) < 0)
		return NULL;
	origin = url_origin(&u);
	name = xasprintf("%.*s", SPAN_ARG(repository_in(u.target)));
	return auth_repo(r->anonymous_auth, origin, name);
}

/* The most warnings of a run: registries write their texts. */
#define WARNINGS 100

void upstream_warn(struct registry *r, const char *who, const char *text)
{
	cleanup_free char *line = xasprintf("%s: %s", who, text);

	if (!r->o.warn || r->warned.n >= WARNINGS || table_get(&r->warned, line))
		return;
	r->o.warn(r->o.warn_arg, line);
	table_put(&r->warned, line, line);
	line = NULL; /* the table owns it now */
}

/* What is told of an endpoint; NULL: nothing. */
static char *pass_text(const struct endpoint *e, const struct err *why,
		       const struct upstream_failure *f)
{
	if (e->assumed && !e->delivered && !f->is_given_up)
		return xasprintf("%s; it was asked at %s%s/v2/, since its URL has no /v2: a "
				 "project of a registry is written mirror=%s/v2%s",
				 why->msg, e->origin, e->assumed, e->origin, e->assumed);
	if (why->kind == ERR_NOTFOUND && !f->is_page)
		return NULL;
	return xasprintf("%s; what this mirror does not give is asked of the next one, or of the "
			 "registry itself",
			 why->msg);
}

void upstream_pass(struct endpoint *e, const struct err *why, const struct upstream_failure *f)
{
	cleanup_free char *text = e->is_passed && !f->is_given_up ? NULL : pass_text(e, why, f);

	if (!text)
		return;
	e->is_passed = true;
	upstream_warn(e->up->registry, e->shown, text);
}

void upstream_warn_unverified(struct endpoint *e)
{
	if (!e->tls.unverified || e->told_unverified)
		return;
	e->told_unverified = true;
	upstream_warn(
		e->up->registry, e->shown,
		"tls-verify=no: its certificate is not checked, so anybody on the way can read "
		"the credentials sent to it and offer other images; ca= in mirror.conf trusts "
		"one certificate");
}
