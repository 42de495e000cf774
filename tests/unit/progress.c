#include "oci/cli/format.h"
#include "oci/cli/progress.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"
#include "tests/tap.h"

static const struct {
	uint64_t bytes;
	const char *text;
} amounts[] = {
	{ 0, "0 bytes" },
	{ 999, "999 bytes" },
	{ 1000, "1.0 kB" },
	{ 60009833, "60.0 MB" },
	{ UINT64_C(1500000000), "1.5 GB" },
};

/* What is printed into a log, as seconds go by: rows go on from one another. */
static const struct {
	const char *name;
	long started; /* so many seconds ago */
	size_t done;
	const char *text;
} rows[] = {
	{ "a short run says nothing", 30, 1, "" },
	{ "after a minute there is a line", 61, 2,
	  "mirror-sync: 2 of 4 images, 0 bytes, 0 bytes/s" },
	{ "and no second one at once", 61, 3, "" },
};

/* What a call prints, without the estimate, which depends on the clock. */
static void printed(const struct progress *p, int log, char *out, size_t n)
{
	char *estimate;
	ssize_t got;

	(void)!ftruncate(log, 0);
	lseek(log, 0, SEEK_SET);
	progress_show(p);
	got = pread(log, out, n - 1, 0);
	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if ((estimate = strstr(out, ", about")))
		*estimate = '\0';
}

int main(void)
{
	int log = memfd_create("log", MFD_CLOEXEC);
	char text[200];

	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		format_bytes(amounts[i].bytes, text, sizeof(text));
		CHECK_ROW(strcmp(text, amounts[i].text) == 0, amounts[i].text);
	}
	message_init("mirror-sync");
	dup2(log, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct progress p = {
			.done = rows[i].done,
			.all = 4,
			.started = clock_now() - rows[i].started * CLOCK_SEC,
		};

		printed(&p, log, text, sizeof(text));
		CHECK_TEXT(text, rows[i].text, rows[i].name);
	}
	close(log);
	return tap_done();
}
