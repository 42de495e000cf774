#include "serve/listing.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"
#include "oci/image/media_type.h"
#include "serve/http_request.h"
#include "serve/out.h"
#include "serve/page_cache.h"
#include "serve/reply.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/visible.h"

/* What an index of referrers begins with. */
#define INDEX_HEAD "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["

/* The target of a request, a host and a view; a link has the target, percent-encoded, and one more
 * entry. */
#define KEY_MAX  (2 * LIMIT_REQUEST_LINE + 1024)
#define LINK_MAX (8 * LIMIT_REQUEST_LINE)

/* A page being written into x->out->text; for HEAD it is only measured. */
struct draft {
	struct buf *text;
	bool bare;        /* nothing is written */
	size_t length;    /* of what is, or would be written */
	long long limit;  /* how many entries it may have */
	long long n;      /* how many it has */
	const char *last; /* the last of them */
	bool more;        /* entries are left for a next page */
};

/* The n parameter: LLONG_MAX without one; -1 when it is no number. A number too large for the type
 * counts as LLONG_MAX. */
static long long page_size(struct span n)
{
	long long value;

	if (!n.p)
		return LLONG_MAX;
	for (size_t i = 0; i < n.n; i++)
		if (n.p[i] < '0' || n.p[i] > '9')
			return -1;
	value = span_number(n, LLONG_MAX);
	return n.n && value < 0 ? LLONG_MAX : value;
}

/* All that a page depends on, beside the state: the request's target and the namespace that was
 * found; nothing is kept where it depends on the asker, too. Snapshots are listed or not for the
 * life of the server. False: the page is not kept. */
static bool page_key(const struct exchange *x, struct buf *key)
{
	buf_addf(key, "%.*s?%.*s\n%.*s\n%s", SPAN_ARG(x->request->path),
		 SPAN_ARG(x->request->query), SPAN_ARG(x->ns), x->ns.n ? x->host : "");
	return visible_to_all(x) && !buf_failed(key);
}

static void send_page(struct exchange *x, struct page *p)
{
	struct out *o = x->out;

	reply_start(x, 200, (int64_t)p->length);
	reply_field(x, "Content-Type",
		    x->route.kind == ROUTE_REFERRERS ? MEDIA_OCI_INDEX : "application/json");
	out_put(o, REPLY_LINE("Cache-Control: no-cache"));
	if (x->ns.n && x->repository)
		reply_field(x, "OCI-Namespace", x->host);
	if (x->route.ntypes)
		out_put(o, REPLY_LINE("OCI-Filters-Applied: artifactType"));
	out_cut(o);
	out_lend(o, p->link.p, p->link.n);
	reply_end(x);
	if (!reply_is_bare(x))
		out_lend(o, p->body, p->length);
	o->page = p;
	o->has_text = true;
}

/* Answers with a page that is kept; false when it has to be made. */
static bool reply_kept(struct exchange *x, const struct draft *p)
{
	cleanup_by(buf_release) struct buf key = BUF_INIT(KEY_MAX);
	struct page *page;

	page_key(x, &key);
	page = buf_failed(&key) ? NULL : page_cache_get(&x->state->pages, buf_span(&key), !p->bare);
	if (page)
		send_page(x, page);
	return page != NULL;
}

static bool page_start(struct exchange *x, struct draft *p)
{
	*p = (struct draft){ .text = &x->out->text,
			     .limit = page_size(x->route.n),
			     .bare = x->request->method == METHOD_HEAD };
	buf_clear(p->text);
	if (p->limit < 0) {
		reply_error(x, 400, "PAGINATION_NUMBER_INVALID", "n=%.*s is not a number",
			    SPAN_ARG(x->route.n));
		return false;
	}
	return !reply_kept(x, p);
}

static void page_text(struct draft *p, const char *text)
{
	p->length += strlen(text);
	if (!p->bare)
		buf_adds(p->text, text);
}

/* Whether an entry of that many bytes still goes on the page; when not, the page is complete. */
static bool page_room(struct draft *p, size_t bytes)
{
	p->more = p->n >= p->limit || (p->n && p->length + bytes > LIMIT_SERVE_PAGE);
	return !p->more;
}

/* Names of repositories and tags have no character that JSON would escape. */
static void page_add(struct draft *p, const char *entry, bool quoted)
{
	if (p->n++)
		page_text(p, ",");
	if (quoted)
		page_text(p, "\"");
	page_text(p, entry);
	if (quoted)
		page_text(p, "\"");
}

