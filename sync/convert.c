#include "sync/convert.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "sync/convert_forms.h"

static struct span base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_str(slash ? slash + 1 : path);
}

static bool is_yaml_name(struct span name)
{
	return span_ends(name, ".yml") || span_ends(name, ".yaml") || span_ends(name, ".json");
}

/* "Dockerfile", "Dockerfile.test", "web.Dockerfile", "Containerfile" ... */
static bool is_dockerfile_name(struct span name)
{
	return span_starts(name, "Dockerfile") || span_starts(name, "Containerfile") ||
	       span_ends(name, ".Dockerfile") || span_ends(name, ".dockerfile") ||
	       span_ends(name, ".Containerfile");
}

static void convert_document(struct conversion *c, yaml_document_t *d)
{
	if (convert_is_regsync(d))
		convert_regsync(c, d);
	else if (convert_is_skopeo(d))
		convert_skopeo(c, d);
	else
		convert_objects(c, d);
}

static int convert_yaml(struct conversion *c, struct span bytes, struct err *err)
{
	cleanup_by(yaml_tree_release) struct yaml_tree tree = YAML_TREE_INIT;

	if (yaml_tree_parse(&tree, bytes, err) < 0)
		return -1;
	for (size_t i = 0; i < tree.n; i++)
		convert_document(c, &tree.v[i]);
	return 0;
}

int convert_bytes(struct conversion *c, struct span bytes, struct err *err)
{
	struct span name = base_name(c->file);

	if (is_yaml_name(name))
		return convert_yaml(c, bytes, err);
	if (is_dockerfile_name(name))
		convert_dockerfile(c, bytes);
	else
		convert_text(c, bytes);
	return 0;
}

static int convert_file(struct conversion *c, const char *path, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_LIST_FILE);
	size_t lost = c->lost;

	c->file = path;
	c->images = 0;
	if (file_read(AT_FDCWD, path, &bytes, err) < 0)
		return -1;
	if (convert_bytes(c, buf_span(&bytes), err) < 0)
		return err_wrap(err, "%s", path);
	if (!c->images && c->lost == lost)
		return err_set(
			err, ERR_USAGE, 0,
			"%s: no image found. Known are the files of regsync and of "
			"\"skopeo sync\", compose and Kubernetes files, values of charts (.yml, "
			".yaml, .json), Dockerfiles, and text with one reference a line",
			path);
	return 0;
}

int convert_files(char *const *files, size_t n, size_t *lost, struct err *err)
{
	cleanup_by(conversion_release) struct conversion c = CONVERSION_INIT;

	for (size_t i = 0; i < n; i++)
		if (convert_file(&c, files[i], err) < 0)
			return -1;
	if (buf_failed(&c.out))
		return err_set(err, ERR_LIMIT, 0, "the list would be larger than %lu bytes",
			       LIMIT_LIST_FILE);
	fputs(c.out.p, stdout);
	*lost = c.lost;
	return 0;
}
