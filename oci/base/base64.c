#include "oci/base/base64.h"

#include <stdint.h>

#include "oci/base/buf.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_encode(struct buf *out, const void *p, size_t n)
{
	const unsigned char *in = p;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i < 3 ? n - i : 3;
		uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				(left > 2 ? (uint32_t)in[i + 2] : 0);
		char four[4] = { alphabet[bits >> 18], alphabet[bits >> 12 & 63],
				 left > 1 ? alphabet[bits >> 6 & 63] : '=',
				 left > 2 ? alphabet[bits & 63] : '=' };

		if (!buf_add(out, four, sizeof(four)))
			return false;
	}
	return true;
}

/* Cuts the padding off; false when it does not fill up a group of four. */
static bool cut_padding(struct span *text)
{
	size_t n = text->n;

	while (text->n && text->n + 2 > n && text->p[text->n - 1] == '=')
		text->n--;
	return text->n == n || n % 4 == 0;
}

bool base64_decode(struct buf *out, struct span text)
{
	uint32_t bits = 0;
	unsigned have = 0;

	if (!cut_padding(&text) || text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *at = memchr(alphabet, text.p[i], sizeof(alphabet) - 1);

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (!buf_addc(out, (char)(bits >> have)))
			return false;
	}
	return true;
}
