/*
 * The decision on the entries of a layer. A line of the input is an entry: its first byte says the
 * kind ("s", "h", or any other), then come its name and, behind a tab, the target of a link. A name
 * that is judged to stay inside has no ".." and is not absolute.
 */
#include "publish/layer_names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_line(struct layer_names *n, struct span line)
{
	cleanup_free char *name = xstrndup(line.p + 1, line.n - 1);
	char *tab = strchr(name, '\t');
	enum layer_entry kind = LAYER_ENTRY_PLAIN;

	if (tab) {
		*tab = '\0';
		kind = line.p[0] == 's'   ? LAYER_ENTRY_SYMLINK
		       : line.p[0] == 'h' ? LAYER_ENTRY_HARDLINK
					  : LAYER_ENTRY_PLAIN;
	}
	if (layer_names_add(n, kind, name, tab ? tab + 1 : "") == LAYER_NAME_INSIDE &&
	    (strstr(name, "/../") || strncmp(name, "../", 3) == 0 ||
	     (name[0] == '/' && name[strspn(name, "/.")])))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_by(layer_names_release) struct layer_names n = LAYER_NAMES_INIT;
	struct span rest = span_of((const char *)data, size), line;

	while (rest.n && span_cut(&rest, '\n', &line))
		if (line.n)
			add_line(&n, line);
	return 0;
}
