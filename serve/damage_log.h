/*
 * damage_log - tells on stderr of files of the mirror that are not what they should be, at most
 * ten lines a second, with the number of those left out: a client chooses how often it asks for
 * such a file.
 */
#ifndef SERVE_DAMAGE_LOG_H
#define SERVE_DAMAGE_LOG_H

/* A warning: which file, what is wrong with it, what to do. From any thread. */
void damage_log_add(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

#endif
