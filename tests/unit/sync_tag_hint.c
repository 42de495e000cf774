#include "sync/tag_hint.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "tests/tap.h"

#define TAGS 6

/* As registries list them: sorted. */
static const struct {
	const char *name, *tag, *tags[TAGS], *words;
} rows[] = {
	{ "a slip", "lastet", { "1.0", "latest" }, " (did you mean \"latest\"?)" },
	{ "of those as near, the last first",
	  "1.29",
	  { "1.26", "1.27", "1.28", "1.3" },
	  " (did you mean \"1.28\", \"1.27\" or \"1.26\"?)" },
	{ "no more than three",
	  "1.29",
	  { "1.24", "1.25", "1.26", "1.27", "1.28" },
	  " (did you mean \"1.28\", \"1.27\" or \"1.26\"?)" },
	{ "two",
	  "bookwrm",
	  { "bookworm", "bookwurm" },
	  " (did you mean \"bookwurm\" or \"bookworm\"?)" },
	{ "the newest that go on from it",
	  "3.19",
	  { "3.19.10", "3.19.2", "3.19.8", "3.19.9", "latest" },
	  " (did you mean \"3.19.10\", \"3.19.9\" or \"3.19.8\"?)" },
	{ "what goes on from it and is no version",
	  "bookworm",
	  { "bookworm-backports", "bookworm-slim", "trixie" },
	  " (did you mean \"bookworm-slim\" or \"bookworm-backports\"?)" },
	{ "signatures are never meant",
	  "sha256",
	  { "sha256-0000000000000000000000000000000000000000000000000000000000000000.sig" },
	  "" },
	{ "nothing like it", "stable", { "1.0", "2.0" }, "" },
	{ "no tags", "1", { NULL }, "" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf b = BUF_INIT(1000);
		const char *tags[TAGS];
		size_t n = 0;

		for (; n < TAGS && rows[i].tags[n]; n++)
			tags[n] = rows[i].tags[n];
		tag_hint_near(rows[i].tag, tags, n, &b);
		CHECK_TEXT(b.p, rows[i].words, rows[i].name);
	}
	return tap_done();
}
