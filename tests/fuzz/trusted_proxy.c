/* X-Forwarded-For: the client is one of the addresses that stand there, or the peer. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/err.h"
#include "serve/trusted_proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trusted_proxies t = { .n = 0 };
	struct span list = span_of((const char *)data, size);
	char client[ACCESS_LOG_PEER];
	uint8_t address[16];
	struct err err;

	trusted_proxy_add(&t, "10.0.0.0/8", &err);
	trusted_proxy_add(&t, "fd00::/8", &err);
	trusted_proxy_client(&t, "10.0.0.1", &list, 1, client);
	if (inet_pton(AF_INET, client, address) != 1 && inet_pton(AF_INET6, client, address) != 1)
		abort();
	return 0;
}
