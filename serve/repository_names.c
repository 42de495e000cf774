#include "serve/repository_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/image/ref.h"

void repository_names_host(struct span host, char out[static LIMIT_NAME + 1])
{
	const char *known;

	if (host.n > LIMIT_NAME)
		host.n = 0;
	for (size_t i = 0; i < host.n; i++)
		out[i] = (char)tolower((unsigned char)host.p[i]);
	out[host.n] = '\0';
	known = ref_host_alias(out);
	if (known != out)
		memcpy(out, known, strlen(known) + 1); /* shorter than its aliases */
}

struct span repository_names_bare_host(struct span host)
{
	if (span_ends(host, ":443"))
		host.n -= 4;
	else if (span_ends(host, ":80"))
		host.n -= 3;
	return host;
}

void repository_names_written(const char *name, char out[static REPOSITORY_NAMES_MAX])
{
	cleanup_free char *written = ref_written_name(name);

	snprintf(out, REPOSITORY_NAMES_MAX, "%s", written);
}

/* The first component, if it looks like a host: "quay.io" of "quay.io/x". */
static struct span leading_host(struct span name)
{
	struct span first;

	span_cut(&name, '/', &first);
	if (!name.p || !(memchr(first.p, '.', first.n) || memchr(first.p, ':', first.n) ||
			 memchr(first.p, '_', first.n) || span_starts(first, "localhost")))
		return span_of("", 0);
	return first;
}

void repository_names_init(struct repository_names *it, struct span name, struct span ns,
			   const char *registry)
{
	it->step = 0;
	it->registry = registry;
	it->ns = it->ns_text;
	repository_names_host(ns, it->ns_text);
	if (ns.n && (!it->ns_text[0] || strchr(it->ns_text, '/')))
		it->ns = "?"; /* not a host: no repository has it, so no candidate is found */
	it->host = leading_host(name);
	it->path = name;
	if (it->host.n) {
		size_t n = it->host.n + 1;

		it->path = span_of(name.p + n, name.n - n);
	}
}

/* host may be NULL. Gives NULL when the candidate is longer than any name. */
static const char *join_name(struct repository_names *it, const char *host, const char *middle,
			     struct span name)
{
	int n = snprintf(it->text, sizeof(it->text), "%s%s%s%.*s", host ? host : "",
			 host ? "/" : "", middle, SPAN_ARG(name));

	return n < (int)sizeof(it->text) ? it->text : NULL;
}

/* The name as the client wrote it. */
static struct span whole_name(const struct repository_names *it)
{
	if (!it->host.n)
		return it->path;
	return span_of(it->host.p, it->host.n + 1 + it->path.n);
}

/* The name as the client wrote it, with its host in lower case and Docker Hub's other names
 * replaced. */
static const char *normal_name(struct repository_names *it)
{
	char host[LIMIT_NAME + 1];

	if (!it->host.n)
		return join_name(it, NULL, "", it->path);
	repository_names_host(it->host, host);
	return join_name(it, host, "", it->path);
}

/* Whether the host that stands in the name is the namespace, with its port written either way. */
static bool host_is_ns(const struct repository_names *it)
{
	char host[LIMIT_NAME + 1], ns[REPOSITORY_NAMES_MAX];

	repository_names_host(it->host, host);
	if (strcmp(host, it->ns) == 0)
		return true;
	repository_names_written(it->ns, ns);
	return it->host.n && strcmp(host, ns) == 0;
}

static bool is_single(struct span path)
{
	return !memchr(path.p, '/', path.n);
}

/* Docker's short names: "alpine" and "docker.io/alpine" mean docker.io/library/alpine. */
static const char *library_name(struct repository_names *it)
{
	char host[LIMIT_NAME + 1];
	bool hub = strcmp(it->ns[0] ? it->ns : it->registry, "docker.io") == 0;

	if (!is_single(it->path))
		return NULL;
	if (it->host.n) {
		repository_names_host(it->host, host);
		hub = strcmp(host, "docker.io") == 0 && (!it->ns[0] || hub);
	}
	return hub ? join_name(it, "docker.io", "library/", it->path) : NULL;
}

#define STEPS 4 /* the candidates of the header, in their order */

/* Begins again without the port of the namespace, if its scheme implies it. */
static bool cut_port(struct repository_names *it)
{
	size_t n = repository_names_bare_host(span_str(it->ns)).n;
	char host[LIMIT_NAME + 1];

	if (!n || !it->ns[n])
		return false;
	repository_names_host(span_of(it->ns, n), host);
	memcpy(it->ns_text, host, sizeof(host));
	it->step = 0;
	return true;
}

const char *repository_names_next(struct repository_names *it)
{
	const char *found = NULL;

	while (!found && (it->step < STEPS || cut_port(it))) {
		switch (it->step++) {
		case 0:
			if (it->ns[0])
				found = join_name(it, it->ns, "", whole_name(it));
			break;
		case 1:
			if (!it->ns[0] || host_is_ns(it))
				found = normal_name(it);
			break;
		case 2:
			if (!it->ns[0])
				found = join_name(it, it->registry, "", whole_name(it));
			break;
		case 3: found = library_name(it); break;
		}
	}
	return found;
}
