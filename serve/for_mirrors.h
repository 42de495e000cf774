/*
 * for_mirrors - what other mirrors read here: the index and the journal, within what the asker may
 * read.
 *
 * /v2/_ocimirror/index.json is the view of the asker (index_views.h). Its ETag is the identity of
 * the mirror's index.json, and for members of groups which groups these are: so whoever keeps it
 * may ask with If-None-Match, and is told 304 while nothing has changed. It has no
 * Docker-Content-Digest, since it is not what index.json is.
 *
 * /v2/_ocimirror/journal?from=N is the lines of the journal from byte N on (without it, from the
 * first): those about repositories of the present generation that the asker may read, and those
 * about a generation as a whole, as JSON lines. A page comes from a megabyte of the journal; when
 * more follows, a Link field (RFC 8288) has its address, and X-Mirror-Journal-Next is always where
 * to go on, also later. A line about a repository that is no longer there is given to nobody: it
 * may have been private. 404 for an N at which no line begins.
 *
 * Each function queues the reply to an exchange whose asker is known. Errors are replies, too.
 */
#ifndef SERVE_FOR_MIRRORS_H
#define SERVE_FOR_MIRRORS_H

struct exchange;

void for_mirrors_index(struct exchange *x);
void for_mirrors_journal(struct exchange *x);

#endif
