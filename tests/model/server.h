/*
 * server - mirror-serve in the background: started, told to read its mirror again, asked, stopped.
 */
#ifndef TESTS_MODEL_SERVER_H
#define TESTS_MODEL_SERVER_H

#include <stdbool.h>

struct server;

/* Exits when it does not start. */
void server_start(struct server *s, const char *bin, const char *mirror);
void server_stop(struct server *s);
/* Tells it to look at its mirror, and waits for a line of its log that has this text. */
void server_await(const struct server *s, const char *text);
/* Whether HEAD of that path answers 200 with this digest. */
bool server_has(const struct server *s, const char *path, const char *digest);

#endif
