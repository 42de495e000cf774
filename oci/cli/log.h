/*
 * log - lines on stderr: "mirror-sync: <text>", one each. Only programs call it.
 */
#ifndef OCI_CLI_LOG_H
#define OCI_CLI_LOG_H

#include <stdbool.h>

struct err;

/* To be called first. The program's name, for the front of each line. Standard descriptors that are closed become
 * /dev/null: the next file opened would be taken for one of them, and get our lines. */
void log_init(const char *program);

void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "warning: ..." */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_err(const struct err *err);

/* Called before and after each line, so that a progress line can step aside; may be NULL. */
void log_hooks(void (*before)(void), void (*after)(void));

#endif
