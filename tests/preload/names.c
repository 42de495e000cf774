/*
 * names - other answers to the questions for a host's address, for a program under test.
 *
 *	LD_PRELOAD=names.so NAMES="evil.example=127.0.0.1 other.example=10.0.0.1" program
 *
 * Names that are not among them are resolved as always.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* The address of a name in NAMES, in `out`; or the name itself. */
static const char *address_of(const char *name, char out[static 64])
{
	const char *at = getenv("NAMES");
	size_t n = name ? strlen(name) : 0;

	while (at && n && *at) {
		size_t word = strcspn(at, " ");

		if (word > n + 1 && word - n - 1 < 64 && at[n] == '=' && memcmp(at, name, n) == 0) {
			memcpy(out, at + n + 1, word - n - 1);
			out[word - n - 1] = '\0';
			return out;
		}
		at += word + (at[word] == ' ');
	}
	return name;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	char text[64];
	resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");

	return real(address_of(name, text), service, hints, out);
}
