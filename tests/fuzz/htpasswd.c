/* Every user of a file that is accepted is found under a valid name, with a hash of an accepted
 * format; a message never shows a hash. */
#include "serve/htpasswd.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/err.h"
#include "serve/password_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct htpasswd h;
	struct err err;

	if (htpasswd_parse(&h, "f", span_of((const char *)data, n), &err) < 0) {
		if (strncmp(err.msg, "f:", 2) != 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < h.n; i++)
		if (htpasswd_find(&h, h.v[i].name) != &h.v[i] ||
		    !htpasswd_valid_name(span_str(h.v[i].name)) ||
		    password_hash_check(span_str(h.v[i].hash), &err) < 0)
			abort();
	htpasswd_release(&h);
	return 0;
}
