/*
 * wirecat - sends requests to registries as mirror-sync does, and prints the outcomes: the client
 * of the exchanges.
 *
 *	wirecat [OPTION...] COMMAND... [then COMMAND...]
 *
 *	'head HOST/PATH:TAG'	'manifest HOST/PATH@DIGEST'	'tags HOST/PATH'
 *	'blob HOST/PATH@DIGEST SIZE [URL...]'	into the layout
 *	'referrers HOST/PATH@DIGEST'
 *
 * Commands before `then` run in parallel; their outcomes are printed in the order of the commands.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/auth/keychain.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/problem.h"
#include "oci/http/time_budget.h"
#include "oci/image/ref.h"
#include "oci/lists/mirror_conf.h"
#include "oci/registry/referrer_list.h"
#include "oci/registry/registry.h"
#include "oci/store/layout.h"

struct outcome {
	char text[1024];
	unsigned requests;
};

static struct registry *registry;
static struct layout layout = LAYOUT_INIT;
static struct registry_options options = { .net.user_agent = "wirecat" };
static const char *layout_path;
static struct mirror_conf conf;
static bool stats, tells_clock;
static const char *certs[2];
static long image_seconds;
static struct time_budget image_budget; /* with --image-seconds, of all commands but tags */

static const char *const kinds[] = {
	[ERR_USAGE] = "USAGE",       [ERR_IO] = "IO",
	[ERR_NET] = "NET",           [ERR_AUTH] = "AUTH",
	[ERR_NOTFOUND] = "NOTFOUND", [ERR_LIMIT] = "LIMIT",
	[ERR_INVALID] = "INVALID",   [ERR_DIGEST] = "DIGEST",
};

static void die(const char *what)
{
	fprintf(stderr, "wirecat: %s\n", what);
	exit(2);
}

static void put_failure(struct outcome *o, const struct err *err)
{
	snprintf(o->text, sizeof(o->text), "%s %s", kinds[err->kind], err->msg);
}

static void on_manifest(void *arg, const struct registry_manifest *m)
{
	struct outcome *o = arg;

	o->requests = m->requests;
	if (m->err)
		put_failure(o, m->err);
	else
		snprintf(o->text, sizeof(o->text), "ok %s %lld %s", m->digest.str,
			 (long long)m->size, m->media_type);
}

static void on_blob(void *arg, const struct registry_blob *b)
{
	struct outcome *o = arg;

	o->requests = b->requests;
	if (b->err)
		put_failure(o, b->err);
	else
		snprintf(o->text, sizeof(o->text), "ok bytes=%lld", (long long)b->bytes);
}

static void on_tags(void *arg, const struct registry_tags *t)
{
	struct outcome *o = arg;
	int n = snprintf(o->text, sizeof(o->text), "ok");

	o->requests = t->requests;
	if (t->err)
		put_failure(o, t->err);
	for (size_t i = 0; i < t->n && (size_t)n < sizeof(o->text); i++)
		n += snprintf(o->text + n, sizeof(o->text) - (size_t)n, " %s", t->tags[i]);
}

static void on_referrers(void *arg, const struct registry_referrers *found)
{
	struct outcome *o = arg;
	int n = snprintf(o->text, sizeof(o->text), "ok");

	o->requests = found->requests;
	if (found->err)
		put_failure(o, found->err);
	else if (found->no_api)
		snprintf(o->text, sizeof(o->text), "no API");
	for (size_t i = 0; i < found->n && (size_t)n < sizeof(o->text); i++)
		n += snprintf(o->text + n, sizeof(o->text) - (size_t)n, " %s",
			      found->rows[i].digest.str);
}

static void run_command(char *text, struct outcome *o)
{
	char *save, *verb = strtok_r(text, " ", &save), *name = strtok_r(NULL, " ", &save);
	char *size = strtok_r(NULL, " ", &save), *urls = save && *save ? save : NULL;
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct err err;

	if (!verb || !name || ref_parse(&ref, span_str(name), &err) < 0)
		die(name ? err.msg : "a command is missing its reference");
	if (image_seconds && strcmp(verb, "tags") != 0)
		registry_charge(registry, &image_budget);
	if (strcmp(verb, "head") == 0)
		registry_head(registry, &ref, on_manifest, o);
	else if (strcmp(verb, "manifest") == 0)
		registry_manifest(registry, &ref, &ref.digest, on_manifest, o);
	else if (strcmp(verb, "tags") == 0)
		registry_tags(registry, &ref, on_tags, o);
	else if (strcmp(verb, "referrers") == 0)
		registry_referrers(registry, &ref, &ref.digest, on_referrers, o);
	else if (strcmp(verb, "blob") == 0 && size && layout_path)
		registry_blob(registry, &ref,
			      &(struct registry_wanted){ &ref.digest, atoll(size), urls }, &layout,
			      on_blob, o);
	else
		die("no such command");
}

