/*
 * message - lines on stderr: "mirror-sync: <text>", one for each message. Only programs call it.
 */
#ifndef OCI_CLI_MESSAGE_H
#define OCI_CLI_MESSAGE_H

#include <stdbool.h>

struct err;

/* To be called first. The program's name begins each line. Standard descriptors that are closed
 * become /dev/null: otherwise the next file that is opened would get one of their numbers, and
 * our lines. */
void message_init(const char *program);

void message_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "warning: ..." */
void message_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void message_err(const struct err *err);

/* At the end of a program: -1, after a line about it, when something that was printed on standard
 * output could not be written. */
int message_flush_output(void);

/* Sets functions that are called before and after each line, so that a progress line can be
 * erased and redrawn; may be NULL. */
void message_hooks(void (*before)(void), void (*after)(void));

#endif
