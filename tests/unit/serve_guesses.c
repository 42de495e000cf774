#include "serve/guesses.h"

#include "oci/base/clock.h"
#include "tests/tap.h"

/* After so many wrong passwords, each looked at as soon as it may be: the pause before the next. */
static const struct {
	unsigned wrong;
	int pause;
	const char *name;
} rows[] = {
	{ 1, 0, "one wrong password" }, { 4, 0, "four of them" },
	{ 5, 5, "the first pause" },    { 6, 10, "the second one is twice as long" },
	{ 8, 40, "the fourth" },        { 9, 60, "a minute at most" },
	{ 60000, 60, "however many" },
};

int main(void)
{
	const int64_t start = 1000 * CLOCK_SEC;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guesses g = { .wrong = 0 };
		int64_t now = start;

		for (unsigned n = 0; n < rows[i].wrong; n++) {
			if (now < g.earliest)
				now = g.earliest;
			guesses_count(&g, false, now);
		}
		CHECK_ROW(guesses_allow(&g, now + rows[i].pause * CLOCK_SEC) &&
				  (!rows[i].pause ||
				   !guesses_allow(&g, now + rows[i].pause * CLOCK_SEC - 1)),
			  rows[i].name);
		guesses_count(&g, true, now);
		CHECK_ROW(guesses_allow(&g, now) && !g.wrong, "a right one ends the count");
		for (unsigned n = 0; n < GUESSES_FREE; n++)
			guesses_count(&g, false, now);
		CHECK_ROW(!guesses_allow(&g, now), "and it begins again");
		guesses_count(&g, false, now + 601 * CLOCK_SEC);
		CHECK_ROW(g.wrong == 1, "ten quiet minutes end it, too");
	}
	return tap_done();
}
