#include "serve/metrics.h"

#include <ctype.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"

/* The worker is the only writer, so this needs no locked addition. */
static void add_to(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#define NS_OF(text, ns) ns,
static const int64_t bucket_ns[] = { METRICS_BUCKETS(NS_OF) };
#undef NS_OF

#define TEXT_OF(text, ns) text,
static const char *const bucket_texts[] = { METRICS_BUCKETS(TEXT_OF) };
#undef TEXT_OF

#define LABEL_OF(why, label, words) [why] = label,
static const char *const refusal_labels[] = { REFUSALS(LABEL_OF) };
#undef LABEL_OF

#define NAME_OF(kind, path) [kind] = #kind,
static const char *const route_names[] = {
	[ROUTE_NONE] = "ROUTE_NONE", [ROUTE_BAD] = "ROUTE_BAD", ROUTES(NAME_OF)
};
#undef NAME_OF

void metrics_request(struct metrics *m, enum route_kind kind, int status)
{
	add_to(&m->requests[kind][reply_status_row(status)], 1);
	add_to(&m->begun, 1);
}

void metrics_client(struct metrics *m, enum client_kind kind, bool ns)
{
	add_to(&m->clients[kind][ns], 1);
}

void metrics_sent(struct metrics *m, uint64_t bytes)
{
	add_to(&m->sent, bytes);
}

void metrics_finished(struct metrics *m, unsigned n, int64_t took)
{
	size_t i = 0;

	if (!n)
		return;
	while (i < METRICS_NBUCKETS && took > bucket_ns[i])
		i++;
	add_to(&m->took[i], n);
	add_to(&m->took_ns, n * (uint64_t)took);
	add_to(&m->finished, n);
}

void metrics_refused(struct metrics *m, enum refused why, uint64_t n)
{
	add_to(&m->refused[why], n);
}

void metrics_family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP mirror_%s %s\n# TYPE mirror_%s %s\n", name, help, name, type);
}

void metrics_gauge(struct buf *b, const char *name, const char *help, int64_t value)
{
	metrics_family(b, name, "gauge", help);
	buf_addf(b, "mirror_%s %lld\n", name, (long long)value);
}

/* The sum of one counter, given by its place in the struct, over all workers. */
static uint64_t sum_of(const struct metrics *const *v, size_t n, size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += value_of(
			(const _Atomic uint64_t *)(const void *)((const char *)v[i] + offset));
	return sum;
}

/* "ROUTE_MANIFEST" is the label "manifest". */
static void add_route(struct buf *b, enum route_kind kind)
{
	for (const char *p = route_names[kind] + strlen("ROUTE_"); *p; p++)
		buf_addc(b, (char)tolower((unsigned char)*p));
}

static void write_requests(struct buf *b, const struct metrics *const *v, size_t n)
{
	metrics_family(b, "requests_total", "counter", "Requests that were answered.");
	for (size_t kind = 0; kind < ROUTE_KINDS; kind++)
		for (size_t row = 0; reply_status_code(row); row++) {
			uint64_t sum = sum_of(v, n,
					      offsetof(struct metrics, requests) +
						      (kind * REPLY_STATUSES + row) * sizeof(sum));

			if (!sum)
				continue;
			buf_adds(b, "mirror_requests_total{route=\"");
			add_route(b, (enum route_kind)kind);
			buf_addf(b, "\",code=\"%d\"} %llu\n", reply_status_code(row),
				 (unsigned long long)sum);
		}
}

/* Every kind stands there from the start, so that a query finds the one that never came. */
static void write_clients(struct buf *b, const struct metrics *const *v, size_t n)
{
	metrics_family(b, "client_requests_total", "counter",
		       "Requests about repositories, by the kind of client in User-Agent, and "
		       "whether they named the upstream registry (ns=, Host).");
	for (size_t kind = 0; kind < CLIENT_NKINDS; kind++)
		for (size_t ns = 0; ns < 2; ns++)
			buf_addf(b, "mirror_client_requests_total{client=\"%s\",ns=\"%s\"} %llu\n",
				 client_kind_word((enum client_kind)kind), ns ? "yes" : "no",
				 (unsigned long long)sum_of(v, n,
							    offsetof(struct metrics, clients) +
								    (kind * 2 + ns) *
									    sizeof(uint64_t)));
}

static void write_times(struct buf *b, const struct metrics *const *v, size_t n)
{
	uint64_t sum = 0;

	metrics_family(b, "request_duration_seconds", "histogram",
		       "Time from the arrival of a request until its reply was handed to the "
		       "system.");
	for (size_t i = 0; i <= METRICS_NBUCKETS; i++) {
		sum += sum_of(v, n, offsetof(struct metrics, took) + i * sizeof(sum));
		buf_addf(b, "mirror_request_duration_seconds_bucket{le=\"%s\"} %llu\n",
			 i < METRICS_NBUCKETS ? bucket_texts[i] : "+Inf", (unsigned long long)sum);
	}
	buf_addf(b,
		 "mirror_request_duration_seconds_sum %.6f\n"
		 "mirror_request_duration_seconds_count %llu\n",
		 (double)sum_of(v, n, offsetof(struct metrics, took_ns)) / (double)CLOCK_SEC,
		 (unsigned long long)sum);
}

static void write_refused(struct buf *b, const struct metrics *const *v, size_t n)
{
	metrics_family(b, "refused_total", "counter",
		       "Connections and requests that were turned away.");
	for (size_t i = 0; i < REFUSED_KINDS; i++)
		buf_addf(b, "mirror_refused_total{reason=\"%s\"} %llu\n", refusal_labels[i],
			 (unsigned long long)sum_of(
				 v, n, offsetof(struct metrics, refused) + i * sizeof(uint64_t)));
}

void metrics_write(struct buf *b, const struct metrics *const *v, size_t n)
{
	uint64_t finished = sum_of(v, n, offsetof(struct metrics, finished));
	uint64_t begun = sum_of(v, n, offsetof(struct metrics, begun));

	write_requests(b, v, n);
	write_clients(b, v, n);
	write_times(b, v, n);
	metrics_gauge(b, "requests_in_flight", "Requests whose replies are not sent yet.",
		      begun > finished ? (int64_t)(begun - finished) : 0);
	metrics_family(b, "sent_bytes_total", "counter", "Bytes sent, heads of replies included.");
	buf_addf(b, "mirror_sent_bytes_total %llu\n",
		 (unsigned long long)sum_of(v, n, offsetof(struct metrics, sent)));
	write_refused(b, v, n);
}
