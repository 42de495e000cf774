#include "oci/http/http.h"

#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/redact.h"
#include "oci/base/url.h"
#include "oci/http/answer_head.h"
#include "oci/http/pace.h"
#include "oci/http/time_budget.h"
#include "oci/http/time_limit.h"
#include "oci/http/trace.h"

/* A handle of libcurl with what it needs during a request; kept for the next request. */
struct http_transfer {
	CURL *easy;
	struct http *http;
	struct http_call *call;    /* NULL: free */
	struct curl_slist *fields; /* request headers */
	struct answer_head head;
	bool answered; /* head() has been called */
	bool held;
	bool https, proxied;
	char host[256]; /* of the URL; cut to fit: longer ones are no address */
	bool ended;     /* a callback gave -1, and err says why */
	bool kept_away; /* from an address: err says from which */
	/* by http.waited: when it began, when something came last, until when its pace was told,
	 * when the caller was asked whether the body is enough */
	int64_t started, heard, told, asked;
	struct err err;
	char text[CURL_ERROR_SIZE];
	struct trace_exchange seen; /* for net_options.trace: when it was sent, and how much came */
	struct http_transfer *prev, *next; /* among those under way; `next`: among the free */
};

struct http {
	CURLM *multi;
	struct net_options o;
	struct http_transfer *free, *under_way;
	unsigned held; /* transfers */
	/* Nanoseconds that the loop has waited for the network: the clock of all limits of time. It
	 * stands while the program does other work (hashes, writes to a slow disk), since what has
	 * come meanwhile has not been read; and while a transfer is held, since that may hold up
	 * others on its connection. */
	int64_t waited;
	int64_t checked; /* by that clock, when the limits were looked at last */
};

/* Read at once from a socket: fewer, larger pieces to hash and write. */
#define CHUNK (128L * 1024)
/* Connections kept: for parallel requests to many hosts and their storage. */
#define CONNECTIONS 256L

static size_t on_curl_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct http_call *c = t->call;
	int whole;

	n *= size;
	t->heard = t->http->waited;
	whole = t->answered ? answer_head_add_trailer(&t->head, n, &t->err)
			    : answer_head_add(&t->head, span_of(p, n), &t->err);
	t->ended = whole < 0;
	if (whole <= 0)
		return t->ended ? 0 : n;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &c->status);
	if (c->status < 200)
		return n;
	t->answered = true;
	t->asked = t->heard;
	c->headers = buf_span(&t->head.lines);
	t->ended = c->head && c->head(c, &t->err) < 0;
	return t->ended ? 0 : n;
}

static size_t on_curl_data(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct http_call *c = t->call;

	n *= size;
	t->heard = t->http->waited;
	t->seen.bytes += n;
	if (t->ended) /* while it was held */
		return 0;
	if (c->pace)
		pace_add(c->pace, n);
	if (c->budget)
		time_budget_earn(c->budget, n);
	t->ended = c->data && c->data(c, p, n, &t->err) < 0;
	return t->ended ? 0 : n;
}

/* Before a connection is made. When none can be made to any address of the name, the request
 * ends. */
static curl_socket_t on_curl_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_transfer *t = arg;
	char address[NI_MAXHOST];

	(void)purpose;
	if (!t->proxied && getnameinfo(&to->addr, to->addrlen, address, sizeof(address), NULL, 0,
				       NI_NUMERICHOST) != 0)
		return CURL_SOCKET_BAD;
	if (origin_check_connect(t->call->zone, t->proxied ? t->host : address, &t->err) < 0) {
		t->kept_away = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype, to->protocol);
}

/* The connection is made, perhaps long ago and for another registry; nothing of this request has
 * been sent. */
static int on_curl_connected(void *arg, char *address, char *local, int port, int local_port)
{
	struct http_transfer *t = arg;

	(void)local, (void)port, (void)local_port;
	t->call->connected = true;
	t->heard = t->http->waited;
	if (t->proxied)
		address = t->host;
	t->call->zone_reached = origin_zone_of(span_str(address));
	if (origin_check_connect(t->call->zone, address, &t->err) == 0)
		return CURL_PREREQFUNC_OK;
	t->ended = true;
	return CURL_PREREQFUNC_ABORT;
}