/* Whether an entry comes after `last`, where the client says the previous page ended. */
static bool is_behind(const char *entry, struct span last)
{
	int order;

	if (!last.p)
		return true;
	order = strncmp(entry, last.p, last.n);
	return order ? order > 0 : entry[last.n] != '\0';
}

static void add_parameter(struct buf *b, const char *name, struct span value)
{
	if (!value.p)
		return;
	buf_addf(b, "%s=", name);
	percent_encode(b, value, "/:");
	buf_addc(b, '&');
}

/* The address of the next page, relative to this host, with all parameters of the request. Clients
 * read up to the first ";" and take the text between "<" and ">". */
static void add_link(struct exchange *x, const struct draft *p, struct buf *b)
{
	buf_adds(b, "Link: <");
	percent_encode(b, x->request->path, "/:%");
	buf_addc(b, '?');
	add_parameter(b, "n", x->route.n);
	add_parameter(b, "ns", x->route.ns);
	for (size_t i = 0; i < x->route.ntypes; i++)
		add_parameter(b, "artifactType", x->route.types[i]);
	buf_adds(b, "last=");
	percent_encode(b, span_str(p->last), "/:");
	buf_adds(b, ">; rel=\"next\"\r\n");
}

/* The reply with the page that was made, which is kept for the next who ask. */
static void page_reply(struct exchange *x, struct draft *p)
{
	cleanup_by(buf_release) struct buf key = BUF_INIT(KEY_MAX), link = BUF_INIT(LINK_MAX);
	struct page *page;
	bool keep;

	if (p->more && p->n)
		add_link(x, p, &link);
	keep = page_key(x, &key);
	page = page_new(buf_span(&key), span_of(p->bare ? NULL : p->text->p, p->length),
			buf_span(&link));
	buf_release(p->text); /* not held while the page is sent */
	if (!page) {
		reply_busy(x);
		return;
	}
	if (keep)
		page_cache_put(&x->state->pages, page);
	send_page(x, page);
}

void listing_tags(struct exchange *x)
{
	const struct repository *r = x->repository;
	char front[LIMIT_NAME + 64];
	struct draft p;

	if (!page_start(x, &p))
		return;
	/* the name was found, so it has no character that JSON would mind */
	snprintf(front, sizeof(front), "{\"name\":\"%.*s\",\"tags\":[", SPAN_ARG(x->route.name));
	page_text(&p, front);
	for (size_t i = 0; i < r->ntags; i++) {
		const struct served_tag *t = &r->tags[i];
		const char *name = state_tag_name(x->state, t);

		if (!name[0] || ((t->flags & SERVED_SNAPSHOT) && !x->server->list_snapshots) ||
		    !is_behind(name, x->route.last))
			continue;
		if (!page_room(&p, strlen(name) + 3))
			break;
		page_add(&p, name, true);
		p.last = name;
	}
	page_text(&p, "]}\n");
	page_reply(x, &p);
}

static bool is_of_host(const struct repository *r, const char *host)
{
	return r->host && span_eq(span_of(r->name, r->host), host);
}

/* The host whose repositories a client with a namespace is told of: with its port if there are any
 * that the asker may see, else without a port that its scheme implies. */
static void listed_host(const struct exchange *x, char host[static LIMIT_NAME + 1])
{
	for (size_t i = 0; i < x->state->n; i++) {
		const struct repository *r = &x->state->v[i];

		if (is_of_host(r, x->host) && visible_repository(x, r)) {
			repository_names_host(span_str(x->host), host);
			return;
		}
	}
	repository_names_host(repository_names_bare_host(span_str(x->host)), host);
}

void listing_catalog(struct exchange *x)
{
	char host[LIMIT_NAME + 1];
	struct draft p;

	if (!page_start(x, &p))
		return;
	if (x->ns.n)
		listed_host(x, host);
	page_text(&p, "{\"repositories\":[");
	for (size_t i = 0; i < x->state->n; i++) {
		const struct repository *r = &x->state->v[i];
		const char *name = r->written;

		if (!visible_repository(x, r))
			continue;
		if (x->ns.n) {
			if (!is_of_host(r, host))
				continue;
			name += r->host + 1;
		}
		if (!is_behind(name, x->route.last))
			continue;
		if (!page_room(&p, strlen(name) + 3))
			break;
		page_add(&p, name, true);
		p.last = name;
	}
	page_text(&p, "]}\n");
	page_reply(x, &p);
}

