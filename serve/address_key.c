#include "serve/address_key.h"

#include <arpa/inet.h>
#include <string.h>

#define NETWORK 8 /* bytes of an IPv6 address that count */

bool address_key(const char *address, char key[static ACCESS_LOG_PEER])
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1)
		return inet_ntop(AF_INET, bytes, key, ACCESS_LOG_PEER) != NULL;
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return false;
	memset(bytes + NETWORK, 0, sizeof(bytes) - NETWORK);
	return inet_ntop(AF_INET6, bytes, key, ACCESS_LOG_PEER) != NULL;
}
