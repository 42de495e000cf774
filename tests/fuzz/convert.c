/*
 * A file's name, a line end, and a file of another tool: what comes out is a list without errors,
 * and has a line for each image that is not counted as lost.
 */
#include "sync/convert.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/lists.h"
#include "sync/conversion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_list(struct span list)
{
	struct lists *ls = lists_new();

	lists_add(ls, "converted.list", list);
	if (ls->problems.errors)
		abort();
	lists_free(ls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_by(conversion_release) struct conversion c = CONVERSION_INIT;
	struct span bytes = span_of((const char *)data, n), name = SPAN_INIT;
	cleanup_free char *file = NULL;
	struct err err;

	span_cut(&bytes, '\n', &name);
	file = xasprintf("%.*s", SPAN_ARG(name));
	c.file = file;
	if (bytes.p && convert_bytes(&c, bytes, &err) == 0 && !buf_failed(&c.out))
		check_list(buf_span(&c.out));
	return 0;
}
