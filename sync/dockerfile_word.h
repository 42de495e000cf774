/*
 * dockerfile_word - one word of a Dockerfile: quotes, escapes, and variables as BuildKit and
 * buildah replace them (docs.docker.com, "Dockerfile reference", "Environment replacement").
 *
 * Replaced are $NAME, ${NAME}, and ${NAME:-WORD}, ${NAME-WORD}, ${NAME:+WORD}, ${NAME+WORD},
 * ${NAME:?WORD}, ${NAME?WORD}; a WORD may have variables in it. The forms that cut a value
 * (${NAME#P}, ${NAME%P}, ${NAME/P/R}) are not, and a word with one of them has no value here:
 * half a value would be the name of another image.
 *
 * Calling order: DOCKERFILE_ARGS_INIT, dockerfile_args_add() for each ARG that counts, then
 * dockerfile_word_cut() and dockerfile_word_expand() for words behind it.
 */
#ifndef SYNC_DOCKERFILE_WORD_H
#define SYNC_DOCKERFILE_WORD_H

#include <stdbool.h>

#include "oci/base/buf.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"

struct dockerfile_args {
	char escape; /* \ or ` */
	/* "NAME=value", or "NAME" when its value is not known; of equal names the last counts */
	struct strvec set;
	bool full; /* there are more, so that no variable's value is known */
};

#define DOCKERFILE_ARGS_INIT                                                                       \
	{                                                                                          \
		.escape = '\\', .set = STRVEC_INIT                                                 \
	}

void dockerfile_args_release(struct dockerfile_args *a);

/* Sets what a word of an ARG says, NAME=value: quotes and variables in the value are replaced. A
 * word without "=" sets nothing. */
void dockerfile_args_add(struct dockerfile_args *a, struct span word);

/* Cuts the next word off the front of *rest: up to a blank that no quote and no escape protects.
 * Its text is as it stands in the file; an empty one is the end. *open says that a quote is not
 * closed, so that the word goes to the end. */
struct span dockerfile_word_cut(struct span *rest, char escape, bool *open);

/* Appends what the word stands for. False: it has a variable without a known value, a form that is
 * not replaced, or a quote or brace that is not closed, or *out is full; *out has something then
 * that means nothing. The platforms that a builder sets (TARGETARCH and the like) have no known
 * value unless an ARG gives one. */
bool dockerfile_word_expand(const struct dockerfile_args *a, struct span word, struct buf *out);

#endif
