/* The estimate of the time that is left, over runs of which each second is computed. */
#include "oci/cli/eta.h"

#include "oci/base/clock.h"
#include "tests/tap.h"

#define MB 1000000ULL

/* A run: its speed in MB a second, from a second on. */
static const struct run {
	const char *name;
	unsigned mb; /* all of it */
	struct {
		long from;
		double speed;
	} speeds[4];
	double most; /* the estimate is never more than so many times what is left ... */
	long after;  /* ... after so many seconds */
} runs[] = {
	{ "an even speed", 2000, { { 0, 10 } }, 1.2, 5 },
	{ "slow for a minute in the middle", 2000, { { 0, 10 }, { 60, 0.1 }, { 120, 10 } }, 3, 5 },
	{ "nothing for a minute", 2000, { { 0, 10 }, { 60, 0 }, { 120, 10 } }, 3, 5 },
	{ "slower for good", 3000, { { 0, 20 }, { 50, 2 } }, 1.5, 5 },
	{ "faster for good", 3000, { { 0, 2 }, { 100, 20 } }, 12, 5 },
	{ "it goes and stops every second", 600, { { 0, -10 } }, 1.6, 10 },
};
#define RUNS (sizeof(runs) / sizeof(runs[0]))

static double speed_at(const struct run *r, long second)
{
	double speed = 0;

	for (size_t i = 0; i < 4 && (i == 0 || r->speeds[i].from); i++)
		if (second >= r->speeds[i].from)
			speed = r->speeds[i].speed;
	return speed < 0 ? (second % 2 ? -2 * speed : 0) : speed;
}

static long length_of(const struct run *r)
{
	double mb = 0;
	long second = 0;

	while (mb < r->mb)
		mb += speed_at(r, second++);
	return second;
}

static void follow(const struct run *r)
{
	struct eta e = { .began = 0 };
	long length = length_of(r), last = -1;
	double mb = 0, worst = 0;
	bool jumps = false, rises = false;

	for (long second = 0; second < length; second++) {
		double left = r->mb - mb;
		struct eta_work w = { .bytes = (uint64_t)(mb * MB),
				      .bytes_left = (uint64_t)(left > 0 ? left * MB : 0),
				      .all = 1 };
		long now;

		eta_update(&e, &w, (second + 1) * CLOCK_SEC);
		now = eta_seconds(&e);
		/* what is shown is rounded up */
		if (second > r->after && (double)(now - 2) > worst * (double)(length - second))
			worst = (double)(now - 2) / (double)(length - second);
		jumps = jumps || (last >= 0 && now > last + 2 + last / 100);
		rises = rises || (second > length - 10 && now > last);
		last = now;
		mb += speed_at(r, second);
	}
	printf("# %s: %.2f\n", r->name, worst);
	CHECK_ROW(worst > 0 && worst <= r->most, r->name);
	CHECK_ROW(!jumps, "it never jumps");
	CHECK_ROW(!rises, "it falls at the end");
}

static void test_images(void)
{
	struct eta e = { .began = 0 };

	for (size_t second = 0; second < 100; second++) {
		eta_update(&e, &(struct eta_work){ .done = second * 10, .all = 2000 },
			   ((int64_t)second + 1) * CLOCK_SEC);
		if (second == 2)
			CHECK_ROW(eta_seconds(&e) == -1, "nothing is said in the first seconds");
	}
	CHECK_ROW(eta_seconds(&e) > 95 && eta_seconds(&e) < 115, "images alone tell it, too");
}

/* The last image is large: the many that are done do not matter. */
static void test_last_image(void)
{
	struct eta e = { .began = 0 };
	long last = 1000;
	bool falls = true;

	for (uint64_t second = 0; second < 400; second++) {
		struct eta_work w = { .bytes = second * 10 * MB,
				      .bytes_left = (400 - second) * 10 * MB,
				      .done = 999,
				      .all = 1000 };

		eta_update(&e, &w, ((int64_t)second + 1) * CLOCK_SEC);
		falls = falls && eta_seconds(&e) <= last;
		last = eta_seconds(&e) < 0 ? last : eta_seconds(&e);
	}
	CHECK_ROW(falls && last <= 3, "the last image, a large one");
}

int main(void)
{
	for (size_t i = 0; i < RUNS; i++)
		follow(&runs[i]);
	test_images();
	test_last_image();
	return tap_done();
}
