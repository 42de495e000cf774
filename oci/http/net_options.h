/*
 * net_options - how this process reaches the network: one struct, passed whole from the program
 * that reads the environment and the command line to the modules that connect.
 */
#ifndef OCI_HTTP_NET_OPTIONS_H
#define OCI_HTTP_NET_OPTIONS_H

#include "oci/http/proxy.h"

struct trace;

/* Texts are lent for the life of what they are passed to. All but user_agent may be 0. */
struct net_options {
	const char *user_agent; /* "mirror-sync/0.1" */
	const char *ca_file;    /* SSL_CERT_FILE: CAs in place of the system's; or NULL */
	const char *ca_dir;     /* SSL_CERT_DIR, likewise */
	struct proxy proxy;     /* HTTP_PROXY, HTTPS_PROXY, NO_PROXY */
	struct trace *trace;    /* every request is written to it, lent; or NULL */
	long connect_seconds;   /* until connected, TLS included; 0: 10 */
	long read_size;         /* bytes read at once from a socket, at most; 0: 128 KiB */
	long stall_seconds;     /* without a byte; 0: 60 */
	/* For tests: shorter than oci/base/limits.h says; 0: as it says. */
	long deadline_seconds; /* LIMIT_HEAD_SECONDS, and any call's `seconds` */
	long pace_seconds;     /* LIMIT_PACE_SECONDS */
	long list_seconds;     /* LIMIT_LIST_SECONDS */
	long retry_ms;         /* before the first retry, doubled with each; 0: 500 */
};

#endif
