/*
 * for_mirrors - what other mirrors read here: the index, within what the asker may read.
 *
 * /v2/_ocimirror/index.json is the view of the asker (index_views.h). Its ETag is the identity of
 * the mirror's index.json, and for members of groups which groups these are: so whoever keeps it
 * may ask with If-None-Match, and is told 304 while nothing has changed. It has no
 * Docker-Content-Digest, since it is not what index.json is.
 *
 * Each function queues the reply to an exchange whose asker is known. Errors are replies, too.
 */
#ifndef SERVE_FOR_MIRRORS_H
#define SERVE_FOR_MIRRORS_H

struct exchange;

void for_mirrors_index(struct exchange *x);

#endif
