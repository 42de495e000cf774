/*
 * cmdline - the command line of mirror-serve.
 */
#ifndef SERVE_CMDLINE_H
#define SERVE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/cli/cli_opt.h"
#include "serve/access.h"
#include "serve/limits.h"
#include "serve/trusted_proxy.h"

struct err;

struct cmdline {
	const char *mirror;                   /* directory */
	struct cli_texts listen;              /* ADDR:PORT or unix:PATH */
	const char *admin;                    /* ADDR:PORT, or NULL */
	struct cli_texts tls_certs, tls_keys; /* paths; as many of one as of the other */
	const char *client_ca;                /* path, or NULL */
	const char *registry;                 /* --default-registry */
	const char *name;                     /* of entries that have only a tag, or NULL */
	const char *tag;                      /* of a sole entry that has none, or NULL */
	const char *misses;                   /* --record-misses: path, or NULL */
	const char *access_log;               /* path, or NULL */
	int log_format;                       /* enum access_log_format */
	struct cli_texts limit_texts;
	struct limits limits; /* of them */
	struct cli_texts trusted;
	struct trusted_proxies proxies; /* of `trusted` */
	struct access_source access;    /* --htpasswd, --groups, --token-key */
	bool list_snapshots, no_catalog, no_index;
	bool no_sandbox;
	long threads;
	char repository[512]; /* the name of --name without its tag */
	char host[256];       /* the registry in the form of names_host() */
};

/*
 * Reads the command line; texts are lent by argv. mirror is MIRROR_DIR of the environment, or NULL.
 * Gives CLI_OPT_GO; another result of cli_opt_parse() when --help or the like was printed; or -1
 * with USAGE.
 */
int cmdline_read(struct cmdline *o, int argc, char **argv, const char *mirror, struct err *err);

#endif
