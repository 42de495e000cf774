/*
 * printable - which characters of a stranger's text may leave the programs: the one table.
 *
 * Texts of registries, git authors, journals and other mirrors reach terminals, logs of pipelines,
 * JSON and reports. A character that moves the cursor, changes the direction of text or cannot be
 * seen may make a message say something else than it does. So these are not shown: control
 * characters (C0, DEL, C1), line and paragraph separators, bidirectional controls (UAX #9),
 * zero-width and other invisible format characters, tags (U+E0000), bytes that are not UTF-8.
 *
 * Nor is the end of "##[", "##vso[" and their like: GitHub's and Azure's runners take the words
 * behind it for a command, wherever it stands in a line. "::" is a command to GitHub's where it
 * begins a line. So a line begins with words of ours (the program's name, "| ", "# ", a place in a
 * file), or with what printable_begin() has looked at; JSON begins with a bracket or a quote.
 */
#ifndef OCI_BASE_PRINTABLE_H
#define OCI_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

/* The bytes of the character at the front of s when it may be shown, else 0. */
size_t printable_length(struct span s);

/* Whether text.p[at] is the "[" of "##[" or "##word[". */
bool printable_opens_command(struct span text, size_t at);

/* Makes text fit to be shown: each byte of what may not be shown becomes "?", and the bracket that
 * opens a command "(". Gives text. */
char *printable_clean(char *text);

/* The same for a text that begins a line: its first ":" becomes "?" when it would open a command.
 * Blanks in front do not hide one. */
char *printable_begin(char *text);

/* The code point of the UTF-8 character of n bytes at p (n is span_utf8()'s). */
uint32_t printable_code(const char *p, size_t n);

#endif
