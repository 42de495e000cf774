#include "publish/confirm.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/url.h"
#include "oci/cli/message.h"
#include "oci/http/http.h"
#include "oci/store/generation.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"

/* Between two rounds of questions. */
#define PAUSE_MS 200
/* A server that says nothing for so long is asked again in the next round. */
#define ANSWER_SECONDS 10
/* Of a header's value in a message. */
#define SHOWN 80

enum answer {
	ANSWER_NONE,      /* it was not reached: it may be starting */
	ANSWER_REFUSED,   /* it cannot be reached: a certificate */
	ANSWER_FOREIGN,   /* no header of a mirror-serve */
	ANSWER_UNREADY,   /* the same with a 5xx: something in front of it says that it is not up */
	ANSWER_OLD,       /* an earlier generation, or an index of another tool */
	ANSWER_CONFIRMED, /* the generation that is waited for, or a later one */
};

/* Whether asking again may give another answer. */
static const bool may_change[] = {
	[ANSWER_NONE] = true,    [ANSWER_REFUSED] = false, [ANSWER_FOREIGN] = false,
	[ANSWER_UNREADY] = true, [ANSWER_OLD] = true,      [ANSWER_CONFIRMED] = false,
};

struct server {
	const char *origin; /* lent */
	char *url;
	struct http_call call;
	enum answer answer;
	bool ended; /* of the present question */
	char serves[SHOWN];
	long wanted;
	struct err err;
};

static int on_answer_head(struct http_call *c, struct err *err)
{
	struct server *s = c->arg;
	struct span value = http_header(c, "X-Mirror-Generation", 0);

	(void)err;
	if (!value.p) {
		s->answer = c->status >= 500 ? ANSWER_UNREADY : ANSWER_FOREIGN;
		return 0;
	}
	snprintf(s->serves, sizeof(s->serves), "%.*s", value.n < SHOWN ? (int)value.n : SHOWN - 1,
		 value.p);
	s->answer = span_number(value, LONG_MAX) >= s->wanted ? ANSWER_CONFIRMED : ANSWER_OLD;
	return 0;
}

/* A HEAD has none; what comes all the same is not looked at. */
static int on_answer_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	(void)c, (void)p, (void)n, (void)err;
	return 0;
}

static void on_answer_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct server *s = c->arg;

	s->ended = true;
	if (result == HTTP_DONE)
		return;
	s->answer = result == HTTP_REFUSED ? ANSWER_REFUSED : ANSWER_NONE;
	s->err = *err;
	trouble_advise(c->trouble, &s->err);
}

/* ---- the URLs ---- */

static int add_server(struct confirm *c, struct span text, struct err *err)
{
	struct url u;

	/* before a message shows any of it */
	if (memchr(text.p, '@', text.n))
		return err_set(err, ERR_USAGE, 0,
			       "--confirm takes URLs without user and password: mirror-serve tells "
			       "its generation to everybody");
	if (c->origins.n == CONFIRM_SERVERS)
		return err_set(err, ERR_USAGE, 0, "--confirm takes %d servers at most",
			       CONFIRM_SERVERS);
	if (url_parse(&u, text, err) < 0 || (u.target.n && !span_eq(u.target, "/")))
		return err_set(err, ERR_USAGE, 0,
			       "--confirm: \"%.*s\" is not the URL of a server: "
			       "https://HOST[:PORT] or http://HOST[:PORT]",
			       SPAN_ARG(text));
	strvec_add_owned(&c->origins, url_origin(&u));
	return 0;
}

int confirm_read(struct confirm *c, const char *urls, struct err *err)
{
	struct span rest = span_str(urls), word;

	while (span_cut(&rest, ',', &word))
		if (add_server(c, span_trim(word), err) < 0)
			return -1;
	return 0;
}

void confirm_release(struct confirm *c)
{
	strvec_release(&c->origins);
}

/* ---- asking ---- */

struct servers {
	struct server *v;
	size_t n;
};

static void servers_release(struct servers *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].url);
	free(s->v);
}

static void servers_init(struct servers *s, const struct confirm *c, long wanted)
{
	s->n = c->origins.n;
	s->v = xcalloc(s->n, sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		s->v[i] = (struct server){
			.origin = c->origins.v[i],
			.url = xasprintf("%s/v2/", c->origins.v[i]),
			.answer = ANSWER_NONE,
			.wanted = wanted,
		};
}

static void ask_server(struct http *h, struct server *s, long seconds)
{
	s->ended = false;
	s->call = (struct http_call){
		.method = HTTP_HEAD,
		.url = s->url,
		.zone = ORIGIN_CONFIGURED,
		.seconds = seconds,
		.arg = s,
		.head = on_answer_head,
		.data = on_answer_data,
		.done = on_answer_done,
	};
	http_send(h, &s->call);
}

static bool all_ended(const struct servers *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].ended)
			return false;
	return true;
}