static void set_fixed_options(struct http_transfer *t)
{
	const struct net_options *o = &t->http->o;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->text);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_USERAGENT, o->user_agent);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, o->read_size > 0 ? o->read_size : CHUNK);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, o->connect_seconds);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_curl_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_curl_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_curl_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_curl_connected);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_NOPROXY, ""); /* decided here, see oci/http/proxy.h */
	if (o->ca_file)
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, o->ca_file);
	if (o->ca_dir)
		curl_easy_setopt(e, CURLOPT_PROXY_CAPATH, o->ca_dir);
}

static struct http_transfer *transfer_new(struct http *h)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));

	t->http = h;
	t->easy = curl_easy_init();
	if (!t->easy)
		abort();
	answer_head_init(&t->head);
	set_fixed_options(t);
	return t;
}

static void transfer_free(struct http_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->fields);
	answer_head_release(&t->head);
	free(t);
}

static void link_transfer(struct http_transfer *t)
{
	t->prev = NULL;
	t->next = t->http->under_way;
	if (t->next)
		t->next->prev = t;
	t->http->under_way = t;
}

static void unlink_transfer(struct http_transfer *t)
{
	*(t->prev ? &t->prev->next : &t->http->under_way) = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

static void recycle_transfer(struct http_transfer *t)
{
	unlink_transfer(t);
	t->http->held -= t->held;
	t->held = false;
	curl_slist_free_all(t->fields);
	t->fields = NULL;
	t->call = NULL;
	t->next = t->http->free;
	t->http->free = t;
}

struct http *http_new(const struct net_options *o, struct err *err)
{
	struct http *h = proxy_check(&o->proxy, err) < 0 ? NULL : xcalloc(1, sizeof(*h));

	if (!h)
		return NULL;
	*h = (struct http){ .o = *o };
	h->o.connect_seconds = o->connect_seconds ? o->connect_seconds : 10;
	h->o.stall_seconds = o->stall_seconds ? o->stall_seconds : 60;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		h->multi = curl_multi_init();
	if (!h->multi) {
		free(h);
		err_set(err, ERR_IO, 0, "libcurl does not start");
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->free) {
		struct http_transfer *t = h->free;

		h->free = t->next;
		transfer_free(t);
	}
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

static void add_field(struct http_transfer *t, const char *name, const char *value)
{
	cleanup_free char *line = xasprintf("%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(t->fields, line);

	if (!more)
		abort();
	t->fields = more;
}

static void set_fields(struct http_transfer *t, const struct http_call *c)
{
	char range[32] = "";

	/* a blob's digest is of the bytes as they are: they must not be compressed on the way */
	add_field(t, "Accept-Encoding", "identity");
	if (c->accept)
		add_field(t, "Accept", c->accept);
	if (c->authorization)
		add_field(t, "Authorization", c->authorization);
	if (c->method == HTTP_POST && c->body_type)
		add_field(t, "Content-Type", c->body_type);
	if (c->from > 0)
		snprintf(range, sizeof(range), "%lld-", (long long)c->from);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->fields);
	curl_easy_setopt(t->easy, CURLOPT_RANGE, range[0] ? range : NULL);
}

static void set_method(CURL *e, const struct http_call *c)
{
	if (c->method == HTTP_HEAD)
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L); /* NOBODY goes off with it */
	if (c->method != HTTP_POST)
		return;
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->body.n ? c->body.p : "");
}

/* libcurl keeps the parsed CAs of the system between connections only when no directory is set
 * beside the file, so the directory is set only where it is needed: with a host's own CAs. */
static void set_tls(struct http_transfer *t, const struct http_tls *tls)
{
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
	const struct net_options *o = &t->http->o;
	struct curl_blob ca = { .flags = CURL_BLOB_NOCOPY };
	bool own = tls && tls->ca.n;

	if (own) {
		ca.data = (void *)(uintptr_t)tls->ca.p;
		ca.len = tls->ca.n;
	}
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, tls && tls->unverified ? 0L : 1L);
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, tls && tls->unverified ? 0L : 2L);
	curl_easy_setopt(t->easy, CURLOPT_CAINFO_BLOB, own ? &ca : NULL);
	curl_easy_setopt(t->easy, CURLOPT_CAINFO, o->ca_file ? o->ca_file : built->cainfo);
	curl_easy_setopt(t->easy, CURLOPT_CAPATH,
			 o->ca_dir ? o->ca_dir
			 : own     ? built->capath
				   : NULL);
	curl_easy_setopt(t->easy, CURLOPT_SSLCERT, tls ? tls->cert : NULL);
	curl_easy_setopt(t->easy, CURLOPT_SSLKEY, tls ? tls->key : NULL);
}

