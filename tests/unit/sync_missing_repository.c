#include "sync/missing_repository.h"

#include "oci/base/err.h"
#include "oci/image/ref.h"
#include "tests/tap.h"

static struct {
	const char *name;
	char host[16];
	enum err_kind kind;
	int status;
	bool is_mirrored, missing;
} rows[] = {
	{ "404", "a.example", ERR_NOTFOUND, 404, true, true },
	{ "404 of what is new", "a.example", ERR_NOTFOUND, 404, false, true },
	{ "401 from Docker Hub", "docker.io", ERR_AUTH, 401, true, true },
	{ "401 from Quay", "quay.io", ERR_AUTH, 401, true, true },
	{ "401 for what is new", "docker.io", ERR_AUTH, 401, false, false },
	{ "401 from others", "a.example", ERR_AUTH, 401, true, false },
	{ "403 from Docker Hub", "docker.io", ERR_AUTH, 403, true, false },
	{ "credentials that may be wrong", "docker.io", ERR_AUTH, 0, true, false },
	{ "a host that is down", "docker.io", ERR_NET, 503, true, false },
	{ "a quota", "docker.io", ERR_LIMIT, 429, true, false },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ref source = { .host = rows[i].host };
		struct err err = { .kind = rows[i].kind, .sys = rows[i].status };

		CHECK_ROW(missing_repository(&source, &err, rows[i].is_mirrored) == rows[i].missing,
			  rows[i].name);
	}
	return tap_done();
}
