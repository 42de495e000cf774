#include "serve/admin.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/span.h"
#include "serve/answer.h"
#include "serve/http_request.h"
#include "serve/metrics.h"
#include "serve/out.h"
#include "serve/ready.h"
#include "serve/reload.h"
#include "serve/reply.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/worker.h"

#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

void admin_init(struct admin *a, struct server *served, const char *mirror)
{
	*a = (struct admin){ .served = served };
	mirror_facts_init(&a->facts, mirror);
}

void admin_release(struct admin *a)
{
	mirror_facts_release(&a->facts);
}

static void write_counters(struct buf *b, const struct admin *a)
{
	cleanup_free const struct metrics **v = xcalloc(a->n + 1, sizeof(const struct metrics *));

	for (size_t i = 0; i < a->n; i++)
		v[i] = &a->workers[i].metrics;
	metrics_write(b, v, a->n);
}

static void write_counter(struct buf *b, const char *name, const char *help, unsigned long n)
{
	metrics_family(b, name, "counter", help);
	buf_addf(b, "mirror_%s %lu\n", name, n);
}

static void write_server(struct buf *b, struct server *s)
{
	metrics_family(b, "build_info", "gauge", "1; the version is a label.");
	buf_adds(b, "mirror_build_info{version=\"" MIRROR_VERSION "\"} 1\n");
	metrics_gauge(b, "connections", "Connections of clients.",
		      atomic_load(&s->listeners.connections));
	metrics_gauge(b, "connections_max", "Connections that are accepted at a time.",
		      s->listeners.max);
	write_counter(b, "reloads_total", "Generations that were loaded after the first.",
		      atomic_load(&s->reload->loads));
	write_counter(b, "reload_failures_total", "Times that index.json could not be read.",
		      atomic_load(&s->reload->failures));
	metrics_gauge(b, "index_ready", "1 when index.json on disk is what is served, else 0.",
		      !atomic_load(&s->reload->bad));
	if (s->tls.tls)
		metrics_gauge(b, "certificate_expiry_timestamp_seconds",
			      "When the first of the certificates of --tls-cert ends.",
			      tls_expires(s->tls.tls));
	metrics_gauge(b, "ready", "1 when /readyz answers 200, else 0.", !ready_why_not(s));
}

static void answer_metrics(struct exchange *x)
{
	struct admin *a = x->server->admin;
	struct buf *b = &x->out->text;

	buf_clear(b);
	write_server(b, a->served);
	write_counters(b, a);
	mirror_facts_write(&a->facts, b, x->state, clock_wall());
	reply_text(x, 200, PROMETHEUS);
}

static void answer_healthy(struct exchange *x)
{
	buf_clear(&x->out->text);
	buf_adds(&x->out->text, "ok\n");
	reply_text(x, 200, "text/plain");
}

static void answer_ready(struct exchange *x)
{
	ready_reply(x, x->server->admin->served);
}

static const struct {
	const char *path;
	void (*answer)(struct exchange *x);
} pages[] = {
	{ "/metrics", answer_metrics },
	{ "/healthz", answer_healthy },
	{ "/readyz", answer_ready },
	{ "/", answer_ready },
};

void admin_answer(struct exchange *x)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (span_eq(x->request->path, pages[i].path)) {
			pages[i].answer(x);
			return;
		}
	reply_error(x, 404, "UNSUPPORTED",
		    "/metrics, /healthz and /readyz are served here; images are not");
}
