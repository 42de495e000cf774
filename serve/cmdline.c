#include "serve/cmdline.h"

#include <unistd.h>

#include "oci/base/err.h"
#include "oci/cli/cli_help.h"
#include "oci/cli/cli_opt.h"
#include "oci/cli/exit_status.h"
#include "oci/image/ref.h"
#include "serve/access_log.h"
#include "serve/repository_names.h"

static const char text[] =
	"Serves an OCI image layout, such as a mirror kept by mirror-sync, to docker, containerd, "
	"podman and every other client of the distribution API. It only reads: GET and HEAD.\n\n"
	"MIRROR is the layout's directory (default: MIRROR_DIR of the environment, else "
	"\"mirror\"). When its index.json is replaced, the next request is answered from the new "
	"one; an index.json that cannot be read changes nothing. SIGHUP reads it again in any "
	"case, and opens the access log anew. "
	"SIGTERM and SIGINT finish the replies that are being sent, then end; a second "
	"signal ends at once.\n\n"
	"An image docker.io/library/alpine:3.19 is found as alpine:3.19, library/alpine:3.19 and "
	"docker.io/library/alpine:3.19. A registry with a port is also found as HOST_PORT, since "
	"clients cannot write a colon there.\n\n"
	"--admin opens a second listener, for operators: /metrics for Prometheus, /healthz (200 "
	"while the process runs) and /readyz (503 while it drains, or while index.json cannot be "
	"read). A load balancer that can only ask the first one gets the answer of /readyz at "
	"\"/\".\n\n"
	"When it is ready to serve it prints \"listening on http://ADDR:PORT\" (https with "
	"--tls-cert), a line for each listener.\n\n"
	"Certificates and their keys are read again when they change, and on SIGHUP; files that "
	"cannot be used change nothing.";

static const struct exit_status_row statuses[] = {
	{ EXIT_OK, NULL, "ended by a signal" },
	{ EXIT_USAGE, NULL, "wrong use" },
	{ EXIT_MIRROR, NULL, "the mirror or the address cannot be used" },
	{ EXIT_OK, NULL, NULL },
};

static const struct cli_item environment[] = {
	{ "MIRROR_DIR", "the mirror's directory, when MIRROR is not given" },
	{ "LISTEN_FDS, LISTEN_PID",
	  "sockets that systemd opened: they are served beside those of --listen, and replace its "
	  "default" },
	{ "NOTIFY_SOCKET",
	  "where systemd (Type=notify, notify-reload) wants to hear of start, reload "
	  "and end" },
	{ NULL, NULL },
};

static const struct cli_item examples[] = {
	{ "mirror-serve /srv/mirror", "serve it to this machine, at 127.0.0.1:5000" },
	{ "mirror-serve --listen 0.0.0.0:5000 /srv/mirror", "serve it to the network" },
	{ NULL, NULL },
};

static const char *const see_also[] = { "mirror-sync(1)", "mirror-publish(1)", NULL };

/* A repository's name, with or without a host in front. */
static bool is_repository(const char *name)
{
	struct span path = span_str(name), host;

	if (ref_valid_path(path))
		return true;
	span_cut(&path, '/', &host);
	return path.p && ref_valid_host(host) && ref_valid_path(path);
}

