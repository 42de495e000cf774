/*
 * without_mail - JSON of ours without mail addresses, for other mirrors.
 *
 * "Ann Smith <ann@corp.example>" becomes "Ann Smith", wherever it stands; of an author, an owner or
 * a member "who" without brackets, "ann@corp.example", the part before the "@" stays. References,
 * digests and places in lists ("base.list:3@1f2e...") have an "@" too, and stay. What people wrote
 * as a reason stays but for addresses in brackets.
 *
 * Nothing is parsed: the text is searched for "@", so 100,000 entries cost about what copying them
 * costs.
 */
#ifndef SERVE_WITHOUT_MAIL_H
#define SERVE_WITHOUT_MAIL_H

#include "oci/base/span.h"

struct buf;

/* Appends the text, whole lines of JSON, to out, whose ceiling the caller has chosen. */
void without_mail(struct buf *out, struct span text);

#endif
