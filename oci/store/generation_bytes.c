#include "oci/store/generation_bytes.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/digest.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/served_file.h"

#define INDEX "index.json"

/* Holds the place of a table's name, while the table is made: the digest of nothing. */
#define NO_TABLE "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int write_index(const struct layout *l, const struct index *x, struct buf *bytes,
		       struct err *err)
{
	if (index_check_sizes(x, err) < 0)
		return err_wrap(err, "%s/" INDEX, l->path);
	index_write(x, bytes);
	if (buf_failed(bytes))
		return err_set(err, ERR_LIMIT, 0, "%s/" INDEX " would have more than %lu MiB",
			       l->path, LIMIT_INDEX / MIB);
	return 0;
}

static void set_table(struct index *x, struct buf *bytes, const struct digest *id)
{
	static const char text[] = "\"" ANNOTATION_TABLE "\":\"" NO_TABLE "\"";
	char *at = memmem(bytes->p, bytes->n, text, sizeof(text) - 1);

	memcpy(strstr(at, NO_TABLE), id->str, sizeof(NO_TABLE) - 1);
	index_set_annotation(x, ANNOTATION_TABLE, id->str);
}

int generation_bytes_make(const struct layout *l, struct index *x, struct buf *out,
			  struct err *no_table, struct err *err)
{
	const char *named = index_annotation(x, ANNOTATION_TABLE);
	cleanup_free char *before = xstrdup(named ? named : "");
	struct err why = ERR_INIT;
	struct digest id;

	index_set_annotation(x, ANNOTATION_TABLE, NO_TABLE);
	if (write_index(l, x, out, err) < 0)
		return -1;
	if (no_table)
		*no_table = (struct err)ERR_INIT;
	if (served_file_make(l, x, before, buf_span(out), &id, &why) == 0) {
		set_table(x, out, &id);
		return 0;
	}
	if (no_table)
		*no_table = why;
	index_set_annotation(x, ANNOTATION_TABLE, NULL);
	buf_clear(out);
	return write_index(l, x, out, err);
}
