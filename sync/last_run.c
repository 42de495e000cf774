#include "sync/last_run.h"

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/registry/registry.h"
#include "oci/store/beneath.h"
#include "oci/store/layout.h"
#include "sync/outcome.h"
#include "sync/run_options.h"

#define MAX_HOSTS 1000

static const char path[] = ".mirror/last-run.json";

static json_t *counts_of(const struct outcome *o)
{
	json_t *counts = json_object();

	for (size_t s = 0; s < STATES; s++) {
		json_int_t n = 0;

		for (size_t i = 0; i < o->targets.n; i++)
			n += (size_t)o->targets.v[i]->state == s;
		if (n)
			json_object_set_new(counts, state_rows[s].name, json_integer(n));
	}
	return counts;
}

static void set_number(json_t *object, const char *key, long n)
{
	json_object_set_new(object, key, n < 0 ? json_null() : json_integer(n));
}

static json_t *hosts_of(const struct outcome *o)
{
	cleanup_free struct registry_host_stats *hosts = xcalloc(MAX_HOSTS, sizeof(*hosts));
	size_t n = registry_stats(o->registry, hosts, MAX_HOSTS);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *host = json_object();
		char until[CLOCK_RFC3339];

		json_set_text(host, "host", hosts[i].host);
		set_number(host, "limit", hosts[i].quota_limit);
		set_number(host, "remaining", hosts[i].quota_remaining);
		clock_rfc3339(hosts[i].quota_until, until);
		if (hosts[i].quota_until)
			json_set_text(host, "until", until);
		json_array_append_new(list, host);
	}
	return list;
}

static json_t *describe_run(const struct outcome *o, int status)
{
	json_t *run = json_object();
	char start[CLOCK_RFC3339], end[CLOCK_RFC3339];

	clock_rfc3339(o->started, start);
	clock_rfc3339(clock_wall(), end);
	json_set_text(run, "start", start);
	json_set_text(run, "end", end);
	json_object_set_new(run, "status", json_integer(status));
	json_object_set_new(run, "generation", json_integer(o->generation));
	json_object_set_new(run, "counts", counts_of(o));
	json_object_set_new(run, "hosts", hosts_of(o));
	return run;
}

/* What the file says of the last full run; null when it says nothing. The caller owns it. */
static json_t *read_full(const struct layout *l)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	cleanup_json json_t *doc = NULL;
	json_t *full = NULL;
	struct err ignored;

	if (beneath_read(l->root, path, &b, &ignored) == 0)
		doc = json_read(buf_span(&b), &ignored);
	full = (json_t *)json_get_object(doc, "full");
	return full ? json_incref(full) : json_null();
}

int last_run_save(const struct layout *l, const struct outcome *o, int status, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	cleanup_json json_t *doc = json_object();
	bool full = !o->options->npatterns && !o->options->missing && !o->stopped;
	json_t *run = describe_run(o, status);

	json_object_set_new(doc, "last", run);
	json_object_set_new(doc, "full", full ? json_incref(run) : read_full(l));
	json_write(&b, doc);
	buf_addc(&b, '\n');
	if (buf_failed(&b))
		return err_set(err, ERR_LIMIT, 0, "%s is larger than 1 MiB", path);
	return file_replace(l->root, path, b.p, b.n, 0644, err);
}