/* An option without effect is refused: what it asks for would be missed. */
static int check_effect(const struct cmdline *o, struct err *err)
{
	const struct access_source *a = &o->access;
	const struct {
		bool is_broken;
		const char *words;
	} rules[] = {
		{ a->token_key && !a->htpasswd, "--token-key has no effect without --htpasswd" },
		{ a->groups && !a->htpasswd && !o->client_ca,
		  "--groups has no effect without --htpasswd or --client-ca" },
		{ o->client_ca && !o->tls_certs.n, "--client-ca needs --tls-cert and --tls-key" },
		{ o->log_format >= 0 && !o->access_log,
		  "--log-format has no effect without --access-log" },
		{ o->trusted.n && !o->access_log && !o->misses && o->limits.per_address < 0 &&
			  o->limits.per_second < 0,
		  "--trusted-proxy has no effect without --access-log, --record-misses, --limit "
		  "per-address=N or --limit requests-per-second=N: nothing else looks at the "
		  "client's address" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_broken)
			return err_set(err, ERR_USAGE, 0, "%s", rules[i].words);
	if (o->tls_certs.n != o->tls_keys.n)
		return err_set(err, ERR_USAGE, 0,
			       "%zu --tls-cert and %zu --tls-key: each certificate needs its key",
			       o->tls_certs.n, o->tls_keys.n);
	return 0;
}

/* NAME or NAME:TAG; the colon of a port comes before a slash. */
static int split_name(struct cmdline *o)
{
	const char *slash = strrchr(o->name, '/');
	const char *colon = strchr(slash ? slash : o->name, ':');
	size_t n = colon ? (size_t)(colon - o->name) : strlen(o->name);

	if (n >= sizeof(o->repository) || (colon && !ref_valid_tag(span_str(colon + 1))))
		return -1;
	memcpy(o->repository, o->name, n);
	o->repository[n] = '\0';
	if (!is_repository(o->repository))
		return -1;
	o->name = o->repository;
	o->tag = colon ? colon + 1 : NULL;
	return 0;
}

static int check_names(struct cmdline *o, struct err *err)
{
	repository_names_host(span_str(o->registry), o->host);
	if (!ref_valid_host(span_str(o->host)))
		return err_set(err, ERR_USAGE, 0, "--default-registry \"%s\" is not a host",
			       o->registry);
	if (o->name && split_name(o) < 0)
		return err_set(err, ERR_USAGE, 0,
			       "--name \"%s\" is not a repository's name, with or without a tag",
			       o->name);
	return 0;
}

static long default_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 16 ? 16 : n;
}