static void set_url(struct http_transfer *t, struct http_call *c)
{
	const char *proxy = NULL;
	struct err ignored;
	struct url u;

	if (url_parse(&u, span_str(c->url), &ignored) == 0) {
		proxy = proxy_for(&t->http->o.proxy, &u);
		c->zone_reached = origin_zone_of(u.host);
		snprintf(t->host, sizeof(t->host), "%.*s", SPAN_ARG(u.host));
		t->https = u.https;
		if (u.https)
			set_tls(t, c->tls);
		/* with TLS, wait whether HTTP/2 lets one connection carry all requests */
		curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, u.https ? 1L : 0L);
	}
	t->proxied = proxy != NULL;
	t->seen.proxy = proxy;
	curl_easy_setopt(t->easy, CURLOPT_URL, c->url);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy ? proxy : "");
}

static const char *const method_names[] = {
	[HTTP_HEAD] = "HEAD", [HTTP_GET] = "GET", [HTTP_POST] = "POST"
};

void http_send(struct http *h, struct http_call *c)
{
	struct http_transfer *t = h->free;

	if (t)
		h->free = t->next;
	else
		t = transfer_new(h);
	t->call = c;
	t->answered = t->ended = t->kept_away = c->connected = false;
	answer_head_clear(&t->head);
	t->started = t->heard = t->told = h->waited;
	t->seen = (struct trace_exchange){ .method = method_names[c->method],
					   .url = c->url,
					   .authorization = c->authorization,
					   .form = c->body,
					   .attempt = c->attempt ? c->attempt : 1,
					   .began = clock_now() };
	link_transfer(t);
	t->text[0] = '\0';
	c->transfer = t;
	c->status = 0;
	c->trouble = TROUBLE_OTHER;
	c->headers = span_of(NULL, 0);
	set_url(t, c);
	set_method(t->easy, c);
	set_fields(t, c);
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		abort(); /* only without memory */
}

static void trace_transfer(struct http_transfer *t, const char *error)
{
	t->seen.ended = clock_now();
	t->seen.status = t->call->status;
	t->seen.headers = t->call->headers;
	t->seen.error = error;
	if (t->http->o.trace)
		trace_write(t->http->o.trace, &t->seen);
}

void http_cancel(struct http *h, struct http_call *c)
{
	struct http_transfer *t = c->transfer;

	if (!t)
		return;
	trace_transfer(t, "cancelled: the run ends");
	curl_multi_remove_handle(h->multi, t->easy);
	c->transfer = NULL;
	recycle_transfer(t);
}

