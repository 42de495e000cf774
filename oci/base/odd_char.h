/*
 * odd_char - characters that a person cannot see, or takes for others: no-break and zero-width
 * spaces, and letters of other alphabets. They are copied along from web pages and chats; a message
 * that only quotes them shows nothing.
 */
#ifndef OCI_BASE_ODD_CHAR_H
#define OCI_BASE_ODD_CHAR_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

#define ODD_CHAR_NAME 64

/* Finds the first character of text, UTF-8, that is not ASCII: its offset, and what it is, such as
 * `U+00A0, a no-break space` or `U+0430, which only looks like "a"`. False: there is none. */
bool odd_char_find(struct span text, size_t *at, char name[static ODD_CHAR_NAME]);

#endif
