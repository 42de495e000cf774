/* Whatever a request's path and query hold, their parts lie in them or in what was decoded from
 * them, without a NUL; and no name that is looked for is longer than REPOSITORY_NAMES_MAX. */
#include "serve/route.h"

#include <stdint.h>
#include <stdlib.h>

#include "serve/repository_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct span s)
{
	if (s.n > LIMIT_REQUEST_LINE || (s.n && memchr(s.p, '\0', s.n)))
		abort();
}

static void check_names(const struct route *r)
{
	const char *candidate;
	struct repository_names it;
	int count = 0;

	repository_names_init(&it, r->name, r->ns.p ? r->ns : span_of("", 0), "docker.io");
	while ((candidate = repository_names_next(&it)))
		if (strlen(candidate) >= REPOSITORY_NAMES_MAX || ++count > 4)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char scratch[LIMIT_REQUEST_LINE];
	struct span path, query = span_of((const char *)data, n);
	struct route r;

	/* what a request line cannot bring is not looked at */
	if (n > LIMIT_REQUEST_LINE || memchr(data, '\0', n))
		return 0;
	span_cut(&query, '?', &path);
	if (!query.p)
		query = span_of("", 0);
	route_parse(&r, path, query, scratch);
	if (r.kind == ROUTE_BAD)
		return 0;
	check(r.name);
	check(r.reference);
	check(r.ns);
	check(r.n);
	check(r.last);
	for (size_t i = 0; i < r.ntypes; i++)
		check(r.types[i]);
	if (r.name.n)
		check_names(&r);
	return 0;
}
