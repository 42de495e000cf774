#include "sync/convert_forms.h"

/* Words in front of a reference on lines that were copied from a YAML file or a Dockerfile. */
static bool is_foreign_word(struct span word)
{
	return span_eq(word, "-") || span_eq(word, "image:") || span_eq(word, "FROM");
}

/* The reference without the quotes and the comma that other files have around it. */
static struct span bare_reference(struct span word)
{
	if (span_ends(word, ","))
		word.n--;
	if (word.n > 1 && (word.p[0] == '"' || word.p[0] == '\'') &&
	    word.p[word.n - 1] == word.p[0])
		word = span_of(word.p + 1, word.n - 2);
	return word;
}

void convert_text(struct conversion *c, struct span bytes)
{
	struct span text;

	if (span_starts(bytes, "\xef\xbb\xbf"))
		bytes = span_of(bytes.p + 3, bytes.n - 3);
	for (size_t line = 1; span_cut(&bytes, '\n', &text); line++) {
		struct span word;

		if (span_ends(text, "\r"))
			text.n--;
		word = span_word(&text);
		while (text.n && is_foreign_word(word))
			word = span_word(&text);
		if (!word.n || word.p[0] == '#')
			continue;
		if (text.n && text.p[0] != '#')
			conversion_note(c, line, "left out: %.*s", SPAN_ARG(text));
		conversion_image(c, line, bare_reference(word), NULL);
	}
}
