#include "oci/cli/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/cli/eta.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"

#define REDRAW (100 * CLOCK_MS)
/* A line into a log: often enough to tell a long run from a hung one. */
#define LOG_PERIOD (60 * CLOCK_SEC)

static struct {
	int terminal; /* 0 not asked yet, 1 yes, -1 no */
	bool shown;
	int64_t drawn;
	struct eta eta;
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

/* "12 s", "3:05", "1 h 20 min" */
static void format_time(long seconds, char *out, size_t n)
{
	if (seconds < 60)
		snprintf(out, n, "%ld s", seconds);
	else if (seconds < 3600)
		snprintf(out, n, "%ld:%02ld", seconds / 60, seconds % 60);
	else
		snprintf(out, n, "%ld h %ld min", seconds / 3600, seconds % 3600 / 60);
}

static void format_line(const struct progress *p)
{
	char amount[32], rate[32], left[32];
	long seconds = eta_seconds(&line.eta);

	format_bytes(p->bytes, amount, sizeof(amount));
	format_bytes((uint64_t)eta_rate(&line.eta), rate, sizeof(rate));
	format_time(seconds, left, sizeof(left));
	snprintf(line.text, sizeof(line.text), "%zu of %zu %s, %s, %s/s%s%s%s", p->done, p->all,
		 p->unit ? p->unit : "images", amount, rate, seconds < 0 ? "" : ", about ",
		 seconds < 0 ? "" : left, seconds < 0 ? "" : " left");
}

static bool is_due(const struct progress *p, int64_t now)
{
	if (on_terminal())
		return now - line.drawn >= REDRAW;
	return now - (line.drawn ? line.drawn : p->started) >= LOG_PERIOD;
}

/* At most ten times a second, also where a line is due once a minute. */
static void update_eta(const struct progress *p, int64_t now)
{
	if (now - line.eta.at >= REDRAW)
		eta_update(&line.eta,
			   &(struct eta_work){ .bytes = p->bytes,
					       .bytes_left = p->bytes_left,
					       .done = p->done,
					       .all = p->all },
			   now);
}

void progress_show(const struct progress *p)
{
	int64_t now = clock_now();

	update_eta(p, now);
	if (!is_due(p, now))
		return;
	format_line(p);
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