/* Asks all whose answer may be another one now. 1 when there is nobody to ask again. */
static int ask_round(struct http *h, struct servers *s, long seconds, struct err *err)
{
	bool settled = true;

	for (size_t i = 0; i < s->n; i++)
		if (may_change[s->v[i].answer])
			ask_server(h, &s->v[i], seconds);
	while (!all_ended(s))
		if (http_turn(h, NULL, 0, 1000, err) < 0)
			return -1;
	for (size_t i = 0; i < s->n; i++)
		settled = settled && !may_change[s->v[i].answer];
	return settled;
}

static int ask_until(struct http *h, struct servers *s, long within, struct err *err)
{
	int64_t end = clock_now() + within * CLOCK_SEC, left;
	int settled;

	do {
		left = (end - clock_now() + CLOCK_SEC - 1) / CLOCK_SEC;
		settled = ask_round(h, s, within && left < ANSWER_SECONDS ? left : ANSWER_SECONDS,
				    err);
		if (settled)
			return settled < 0 ? -1 : 0;
	} while (end - clock_now() > PAUSE_MS * CLOCK_MS && poll(NULL, 0, PAUSE_MS) <= 0);
	return 0;
}

/* ---- what they said ---- */

static void tell_server(const struct server *s)
{
	switch (s->answer) {
	case ANSWER_CONFIRMED: return;
	case ANSWER_NONE:
	case ANSWER_REFUSED:
		message_line("%s does not confirm generation %ld: %s", s->origin, s->wanted,
			     s->err.msg);
		return;
	case ANSWER_UNREADY:
		message_line("%s does not confirm generation %ld: it answers %ld, without "
			     "X-Mirror-Generation; is mirror-serve running there?",
			     s->origin, s->wanted, s->call.status);
		return;
	case ANSWER_FOREIGN:
		message_line("%s does not confirm generation %ld: it is no mirror-serve (it "
			     "answers %ld, without X-Mirror-Generation)",
			     s->origin, s->wanted, s->call.status);
		return;
	case ANSWER_OLD:
		message_line("%s lags: it still answers from generation %s, and the mirror is at "
			     "%ld; see whether its copy of the mirror is brought up to date",
			     s->origin, s->serves, s->wanted);
		return;
	}
}

static int tell_servers(const struct servers *s)
{
	size_t confirmed = 0;

	for (size_t i = 0; i < s->n; i++) {
		tell_server(&s->v[i]);
		confirmed += s->v[i].answer == ANSWER_CONFIRMED;
	}
	message_line("%zu of %zu servers confirm generation %ld", confirmed, s->n, s->v[0].wanted);
	return confirmed == s->n ? EXIT_OK : EXIT_PART;
}

/* ---- all of it ---- */

static int read_generation(const char *mirror, long *number, struct err *err)
{
	cleanup_by(index_release) struct index head = INDEX_INIT;
	cleanup_fd int dir = open(mirror, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(err, "cannot open", mirror);
	if (index_head_read(&head, dir, "index.json", err) < 0)
		return -1;
	*number = generation_number(&head);
	return 0;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* Lower case first, as mirror-sync reads them. */
static const char *proxy_variable(const char *lower, const char *upper)
{
	return variable(lower) ? variable(lower) : variable(upper);
}

CLEANUP_PTR(own_http_, struct http, http_free)

int confirm_wait(const struct confirm *c, const struct invocation *inv, struct err *err)
{
	const struct net_options net = {
		.user_agent = "mirror-publish/" MIRROR_VERSION,
		.ca_file = variable("SSL_CERT_FILE"),
		.ca_dir = variable("SSL_CERT_DIR"),
		.proxy = { .http = proxy_variable("http_proxy", "HTTP_PROXY"),
			   .https = proxy_variable("https_proxy", "HTTPS_PROXY"),
			   .except = proxy_variable("no_proxy", "NO_PROXY") },
	};
	cleanup_by(servers_release) struct servers s = { .v = NULL };
	__attribute__((cleanup(own_http_))) struct http *h = http_new(&net, err);
	long wanted;

	if (!h || read_generation(inv->mirror, &wanted, err) < 0)
		return -1;
	fflush(stdout);
	servers_init(&s, c, wanted);
	if (ask_until(h, &s, inv->confirm_within < 0 ? CONFIRM_SECONDS : inv->confirm_within, err) <
	    0)
		return -1;
	return tell_servers(&s);
}
