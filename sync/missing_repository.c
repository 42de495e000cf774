#include "sync/missing_repository.h"

#include <stddef.h>

#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/image/ref.h"

static bool hides_deleted(const char *host)
{
	static const char *const hosts[] = { "docker.io", "quay.io" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (str_eq(host, hosts[i]))
			return true;
	return false;
}

bool missing_repository(const struct ref *source, const struct err *err, bool is_mirrored)
{
	if (err->kind == ERR_NOTFOUND)
		return true;
	return is_mirrored && err->kind == ERR_AUTH && err->sys == 401 &&
	       hides_deleted(source->host);
}
