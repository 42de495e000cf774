#include "serve/cmdline.h"

#include <unistd.h>

#include "oci/base/err.h"
#include "oci/cli/cli_opt.h"
#include "oci/image/ref.h"
#include "serve/repository_names.h"

static const char text[] =
	"Serves an OCI image layout, such as a mirror kept by mirror-sync, to docker, containerd, "
	"podman and every other client of the distribution API. It only reads: GET and HEAD.\n\n"
	"MIRROR is the layout's directory (default: MIRROR_DIR of the environment, else "
	"\"mirror\"). When its index.json is replaced the new one is served from the next request "
	"on; one that cannot be read changes nothing. SIGHUP looks at it again in any case. "
	"SIGTERM and SIGINT finish what is being sent, then end; a second one ends at once.";

static const char after[] =
	"An image docker.io/library/alpine:3.19 is found as alpine:3.19, library/alpine:3.19 and "
	"docker.io/library/alpine:3.19. A registry with a port is also found as HOST_PORT, since "
	"clients cannot write a colon there.\n\n"
	"When it is ready it prints \"listening on http://ADDR:PORT\". Exit status: 0 after a "
	"signal, 1 for a wrong command line, 16 when the mirror or the address cannot be used.";

/* A repository's name, with or without a host in front. */
static bool is_repository(const char *name)
{
	struct span path = span_str(name), host;

	if (ref_valid_path(path))
		return true;
	span_cut(&path, '/', &host);
	return path.p && ref_valid_host(host) && ref_valid_path(path);
}

static int check(struct cmdline *o, struct err *err)
{
	repository_names_host(span_str(o->registry), o->host);
	if (!ref_valid_host(span_str(o->host)))
		return err_set(err, ERR_USAGE, 0, "--default-registry \"%s\" is not a host",
			       o->registry);
	if (o->name && !is_repository(o->name))
		return err_set(err, ERR_USAGE, 0, "--name \"%s\" is not a repository's name",
			       o->name);
	return 0;
}

static long default_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 16 ? 16 : n;
}

int cmdline_read(struct cmdline *o, int argc, char **argv, const char *mirror,
		 struct cli_program *program, struct err *err)
{
	static struct cli_opt table[] = {
		{ .name = "listen",
		  .value = "ADDR:PORT",
		  .help = "where to listen (default 127.0.0.1:5000); port 0 picks a free one, and an "
			  "IPv6 address stands in brackets" },
		{ .name = "threads",
		  .value = "N",
		  .help = "threads that answer requests (default: one for each processor, up to 16)",
		  .min = 1,
		  .max = 256 },
		{ .name = "access-log",
		  .value = "FILE",
		  .help = "append a line for each request: the common log format, with the user agent" },
		{ .name = "default-registry",
		  .value = "HOST",
		  .help = "whose images are meant by names without a registry (default docker.io)",
		  .section = "Names" },
		{ .name = "name",
		  .value = "NAME",
		  .help = "the repository of entries that have only a tag, as in layouts made by other "
			  "tools" },
		{ .name = "list-snapshots",
		  .help = "also list snapshots (3.19.20261120) among the tags; they can be pulled in "
			  "any case" },
		CLI_OPT_END,
	};
	char **words;
	size_t n;
	int result;

	*o = (struct cmdline){ .listen = "127.0.0.1:5000",
			       .registry = "docker.io",
			       .mirror = mirror ? mirror : "mirror",
			       .threads = default_threads() };
	table[0].to = &o->listen;
	table[1].number = &o->threads;
	table[2].to = &o->access_log;
	table[3].to = &o->registry;
	table[4].to = &o->name;
	table[5].flag = &o->list_snapshots;
	*program = (struct cli_program){ .name = "mirror-serve",
					 .synopsis = "[OPTION...] [MIRROR]",
					 .summary = "a read-only registry over an OCI image layout",
					 .text = text,
					 .after = after,
					 .options = table };
	result = cli_opt_parse(program, argc, argv, &words, &n, err);
	if (result != CLI_OPT_GO)
		return result;
	if (n > 1)
		return err_set(err, ERR_USAGE, 0, "one MIRROR directory, not \"%s\" as well",
			       words[1]);
	if (n == 1)
		o->mirror = words[0];
	return check(o, err) < 0 ? -1 : CLI_OPT_GO;
}
