/*
 * exit_status - the exit statuses of the three programs: a sum of bits.
 *
 * docs/formats.md, "Exit statuses", says what each program means by them.
 */
#ifndef OCI_CLI_EXIT_STATUS_H
#define OCI_CLI_EXIT_STATUS_H

#include <stddef.h>

struct err;

enum exit_status {
	EXIT_OK = 0,
	EXIT_USAGE = 1,
	EXIT_PART = 2,
	EXIT_LIMITED = 4,
	EXIT_GONE = 8,
	EXIT_MIRROR = 16,
	EXIT_PENDING = 32
};

struct exit_status_row {
	enum exit_status bit;
	const char *name;    /* for --tolerate; NULL: this bit cannot be tolerated */
	const char *meaning; /* for people, without a full stop */
};

/* One row for each status, in the order of their values; the last row has no meaning. */
extern const struct exit_status_row exit_status_rows[];

/* Reads the value of --tolerate, a list of names ("gone,limited"; NULL: none), into *bits, their
 * sum. USAGE, with the list of all names, for a word that is not one of them. */
int exit_status_tolerate(const char *names, int *bits, struct err *err);

#endif
