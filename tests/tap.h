/*
 * tap - checks that print as TAP. A failed check is counted and the test goes on, so that scoped
 * cleanup runs; tables of rows print their names.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdio.h>
#include <string.h>

static int tap_n, tap_bad;

static inline int tap_report(int ok, const char *what, const char *file, int line)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_n, what);
	if (!ok) {
		tap_bad++;
		printf("#   at %s:%d\n", file, line);
	}
	return ok;
}

static inline int tap_report_text(const char *got, const char *want, const char *what,
				  const char *file, int line)
{
	int ok = got && want ? strcmp(got, want) == 0 : got == want;

	tap_report(ok, what, file, line);
	if (!ok)
		printf("#   got:  %s\n#   want: %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return ok;
}

#define CHECK(cond)                 tap_report(!!(cond), #cond, __FILE__, __LINE__)
#define CHECK_ROW(cond, name)       tap_report(!!(cond), name, __FILE__, __LINE__)
#define CHECK_TEXT(got, want, name) tap_report_text(got, want, name, __FILE__, __LINE__)

/* The last line of main(). */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_bad > 0;
}

#endif
