/* Whether an image keeps the promise of its line's platform=. */
#include "sync/platforms.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* A platform's config, from "os/architecture/variant". */
static void add(struct platforms *ps, struct span text)
{
	struct span os, architecture, variant = SPAN_INIT;
	cleanup_free char *config = NULL;

	span_cut(&text, '/', &os);
	span_cut(&text, '/', &architecture);
	if (text.p)
		span_cut(&text, '/', &variant);
	config = xasprintf("{\"os\":\"%.*s\",\"architecture\":\"%.*s\",\"variant\":\"%.*s\"}",
			   SPAN_ARG(os), SPAN_ARG(architecture), SPAN_ARG(variant));
	platforms_add_config(ps, span_str(config));
}

static struct platforms platforms_of(const char *list)
{
	struct platforms ps = PLATFORMS_INIT;
	struct span rest = span_str(list), one;

	while (list[0] && span_cut(&rest, ' ', &one))
		add(&ps, one);
	return ps;
}

static const struct {
	const char *name, *wanted, *there, *before;
	bool anew;
	const char *fails, *warns; /* NULL: not */
} rows[] = {
	{ "what is wanted is there", "linux/amd64", "linux/amd64 linux/arm64", "", true, NULL,
	  NULL },
	{ "none of the wanted", "linux/amd64", "linux/arm64 linux/s390x", "", true,
	  "has linux/arm64, linux/s390x; not linux/amd64", NULL },
	{ "none of several", "linux/amd64,linux/arm/v7", "linux/s390x", "", true,
	  "has linux/s390x; not linux/amd64, linux/arm/v7", NULL },
	{ "none of the wanted, and none before", "linux/amd64", "linux/arm64", "linux/arm64", false,
	  "has linux/arm64; not linux/amd64", NULL },
	{ "a typo", "linux/arm", "linux/amd64 linux/arm64/v8", "", true,
	  "has linux/amd64, linux/arm64/v8; not linux/arm", NULL },
	{ "a new reference lacks one", "linux/amd64,linux/arm64", "linux/amd64", "", true, NULL,
	  "has linux/amd64; not linux/arm64" },
	{ "the next ones lack it, too", "linux/amd64,linux/arm64", "linux/amd64", "linux/amd64",
	  false, NULL, NULL },
	{ "one is lost", "linux/amd64,linux/arm64", "linux/amd64", "linux/amd64 linux/arm64", false,
	  "has linux/amd64; not linux/arm64, which the mirror's content has", NULL },
	{ "one is lost that is not wanted", "linux/amd64", "linux/amd64", "linux/amd64 linux/arm64",
	  false, NULL, NULL },
	{ "a lower variant keeps the promise", "linux/arm/v7", "linux/arm/v6", "linux/arm/v7",
	  false, NULL, NULL },
	{ "what has no platforms is not judged", "linux/amd64", "", "linux/amd64", false, NULL,
	  NULL },
	{ "nothing wanted in particular", NULL, "linux/s390x", "linux/arm64", false, NULL, NULL },
	{ "nothing wanted in particular, amd64 lost", NULL, "linux/s390x", "linux/amd64", false,
	  NULL,
	  "has linux/s390x; not linux/amd64, which the content before has (no platform= asks for "
	  "it)" },
	{ "each is told once", "linux/amd64", "linux/arm64 linux/arm64", "", true,
	  "has linux/arm64; not linux/amd64", NULL },
	{ "a long list is cut", "linux/amd64",
	  "a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
	  "b/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
	  "c/ccccccccccccccccccccccccccccccccccccccccccccccccccccccccc linux/arm64",
	  "", true,
	  "has a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
	  "b/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, linux/arm64 and 1 more; "
	  "not linux/amd64",
	  NULL },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(platforms_release) struct platforms there = platforms_of(rows[i].there);
		cleanup_by(platforms_release) struct platforms before =
			platforms_of(rows[i].before);
		cleanup_free char *warning = NULL;
		struct err err = ERR_INIT;
		int r = platforms_judge(
			&(struct platforms_promise){ .wanted = rows[i].wanted,
						     .there = &there,
						     .before = &before,
						     .is_asked_anew = rows[i].anew },
			&warning, &err);

		CHECK_TEXT(r < 0 ? err.msg : NULL, rows[i].fails, rows[i].name);
		CHECK_TEXT(warning, rows[i].warns, rows[i].name);
	}
	return tap_done();
}
