#include "oci/base/odd_char.h"

#include <stdio.h>

struct known {
	unsigned code;
	const char *name;
};

static const struct known spaces[] = {
	{ 0x00a0, "a no-break space" },        { 0x00ad, "a soft hyphen" },
	{ 0x2007, "a figure space" },          { 0x200b, "a zero-width space" },
	{ 0x200c, "a zero-width non-joiner" }, { 0x200d, "a zero-width joiner" },
	{ 0x200e, "a left-to-right mark" },    { 0x200f, "a right-to-left mark" },
	{ 0x202f, "a narrow no-break space" }, { 0x2060, "a word joiner" },
	{ 0x3000, "an ideographic space" },    { 0xfeff, "a zero-width no-break space" },
};

/* What looks like a character of names: Cyrillic and Greek letters, dashes and quotes. */
static const struct known alike[] = {
	{ 0x0430, "a" }, { 0x0441, "c" }, { 0x0501, "d" },  { 0x0435, "e" },  { 0x04bb, "h" },
	{ 0x0456, "i" }, { 0x0458, "j" }, { 0x043a, "k" },  { 0x04cf, "l" },  { 0x043e, "o" },
	{ 0x0440, "p" }, { 0x0455, "s" }, { 0x0443, "y" },  { 0x0445, "x" },  { 0x03b1, "a" },
	{ 0x03bf, "o" }, { 0x03c1, "p" }, { 0x03bd, "v" },  { 0x03b9, "i" },  { 0x2010, "-" },
	{ 0x2011, "-" }, { 0x2012, "-" }, { 0x2013, "-" },  { 0x2014, "--" }, { 0x2212, "-" },
	{ 0x2018, "'" }, { 0x2019, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x201e, "\"" },
	{ 0xff0c, "," }, { 0xff1a, ":" }, { 0xff1d, "=" },  { 0xff0f, "/" },  { 0x2215, "/" },
	{ 0x2044, "/" }, { 0x2024, "." }, { 0xff0e, "." },
};

#define FIND(table, code) find_name(table, sizeof(table) / sizeof((table)[0]), code)

static const char *find_name(const struct known *table, size_t n, unsigned code)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].code == code)
			return table[i].name;
	return NULL;
}

/* The code point of a character of n bytes. */
static unsigned code_of(const char *p, size_t n)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned code = (unsigned char)p[0] & masks[n];

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}

bool odd_char_find(struct span text, size_t *at, char name[static ODD_CHAR_NAME])
{
	const char *space, *like;
	unsigned code;
	size_t i = 0, n;

	while (i < text.n && (unsigned char)text.p[i] < 0x80)
		i++;
	if (i == text.n)
		return false;
	*at = i;
	n = span_utf8(span_of(text.p + i, text.n - i));
	code = n ? code_of(text.p + i, n) : (unsigned char)text.p[i];
	space = FIND(spaces, code);
	like = FIND(alike, code);
	if (like)
		snprintf(name, ODD_CHAR_NAME, "U+%04X, which only looks like %s", code, like);
	else
		snprintf(name, ODD_CHAR_NAME, "U+%04X%s%s", code, space ? ", " : "",
			 space ? space : "");
	return true;
}
