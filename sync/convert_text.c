#include "sync/convert_forms.h"

void convert_text(struct conversion *c, struct span bytes)
{
	struct span text;

	for (size_t line = 1; span_cut(&bytes, '\n', &text); line++) {
		struct span word;

		if (span_ends(text, "\r"))
			text.n--;
		word = span_word(&text);
		if (!word.n || word.p[0] == '#')
			continue;
		if (text.n && text.p[0] != '#')
			conversion_note(c, line, "left out: %.*s", SPAN_ARG(text));
		conversion_image(c, line, word, NULL);
	}
}
