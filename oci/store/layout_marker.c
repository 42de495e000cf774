#include "oci/store/layout_marker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"

#define MARKER      "oci-layout"
#define MARKER_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

static int check_version(struct span marker, struct err *err)
{
	cleanup_json json_t *doc = json_read(marker, err);
	const char *version = json_get_text(doc, "imageLayoutVersion");

	if (!doc)
		return err_wrap(err, MARKER);
	if (!version)
		return err_set(err, ERR_INVALID, 0, MARKER ": no imageLayoutVersion");
	if (strcmp(version, "1.0.0") != 0)
		return err_set(err, ERR_INVALID, 0,
			       "an OCI layout of version \"%s\": only 1.0.0 is known", version);
	return 0;
}

/* Copies a file's name into *found and ends the walk, unless a directory with that file still
 * counts as empty: a new file system's lost+found, and a temporary of a run that was killed while
 * it made the marker. */
static int copy_unexpected(const char *name, void *found)
{
	if (strcmp(name, "lost+found") == 0 || span_starts(span_str(name), MARKER "."))
		return 0;
	buf_adds(found, name);
	return 1;
}

bool layout_marker_is_wanted(const char *path)
{
	cleanup_by(buf_release) struct buf found = BUF_INIT(LIMIT_NAME);
	struct err ignored;

	if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
		return errno == ENOENT;
	return file_walk(AT_FDCWD, path, copy_unexpected, &found, &ignored) == 0;
}

static int make_marker(int root, struct err *err)
{
	cleanup_by(buf_release) struct buf found = BUF_INIT(LIMIT_NAME);

	if (file_walk(root, ".", copy_unexpected, &found, err) < 0)
		return -1;
	if (found.n)
		return err_set(err, ERR_INVALID, 0,
			       "neither empty nor an OCI layout: it holds \"%s\" and no " MARKER
			       " file",
			       found.p);
	return file_replace(root, MARKER, MARKER_TEXT, strlen(MARKER_TEXT), 0644, err);
}

int layout_marker_check(int root, bool make, struct err *err)
{
	cleanup_by(buf_release) struct buf marker = BUF_INIT(LIMIT_TOKEN);

	if (file_read(root, MARKER, &marker, err) == 0)
		return check_version(buf_span(&marker), err);
	if (err->kind != ERR_NOTFOUND)
		return -1;
	if (make)
		return make_marker(root, err);
	return err_set(err, ERR_INVALID, 0, "not an OCI layout: no " MARKER " file");
}