void http_hold(struct http_call *c, bool hold)
{
	struct http_transfer *t = c->transfer;

	if (!t || t->held == hold)
		return;
	t->held = hold;
	t->http->held += hold ? 1 : -1U;
	/* libcurl may call on_curl_data() from here, with what it has read already */
	curl_easy_pause(t->easy, hold ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

static bool is_permanent(const struct http_transfer *t, CURLcode code)
{
	static const CURLcode codes[] = {
		CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
		CURLE_SSL_CACERT_BADFILE,       CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
		CURLE_SSL_INVALIDCERTSTATUS,    CURLE_SSL_CLIENTCERT,  CURLE_URL_MALFORMAT,
		CURLE_COULDNT_RESOLVE_PROXY,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return trouble_is_permanent(t->call->trouble);
}

/* Puts libcurl's error into words. */
static void explain_curl_error(struct http_transfer *t, CURLcode code)
{
	const struct net_options *o = &t->http->o;
	const char *words = trouble_words(t->call->trouble);

	redact_in_place(t->text, sizeof(t->text), NULL);
	if (code == CURLE_OPERATION_TIMEDOUT)
		err_set(&t->err, ERR_NET, 0, "not connected after %ld s", o->connect_seconds);
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		err_set(&t->err, ERR_NET, 0, "%s: is its name right? Is a name server reached?",
			t->text);
	else if (words)
		err_set(&t->err, ERR_NET, 0, "%s", words);
	else
		err_set(&t->err, ERR_NET, 0, "%s", t->text[0] ? t->text : curl_easy_strerror(code));
}

/* Tells budget and pace of the time that has passed; gives whether a window ended too slow. */
static bool is_too_slow(struct http_transfer *t)
{
	int64_t passed = t->http->waited - t->told;

	t->told = t->http->waited;
	if (t->call->budget)
		time_budget_spend(t->call->budget, passed);
	return t->call->pace && pace_pass(t->call->pace, passed);
}

static void report_transfer(struct http_transfer *t, enum http_result result)
{
	struct http_call *c = t->call;

	is_too_slow(t); /* tells both of the time up to now */
	trace_transfer(t, result == HTTP_DONE ? NULL : t->err.msg);
	curl_multi_remove_handle(t->http->multi, t->easy);
	c->transfer = NULL;
	c->done(c, result, result == HTTP_DONE ? NULL : &t->err);
	recycle_transfer(t);
}

static void finish_transfer(struct http_transfer *t, CURLcode code)
{
	enum http_result result = HTTP_DONE;

	if (t->ended) {
		result = code == CURLE_ABORTED_BY_CALLBACK ? HTTP_REFUSED : HTTP_ENDED;
	} else if (code == CURLE_COULDNT_CONNECT && t->kept_away) {
		result = HTTP_REFUSED;
	} else if (code != CURLE_OK) {
		if (!t->answered && !t->proxied)
			t->call->trouble = trouble_of(t->text, t->https);
		result = is_permanent(t, code) ? HTTP_REFUSED : HTTP_FAULT;
		explain_curl_error(t, code);
	} else if (!t->answered) {
		/* libcurl takes headers that break off between two lines as complete */
		result = HTTP_FAULT;
		err_set(&t->err, ERR_NET, 0, "the connection ended in the head of the answer");
	}
	report_transfer(t, result);
}

/* Ends the transfers that libcurl has ended; gives their number. */
static unsigned finish_transfers(struct http *h)
{
	unsigned n = 0;
	int left;
	CURLMsg *m;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		void *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		finish_transfer(t, m->data.result);
		n++;
	}
	return n;
}

static CURLMcode wait_for_event(struct http *h, const int *others, size_t n, int timeout_ms)
{
	struct curl_waitfd fds[HTTP_OTHERS];

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct curl_waitfd){ .fd = others[i], .events = CURL_WAIT_POLLIN };
	return curl_multi_poll(h->multi, fds, (unsigned)n, timeout_ms, NULL);
}

/* Whether a transfer ends now, and how. The caller may have all it needs of one that is late. */
static bool is_over(struct http_transfer *t, enum http_result *result)
{
	struct http_call *c = t->call;
	const struct time_limit limit = {
		.now = t->http->waited,
		.started = t->started,
		.heard = c->connected ? t->heard : -1,
		.asked = t->asked,
		.answered = t->answered,
		.seconds = c->seconds,
	};
	bool late = time_limit_is_over(&limit, &t->http->o, &t->err) ||
		    (is_too_slow(t) && pace_error(c->pace, &t->err) < 0) ||
		    (c->budget && time_budget_check(c->budget, &t->err) < 0);

	if (!late && !time_limit_asks(&limit, &t->http->o))
		return false;
	t->asked = t->http->waited;
	*result = t->answered && c->is_enough && c->is_enough(c) ? HTTP_DONE : HTTP_FAULT;
	return late || *result == HTTP_DONE;
}

static struct http_transfer *find_over(const struct http *h, enum http_result *result)
{
	struct http_transfer *t = h->under_way;

	/* all of them have a call; the analyzer cannot know it */
	while (t && (!t->call || !is_over(t, result)))
		t = t->next;
	return t;
}

/* How often the limits are looked at, and the longest wait between two looks. */
#define CHECK         (100 * CLOCK_MS)
#define CHECK_WAIT_MS 1000

static void cut_overdue(struct http *h)
{
	enum http_result result;
	struct http_transfer *t;

	if (h->waited - h->checked < CHECK)
		return;
	h->checked = h->waited;
	/* from the first again: done() may start others */
	while ((t = find_over(h, &result)))
		report_transfer(t, result);
}

int http_turn(struct http *h, const int *others, size_t n, int timeout_ms, struct err *err)
{
	int running, ms = timeout_ms < CHECK_WAIT_MS ? timeout_ms : CHECK_WAIT_MS;
	CURLMcode code = curl_multi_perform(h->multi, &running);
	int64_t before;

	if (code == CURLM_OK && !finish_transfers(h)) {
		before = clock_now();
		code = wait_for_event(h, others, n, ms);
		h->waited += h->held ? 0 : clock_now() - before;
		cut_overdue(h);
	}
	if (code != CURLM_OK)
		return err_set(err, ERR_IO, 0, "network: %s", curl_multi_strerror(code));
	return 0;
}

void http_wake(void *h)
{
	curl_multi_wakeup(((struct http *)h)->multi);
}
