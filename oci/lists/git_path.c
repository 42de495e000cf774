#include "oci/lists/git_path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"

bool git_path_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *git_path_in_tree(const char *path)
{
	struct span rest = span_str(path), part;
	struct buf out = BUF_INIT(PATH_MAX);

	while (span_cut(&rest, '/', &part))
		if (part.n && !span_eq(part, "."))
			buf_addf(&out, "%s%.*s", out.n ? "/" : "", SPAN_ARG(part));
	return buf_take(&out);
}

char *git_path_existing(const char *where, const char **rest)
{
	char *path = xstrdup(where);
	size_t n = strlen(path);

	while (n && !git_path_is_directory(path)) {
		while (n && path[n - 1] == '/')
			n--;
		while (n && path[n - 1] != '/')
			n--;
		path[n] = '\0';
	}
	*rest = where + n;
	if (!n) {
		free(path);
		path = xstrdup(".");
	}
	return path;
}

char *git_path_below(const char *root, const char *directory, const char *rest)
{
	cleanup_free char *top = root ? realpath(root, NULL) : NULL,
			  *real = realpath(directory, NULL);
	cleanup_free char *joined = NULL;
	size_t n;

	if (!top || !real)
		return NULL;
	n = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(top, real, n) != 0 || (real[n] && real[n] != '/'))
		return NULL;
	joined = xasprintf("%s/%s", real + n, rest);
	return git_path_in_tree(joined);
}
