#include "oci/base/percent.h"

#include "oci/base/buf.h"

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

bool percent_encode_byte(struct buf *out, char c)
{
	return buf_addf(out, "%%%02X", (unsigned char)c);
}

bool percent_encode(struct buf *out, struct span s, const char *also)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_unreserved(c) || (c && strchr(also, c)))
			buf_addc(out, c);
		else
			percent_encode_byte(out, c);
	}
	return !buf_failed(out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool percent_decode(char *out, struct span s, size_t *n)
{
	size_t used = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '%') {
			out[used++] = s.p[i];
			continue;
		}
		high = s.n - i > 2 ? hex_digit(s.p[i + 1]) : -1;
		low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
		if (low < 0 || (high == 0 && low == 0))
			return false;
		out[used++] = (char)(high * 16 + low);
		i += 2;
	}
	*n = used;
	return true;
}
