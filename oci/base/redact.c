#include "oci/base/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

static bool is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The characters of base64, base64url, hexadecimal, JWTs and percent-encoding. */
static bool in_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+/=_-.%~", c));
}

static size_t token_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && in_token(s.p[n]))
		n++;
	return n;
}

/* Ordinary words, host names, paths and error codes have letters of one case and a few marks. */
static bool looks_secret(struct span word)
{
	size_t lower = 0, upper = 0, odd = 0;

	for (size_t i = 1; i < word.n; i++) {
		lower += islower((unsigned char)word.p[i]) != 0;
		upper += isupper((unsigned char)word.p[i]) != 0;
		odd += isdigit((unsigned char)word.p[i]) || strchr("+%=", word.p[i]);
	}
	return word.n >= 40 || (word.n >= 12 && odd + (lower ? upper : 0) >= 2);
}

/* The length of the secret, or of a token, at the front of s; 0 when there is none. */
static size_t secret_length(struct span s, const char *secret)
{
	size_t n = secret ? strlen(secret) : 0;

	if (n && n <= s.n && memcmp(s.p, secret, n) == 0)
		return n;
	n = token_length(s);
	return n && looks_secret(span_of(s.p, n)) ? n : 0;
}

void redact(char out[static REDACT_MAX], struct span text, const char *secret)
{
	size_t at = 0, step;
	bool blank = true;

	for (size_t i = 0; i < text.n && at + sizeof("...") <= REDACT_MAX; i += step) {
		char c = text.p[i];
		size_t hide = secret_length(span_of(text.p + i, text.n - i), secret);

		step = hide ? hide : 1;
		if (hide)
			at += (size_t)snprintf(out + at, REDACT_MAX - at, "...");
		else if (!is_space(c))
			out[at++] = c;
		else if (!blank)
			out[at++] = ' ';
		blank = !hide && is_space(c);
	}
	while (at && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
}
