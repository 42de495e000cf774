#include "sync/output_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"

/* The path with its directory resolved; NULL when it has none, or names no file. */
static char *resolved_path(const char *path)
{
	const char *slash, *name;
	cleanup_free char *dir = NULL, *real = NULL;

	if (!path || strcmp(path, "-") == 0)
		return NULL;
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	real = realpath(dir, NULL);
	return real ? xasprintf("%s/%s", strcmp(real, "/") == 0 ? "" : real, name) : NULL;
}

static int check_within(const char *option, const char *path, const char *mirror, struct err *err)
{
	cleanup_free char *file = resolved_path(path), *root = realpath(mirror, NULL);
	size_t n = root ? strlen(root) : 0;

	if (!file || !root || strncmp(file, root, n) != 0 || file[n] != '/')
		return 0;
	return err_set(err, ERR_USAGE, 0,
		       "%s: \"%s\" is within the mirror, where only the mirror's own files may "
		       "change; give a path outside it",
		       option, path);
}

int output_path_check(const char *report, const char *trace, const char *mirror, struct err *err)
{
	cleanup_free char *one = resolved_path(report), *other = resolved_path(trace);

	if (one && other && strcmp(one, other) == 0)
		return err_set(err, ERR_USAGE, 0,
			       "--report and --trace name one file, \"%s\", and the report would "
			       "replace the trace; give two names",
			       report);
	if (check_within("--report", report, mirror, err) < 0)
		return -1;
	return check_within("--trace", trace, mirror, err);
}
