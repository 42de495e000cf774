#include "oci/cli/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"

/* The rate shown is that of the last seconds: it follows changes, an average of the run does
 * not. */
#define RATE_WINDOW (3 * CLOCK_SEC)
#define REDRAW      (100 * CLOCK_MS)
/* A line into a log: often enough to tell a long run from a hung one. */
#define LOG_PERIOD (60 * CLOCK_SEC)

static struct {
	int terminal; /* 0 not asked yet, 1 yes, -1 no */
	bool shown;
	int64_t drawn, rate_since;
	uint64_t rate_from;
	double rate; /* bytes a second */
	char text[160];
} line;

static void erase_line(void)
{
	if (line.shown)
		fputs("\r\033[K", stderr);
}

static void draw_line(void)
{
	if (line.shown)
		fputs(line.text, stderr);
	fflush(stderr);
}

static bool on_terminal(void)
{
	if (line.terminal == 0) {
		line.terminal = isatty(STDERR_FILENO) ? 1 : -1;
		if (line.terminal == 1)
			message_hooks(erase_line, draw_line);
	}
	return line.terminal == 1;
}

static void update_rate(const struct progress *p, int64_t now)
{
	bool first = line.rate_from == 0;

	if (!line.rate_since)
		line.rate_since = p->started;
	if (now - line.rate_since < (first ? REDRAW : RATE_WINDOW))
		return;
	line.rate =
		(double)(p->bytes - line.rate_from) * CLOCK_SEC / (double)(now - line.rate_since);
	if (first && now - line.rate_since < RATE_WINDOW)
		return; /* the average so far, until there is a window */
	line.rate_since = now;
	line.rate_from = p->bytes;
}

/* Estimates the seconds that are left, by images and by bytes: the longer of the two, rounded
 * up; -1 when neither estimate can be made yet. */
static long seconds_left(const struct progress *p, int64_t now)
{
	double by_images = -2, by_bytes = -2;

	if (p->done && p->done < p->all)
		by_images = (double)(now - p->started) / (double)p->done *
			    (double)(p->all - p->done) / CLOCK_SEC;
	if (p->bytes_left && line.rate > 0)
		by_bytes = (double)p->bytes_left / line.rate;
	return (long)(by_images > by_bytes ? by_images : by_bytes) + 1;
}

static void format_line(const struct progress *p, int64_t now)
{
	char amount[32], rate[32], left[64] = "";
	long seconds = seconds_left(p, now);

	format_bytes(p->bytes, amount, sizeof(amount));
	format_bytes((uint64_t)line.rate, rate, sizeof(rate));
	if (seconds >= 0)
		snprintf(left, sizeof(left), ", about %ld:%02ld left", seconds / 60, seconds % 60);
	snprintf(line.text, sizeof(line.text), "%zu of %zu images, %s, %s/s%s", p->done, p->all,
		 amount, rate, left);
}

static bool is_due(const struct progress *p, int64_t now)
{
	if (on_terminal())
		return now - line.drawn >= REDRAW;
	return now - (line.drawn ? line.drawn : p->started) >= LOG_PERIOD;
}

void progress_show(const struct progress *p)
{
	int64_t now = clock_now();

	if (!is_due(p, now))
		return;
	update_rate(p, now);
	format_line(p, now);
	line.drawn = now;
	if (!on_terminal()) {
		message_line("%s", line.text);
		return;
	}
	erase_line();
	line.shown = true;
	draw_line();
}

void progress_end(void)
{
	erase_line();
	fflush(stderr);
	line.shown = false;
}
