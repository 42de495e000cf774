#include "serve/metrics.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static struct metrics one, two;

/* What was counted, and a line that the sum of both must have. */
static const struct row {
	const char *name;
	const char *line;
} rows[] = {
	{ "one status of one route", "mirror_requests_total{route=\"manifest\",code=\"200\"} 2\n" },
	{ "another status", "mirror_requests_total{route=\"manifest\",code=\"404\"} 1\n" },
	{ "another route, of the other worker",
	  "mirror_requests_total{route=\"referrers\",code=\"206\"} 1\n" },
	{ "a status without a row counts as 500",
	  "mirror_requests_total{route=\"none\",code=\"500\"} 1\n" },
	{ "what is not finished is in flight", "mirror_requests_in_flight 2\n" },
	{ "bytes of both", "mirror_sent_bytes_total 1099511627781\n" },
	{ "the end of a bucket belongs to it",
	  "mirror_request_duration_seconds_bucket{le=\"0.001\"} 2\n" },
	{ "buckets add up", "mirror_request_duration_seconds_bucket{le=\"300\"} 2\n" },
	{ "what is longer than all", "mirror_request_duration_seconds_bucket{le=\"+Inf\"} 3\n" },
	{ "their sum in seconds", "mirror_request_duration_seconds_sum 1000.002000\n" },
	{ "their count", "mirror_request_duration_seconds_count 3\n" },
	{ "a kind of client, of both workers",
	  "mirror_client_requests_total{client=\"containerd\",ns=\"yes\"} 2\n" },
	{ "the same without a namespace",
	  "mirror_client_requests_total{client=\"containerd\",ns=\"no\"} 1\n" },
	{ "a kind that never came",
	  "mirror_client_requests_total{client=\"buildkit\",ns=\"yes\"} 0\n" },
	{ "a reason", "mirror_refused_total{reason=\"header-time\"} 3\n" },
	{ "a reason that never was", "mirror_refused_total{reason=\"stalled\"} 0\n" },
};

int main(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	const struct metrics *const both[] = { &one, &two };

	metrics_request(&one, ROUTE_MANIFEST, 200);
	metrics_request(&two, ROUTE_MANIFEST, 200);
	metrics_request(&one, ROUTE_MANIFEST, 404);
	metrics_request(&two, ROUTE_REFERRERS, 206);
	metrics_request(&two, ROUTE_NONE, 599);
	metrics_client(&one, CLIENT_CONTAINERD, true);
	metrics_client(&two, CLIENT_CONTAINERD, true);
	metrics_client(&two, CLIENT_CONTAINERD, false);
	metrics_sent(&one, 5);
	metrics_sent(&two, 1099511627776);
	metrics_finished(&one, 2, 1000000);
	metrics_finished(&two, 1, 1000000000000);
	metrics_finished(&two, 0, 1);
	metrics_refused(&one, REFUSED_HEAD, 1);
	metrics_refused(&two, REFUSED_HEAD, 2);
	metrics_write(&b, both, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(strstr(b.p, rows[i].line) != NULL, rows[i].name);
	CHECK_ROW(!strstr(b.p, "catalog"), "what was never asked for has no line");
	return tap_done();
}
