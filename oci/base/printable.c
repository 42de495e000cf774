#include "oci/base/printable.h"

#include <ctype.h>
#include <string.h>

/* Code points that are not shown, in order. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x0000, 0x001f },   /* C0 */
	{ 0x007f, 0x009f },   /* DEL, C1: U+009B starts an escape sequence */
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x061c, 0x061c },   /* Arabic letter mark: direction */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* invisible vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f },   /* zero width, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, embeddings and overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotations */
	{ 0xfffe, 0xffff },   /* no characters */
	{ 0x1bca0, 0x1bca3 }, /* shorthand format controls */
	{ 0x1d173, 0x1d17a }, /* musical format controls */
	{ 0xe0000, 0xe0fff }, /* tags: invisible copies of ASCII */
};

uint32_t printable_code(const char *p, size_t n)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)p[0] & first_bits[n];

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}

static bool is_hidden(uint32_t code)
{
	size_t i = 0;

	while (i < sizeof(hidden) / sizeof(hidden[0]) && code > hidden[i].last)
		i++;
	return i < sizeof(hidden) / sizeof(hidden[0]) && code >= hidden[i].first;
}

size_t printable_length(struct span s)
{
	size_t n = span_utf8(s);

	return n && !is_hidden(printable_code(s.p, n)) ? n : 0;
}

bool printable_opens_command(struct span text, size_t at)
{
	size_t i = at;

	if (text.p[at] != '[')
		return false;
	while (i && isalnum((unsigned char)text.p[i - 1]))
		i--;
	return i >= 2 && text.p[i - 1] == '#' && text.p[i - 2] == '#';
}

char *printable_clean(char *text)
{
	struct span all = span_str(text);
	size_t n, step;

	for (size_t i = 0; i < all.n; i += step) {
		n = span_utf8(span_of(text + i, all.n - i));
		step = n ? n : 1;
		if (!printable_length(span_of(text + i, all.n - i)))
			memset(text + i, '?', step);
		else if (printable_opens_command(all, i))
			text[i] = '(';
	}
	return text;
}

char *printable_begin(char *text)
{
	char *first = printable_clean(text) + strspn(text, " ");

	if (first[0] == ':' && first[1] == ':')
		first[0] = '?';
	return text;
}