static void add_server_options(struct cli_table *table, struct cmdline *o)
{
	const struct cli_opt rows[] = {
		{ .name = "listen",
		  .value = "ADDR:PORT|unix:PATH",
		  .texts = &o->listen,
		  .help = "where to listen (default 127.0.0.1:5000); may be given several "
			  "times. Port 0 picks a free one, and an IPv6 address stands in brackets. "
			  "A socket that a dead server left at PATH is replaced" },
		{ .name = "admin",
		  .value = "ADDR:PORT",
		  .to = &o->admin,
		  .help = "where to serve /metrics, /healthz and /readyz, without images and "
			  "without a login: an address that only operators reach" },
		{ .name = "threads",
		  .value = "N",
		  .number = &o->threads,
		  .min = 1,
		  .max = 256,
		  .help = "threads that answer requests (default: one for each processor, up to "
			  "16)" },
		{ .name = "access-log",
		  .value = "FILE",
		  .to = &o->access_log,
		  .help = "append a line for each request" },
		{ .name = "log-format",
		  .value = "FORMAT",
		  .choice = &o->log_format,
		  .words = access_log_formats,
		  .help = "of these lines: common (the common log format, with user agent, "
			  "host and namespace; the default), combined (with the referrer, which is "
			  "always \"-\") or json" },
		{ .name = "limit",
		  .value = "KEY=VALUE",
		  .texts = &o->limit_texts,
		  .help = "connections=N at a time (default: as descriptors allow), of which the "
			  "oldest idle ones are closed to make room; per-address=N of one address "
			  "(default: any number), beyond which its own idle ones are closed, or "
			  "429 is answered; requests-per-second=N of one address (default: any "
			  "number); header-time=20s for a whole head; idle-time=60s between two "
			  "requests; drain=30s for the replies under way after SIGTERM; may be "
			  "given several times" },
		{ .name = "trusted-proxy",
		  .value = "CIDR",
		  .texts = &o->trusted,
		  .help = "a proxy, such as 10.0.0.0/8, whose X-Forwarded-For names the client "
			  "for --access-log, --record-misses and --limit per-address=; \"unix:\" "
			  "are the clients of a unix socket; may be given several times" },
		{ .name = "record-misses",
		  .value = "FILE",
		  .to = &o->misses,
		  .help = "keep in FILE which images clients asked for that are not here, how "
			  "often and since when; mirror-sync --suggest FILE makes list lines of "
			  "it. Written once a minute at most, on SIGHUP and at the end" },
		{ .name = "no-sandbox",
		  .flag = &o->no_sandbox,
		  .help = "keep the right to every file and system call (default: after the start "
			  "only those that serving needs, as far as the kernel has landlock and "
			  "seccomp)" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_tls_options(struct cli_table *table, struct cmdline *o)
{
	const struct cli_opt rows[] = {
		{ .name = "tls-cert",
		  .value = "FILE",
		  .texts = &o->tls_certs,
		  .help = "serve https with this certificate (PEM, with those that lead to its CA "
			  "behind it). Given several times, the client's server name chooses, and "
			  "the first is the default. unix: listeners stay plain",
		  .section = "TLS" },
		{ .name = "tls-key",
		  .value = "FILE",
		  .texts = &o->tls_keys,
		  .help = "the key of each --tls-cert, in the same order (PEM, without a "
			  "passphrase)" },
		{ .name = "client-ca",
		  .value = "FILE",
		  .to = &o->client_ca,
		  .help = "ask clients for certificates that a CA of this file has signed. A "
			  "client without one is served as before" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_access_options(struct cli_table *table, struct cmdline *o)
{
	const struct cli_opt rows[] = {
		{ .name = "htpasswd",
		  .value = "FILE",
		  .to = &o->access.htpasswd,
		  .help = "users and their passwords, as htpasswd -B writes them; read again when "
			  "it changes. Public images are served as before; what is private, or not "
			  "here, asks for a login",
		  .section = "Who may read private images" },
		{ .name = "groups",
		  .value = "FILE",
		  .to = &o->access.groups,
		  .help = "lines \"group: user user ...\": who may read the images of "
			  "private=GROUP" },
		{ .name = "token-key",
		  .value = "FILE",
		  .to = &o->access.token_key,
		  .help = "a secret (openssl rand -hex 32) that servers behind one name share, so "
			  "that each takes the tokens of the others (default: one made at start)" },
	};

	CLI_TABLE_ADD(table, rows);
}

static void add_name_options(struct cli_table *table, struct cmdline *o)
{
	const struct cli_opt rows[] = {
		{ .name = "default-registry",
		  .value = "HOST",
		  .to = &o->registry,
		  .help = "the registry of names that are asked for without one (default "
			  "docker.io)",
		  .section = "Names" },
		{ .name = "name",
		  .value = "NAME[:TAG]",
		  .to = &o->name,
		  .help = "the repository of entries that have only a tag or no name, as in "
			  "layouts made by other tools; a sole entry without a tag becomes TAG, by "
			  "default latest" },
		{ .name = "list-snapshots",
		  .flag = &o->list_snapshots,
		  .help = "also list snapshots (3.19.20261120) among the tags; they can be pulled "
			  "with or without this" },
		{ .name = "no-catalog",
		  .flag = &o->no_catalog,
		  .help = "do not list repositories (/v2/_catalog)" },
		{ .name = "no-index",
		  .flag = &o->no_index,
		  .help = "do not give index.json to other mirrors and to mirror-sync --against "
			  "(/v2/_ocimirror/)" },
	};

	CLI_TABLE_ADD(table, rows);
}

int cmdline_read(struct cmdline *o, int argc, char **argv, const char *mirror, struct err *err)
{
	struct cli_table table = CLI_TABLE_INIT;
	const struct cli_program program = {
		.name = "mirror-serve",
		.synopsis = "[OPTION...] [MIRROR]",
		.summary = "a read-only registry over an OCI image layout",
		.text = text,
		.options = table.rows,
		.words = "DIR",
		.statuses = statuses,
		.environment = environment,
		.examples = examples,
		.see_also = see_also,
	};
	char **words;
	size_t n;
	int result;

	*o = (struct cmdline){ .registry = "docker.io",
			       .mirror = mirror ? mirror : "mirror",
			       .log_format = -1,
			       .threads = default_threads() };
	add_server_options(&table, o);
	add_tls_options(&table, o);
	add_name_options(&table, o);
	add_access_options(&table, o);
	result = cli_opt_parse(&program, argc, argv, &words, &n, err);
	if (result != CLI_OPT_GO) {
		cli_help_answer(&program, result);
		return result;
	}
	if (n > 1)
		return err_set(err, ERR_USAGE, 0, "one MIRROR directory, not \"%s\" as well",
			       words[1]);
	if (n == 1)
		o->mirror = words[0];
	limits_init(&o->limits);
	for (size_t i = 0; i < o->limit_texts.n; i++)
		if (limits_read(&o->limits, o->limit_texts.v[i], err) < 0)
			return -1;
	for (size_t i = 0; i < o->trusted.n; i++)
		if (trusted_proxy_add(&o->proxies, o->trusted.v[i], err) < 0)
			return -1;
	if (check_names(o, err) < 0 || check_effect(o, err) < 0)
		return -1;
	if (o->log_format < 0)
		o->log_format = ACCESS_LOG_COMMON;
	return CLI_OPT_GO;
}