/* Commands up to `then`; gives how many words were used. */
static int run_round(char **words, int n)
{
	struct outcome *outcomes = xcalloc((size_t)n, sizeof(*outcomes));
	char **names = xcalloc((size_t)n, sizeof(*names));
	struct err err;
	int count = 0;

	for (; count < n && strcmp(words[count], "then") != 0; count++) {
		names[count] = xstrdup(words[count]);
		run_command(words[count], &outcomes[count]);
	}
	if (registry_run(registry, NULL, NULL, 1000, &err) < 0)
		die(err.msg);
	for (int i = 0; i < count; i++) {
		printf("%s: %s requests=%u\n", names[i], outcomes[i].text, outcomes[i].requests);
		free(names[i]);
	}
	free(names);
	free(outcomes);
	return count < n ? count + 1 : count;
}

static void print_stats(void)
{
	struct registry_host_stats s[16];
	size_t n = registry_stats(registry, s, 16);

	for (size_t i = 0; i < n; i++)
		printf("%s: requests=%llu bytes=%llu retries=%llu quota=%ld/%ld\n", s[i].host,
		       (unsigned long long)s[i].requests, (unsigned long long)s[i].bytes,
		       (unsigned long long)s[i].retries, s[i].quota_remaining, s[i].quota_limit);
}

static void print_clock(void)
{
	int64_t ahead;

	puts(registry_clock_differs(registry, &ahead) ? "clock: differs" : "clock: agrees");
}

static void warn(void *arg, const char *text)
{
	(void)arg;
	printf("warning: %s\n", text);
}

static void read_conf(const char *path)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(MIB);
	cleanup_by(problems_release) struct problems problems = PROBLEMS_INIT;
	struct err err;

	if (file_read(AT_FDCWD, path, &bytes, &err) < 0)
		die(err.msg);
	mirror_conf_init(&conf);
	mirror_conf_parse(&conf, path, buf_span(&bytes), &problems);
	if (problems.errors)
		die(problems.v[0].text);
	options.conf = &conf;
}

static void read_rate(const char *text)
{
	struct err err;

	if (unit_byte_rate(&options.max_rate, span_str(text), &err) < 0)
		die(err.msg);
}

/* Credentials from DIR/config.json. */
static void read_creds(const char *dir)
{
	struct keychain_options o = { .docker_config = dir, .path = dir };
	struct err err;

	options.keychain = keychain_new(&o, &err);
	if (!options.keychain)
		die(err.msg);
}

/* Reads --name=value; false when there is no such option. */
static bool read_option(const char *word)
{
	static const struct {
		const char *name;
		const char **text;
		long *number;
	} table[] = {
		{ "--layout", &layout_path, NULL },
		{ "--ca", &options.net.ca_file, NULL },
		{ "--beside", &options.conf_dir, NULL },
		{ "--http-proxy", &options.net.proxy.http, NULL },
		{ "--https-proxy", &options.net.proxy.https, NULL },
		{ "--no-proxy", &options.net.proxy.except, NULL },
		{ "--parallel", NULL, &options.parallel },
		{ "--retry-ms", NULL, &options.net.retry_ms },
		{ "--stall", NULL, &options.net.stall_seconds },
		{ "--connect", NULL, &options.net.connect_seconds },
		{ "--deadline", NULL, &options.net.deadline_seconds },
		{ "--pace", NULL, &options.net.pace_seconds },
		{ "--list-seconds", NULL, &options.net.list_seconds },
		{ "--image-seconds", NULL, &image_seconds },
		{ "--quota-wait", NULL, &options.quota_wait_seconds },
	};
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : strlen(word);
	struct span name = span_of(word, n);

	value = value ? value + 1 : "";
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!span_eq(name, table[i].name))
			continue;
		if (table[i].text)
			*table[i].text = value;
		else
			*table[i].number = atol(value);
		return true;
	}
	if (span_eq(name, "--stats"))
		stats = true;
	else if (span_eq(name, "--clock"))
		tells_clock = true;
	else if (span_eq(name, "--max-rate"))
		read_rate(value);
	else if (span_eq(name, "--conf"))
		read_conf(value);
	else if (span_eq(name, "--certs"))
		certs[0] = value, options.certs_roots = certs;
	else if (span_eq(name, "--docker-config"))
		read_creds(value);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct err err;
	int at = 1;

	options.warn = warn;
	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
		if (!read_option(argv[at]))
			die("no such option");
	if (layout_path && layout_open(&layout, layout_path, LAYOUT_WRITE, &err) < 0)
		die(err.msg);
	time_budget_init(&image_budget, "the image", image_seconds, LIMIT_PACE_RATE);
	registry = registry_new(&options, &err);
	if (!registry)
		die(err.msg);
	while (at < argc)
		at += run_round(argv + at, argc - at);
	if (stats)
		print_stats();
	if (tells_clock)
		print_clock();
	registry_free(registry);
	keychain_free(options.keychain);
	mirror_conf_release(&conf);
	if (layout_path) {
		if (layout_commit(&layout, &err) < 0)
			die(err.msg);
		layout_close(&layout);
	}
	return 0;
}
