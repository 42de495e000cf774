#include "serve/address_key.h"

#include "oci/base/str.h"
#include "tests/tap.h"

/* key: NULL when the text is no address. */
static const struct {
	const char *name, *address, *key;
} rows[] = {
	{ "IPv4", "192.0.2.7", "192.0.2.7" },
	{ "the first 64 bits of IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
	{ "an address of the same network", "2001:db8:1:2::1", "2001:db8:1:2::" },
	{ "another network", "2001:db8:1:3::1", "2001:db8:1:3::" },
	{ "this machine", "::1", "::" },
	{ "a unix socket", "unix:", NULL },
	{ "nothing", "", NULL },
	{ "a name", "proxy.example", NULL },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char key[ACCESS_LOG_PEER];
		bool found = address_key(rows[i].address, key);

		CHECK_ROW(found == (rows[i].key != NULL) && (!found || str_eq(key, rows[i].key)),
			  rows[i].name);
	}
	return tap_done();
}