static bool is_wanted(const struct exchange *x, const struct referrer *r)
{
	for (size_t i = 0; i < x->route.ntypes; i++)
		if (span_eq(x->route.types[i], r->type))
			return true;
	return x->route.ntypes == 0;
}

/* A digest of an algorithm that this suite does not know is valid all the same: it has no referrers
 * here. digest = algorithm ":" encoded (image-spec, descriptor.md, "Digests"). */
static bool is_unknown_algorithm(struct span text)
{
	struct span algorithm;

	span_cut(&text, ':', &algorithm);
	if (!text.p || !text.n || !algorithm.n || span_eq(algorithm, "sha256") ||
	    span_eq(algorithm, "sha512"))
		return false;
	for (size_t i = 0; i < algorithm.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789+._-", algorithm.p[i]))
			return false;
	for (size_t i = 0; i < text.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-",
			    text.p[i]))
			return false;
	return true;
}

static void add_referrers(struct exchange *x, struct draft *p, const struct digest *subject)
{
	size_t n, at = state_referrers(x->state, x->repository, subject, &n);

	for (; n; n--, at++) {
		struct referrer r = state_referrer(x->state, x->repository, at);

		if (!referrer_of(&r, subject) || !is_wanted(x, &r) ||
		    !is_behind(r.digest, x->route.last))
			continue;
		if (!page_room(p, strlen(r.json) + 1))
			break;
		page_add(p, r.json, false);
		p->last = r.digest;
	}
}

void listing_referrers(struct exchange *x)
{
	struct digest subject = { "" };
	struct span text = x->route.reference;
	struct err bad;
	struct draft p;

	if (!is_unknown_algorithm(text) && digest_parse(&subject, text, &bad) < 0) {
		reply_error(x, 400, "DIGEST_INVALID", "%s", bad.msg);
		return;
	}
	if (!page_start(x, &p))
		return;
	page_text(&p, INDEX_HEAD);
	if (subject.str[0])
		add_referrers(x, &p, &subject);
	page_text(&p, "]}\n");
	page_reply(x, &p);
}

/* The subject of a fallback tag: of a sha512 digest, the part that the tag has. */
static bool read_fallback_tag(struct span tag, struct digest *subject)
{
	const size_t front = sizeof("sha256-") - 1;

	if (tag.n != front + 64 || !(span_starts(tag, "sha256-") || span_starts(tag, "sha512-")))
		return false;
	for (size_t i = front; i < tag.n; i++)
		if (!strchr("0123456789abcdef", tag.p[i]))
			return false;
	memcpy(subject->str, tag.p, tag.n);
	subject->str[tag.n] = '\0';
	subject->str[front - 1] = ':';
	return true;
}

/* The index is made anew for each request, so its digest names nothing that could be asked for. */
static void reply_fallback(struct exchange *x)
{
	struct buf *text = &x->out->text;
	bool same;

	digest_of(NULL, text->p, text->n, &x->made);
	same = x->request->if_none_match.p &&
	       http_request_has_tag(x->request->if_none_match, span_str(x->made.str), false);
	reply_start(x, same ? 304 : 200, same ? -1 : (int64_t)text->n);
	reply_field(x, "Content-Type", MEDIA_OCI_INDEX);
	reply_digest(x, x->made.str);
	out_put(x->out, REPLY_LINE("Cache-Control: no-cache"));
	if (x->ns.n)
		reply_field(x, "OCI-Namespace", x->host);
	reply_end(x);
	if (!same && !reply_is_bare(x)) {
		out_lend(x->out, text->p, text->n);
		x->out->has_text = true;
	}
}

bool listing_fallback(struct exchange *x)
{
	struct draft p = { .text = &x->out->text, .limit = LLONG_MAX };
	struct digest subject;
	const char *json;
	size_t n, at;

	if (!read_fallback_tag(x->route.reference, &subject))
		return false;
	at = state_referrers(x->state, x->repository, &subject, &n);
	if (!n)
		return false;
	buf_clear(p.text);
	page_text(&p, INDEX_HEAD);
	for (; n; n--, at++) {
		json = state_referrer(x->state, x->repository, at).json;
		if (!page_room(&p, strlen(json) + 1))
			break;
		page_add(&p, json, false);
	}
	page_text(&p, "]}\n");
	reply_fallback(x);
	return true;
}
