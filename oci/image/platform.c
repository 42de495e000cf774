#include "oci/image/platform.h"

#include <ctype.h>

#include "oci/base/err.h"
#include "oci/base/suggest.h"

/* Go's names, which the image specification uses (image-index.md, "platform"). */
static const char *const systems[] = { "linux",   "windows", "darwin",  "freebsd",
				       "netbsd",  "openbsd", "solaris", "aix",
				       "android", "wasip1",  NULL };
static const char *const architectures[] = { "amd64",  "arm64",    "arm",     "386",  "ppc64le",
					     "s390x",  "riscv64",  "ppc64",   "mips", "mipsle",
					     "mips64", "mips64le", "loong64", "wasm", NULL };

/* What people and other tools call them. */
static const struct alias {
	const char *name, *meant;
} aliases[] = {
	{ "x86_64", "amd64" },   { "x86-64", "amd64" },    { "x64", "amd64" },
	{ "aarch64", "arm64" },  { "arm64v8", "arm64" },   { "armv8", "arm64" },
	{ "armhf", "arm/v7" },   { "armv7", "arm/v7" },    { "armv7l", "arm/v7" },
	{ "arm32v7", "arm/v7" }, { "armv6", "arm/v6" },    { "arm32v6", "arm/v6" },
	{ "armel", "arm/v5" },   { "i386", "386" },        { "i686", "386" },
	{ "x86", "386" },        { "ppc64el", "ppc64le" }, { "powerpc64le", "ppc64le" },
	{ "s390", "s390x" },     { "riscv", "riscv64" },   { "loongarch64", "loong64" },
};

/* The architectures whose variants are a closed set. */
static const struct {
	const char *architecture;
	const char *variants[6];
} variants[] = {
	{ "amd64", { "v1", "v2", "v3", "v4", NULL } },
	{ "arm64", { "v8", "v9", NULL } },
	{ "arm", { "v5", "v6", "v7", "v8", NULL } },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "linux/arm/v7" as its three words; p is NULL where there is none. */
struct words {
	struct span os, architecture, variant;
};

static bool split_platform(struct span text, struct words *w)
{
	*w = (struct words){ .os = { .p = NULL } };
	return span_cut(&text, '/', &w->os) && span_cut(&text, '/', &w->architecture) &&
	       (!text.p || span_cut(&text, '/', &w->variant)) && !text.p;
}

static bool is_one_of(struct span word, const char *const *known)
{
	for (; *known; known++)
		if (span_eq(word, *known))
			return true;
	return false;
}

static int unknown(const char *what, struct span word, const char *near, struct err *err)
{
	if (near)
		return err_set(err, ERR_INVALID, 0, "unknown %s \"%.*s\" (did you mean \"%s\"?)",
			       what, SPAN_ARG(word), near);
	return err_set(err, ERR_INVALID, 0, "unknown %s \"%.*s\"", what, SPAN_ARG(word));
}

static const char *near_architecture(struct span word)
{
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (span_eq_nocase(word, aliases[i].name))
			return aliases[i].meant;
	return suggest_word(word, architectures);
}

static int check_variant(const struct words *w, struct err *err)
{
	if (!w->variant.n)
		return err_set(err, ERR_INVALID, 0, "an empty variant");
	for (size_t i = 0; i < COUNT(variants); i++)
		if (span_eq(w->architecture, variants[i].architecture) &&
		    !is_one_of(w->variant, variants[i].variants))
			return unknown("variant", w->variant,
				       suggest_word(w->variant, variants[i].variants), err);
	for (size_t i = 0; i < w->variant.n; i++)
		if (!isalnum((unsigned char)w->variant.p[i]))
			return unknown("variant", w->variant, NULL, err);
	return 0;
}

int platform_check(struct span text, struct err *err)
{
	struct words w;

	if (!split_platform(text, &w)) {
		const char *near = near_architecture(text);

		if (near)
			return err_set(err, ERR_INVALID, 0,
				       "\"%.*s\" is not a platform (did you mean \"linux/%s\"?)",
				       SPAN_ARG(text), near);
		return err_set(err, ERR_INVALID, 0,
			       "\"%.*s\" is not a platform (os/architecture[/variant], such as "
			       "linux/amd64)",
			       SPAN_ARG(text));
	}
	if (!is_one_of(w.os, systems))
		return unknown("operating system", w.os, suggest_word(w.os, systems), err);
	if (!is_one_of(w.architecture, architectures))
		return unknown("architecture", w.architecture, near_architecture(w.architecture),
			       err);
	return w.variant.p ? check_variant(&w, err) : 0;
}

/* The variant that an architecture has when none is said; images carry both spellings. */
static bool same_variant(struct span architecture, struct span wanted, const char *variant)
{
	const char *plain = span_eq(architecture, "arm64")   ? "v8"
			    : span_eq(architecture, "amd64") ? "v1"
							     : "";

	return span_eq(wanted, variant[0] ? variant : plain);
}

static bool is_wanted(struct span one, const struct platform *p)
{
	struct words w;

	if (!split_platform(one, &w) || !span_eq(w.os, p->os) ||
	    !span_eq(w.architecture, p->architecture))
		return false;
	return !w.variant.p || same_variant(w.architecture, w.variant, p->variant);
}

bool platform_wanted(const char *wanted, const struct platform *p)
{
	struct span rest, one;

	if (!wanted || !wanted[0] || strcmp(wanted, PLATFORM_ALL) == 0)
		return true;
	rest = span_str(wanted);
	while (span_cut(&rest, ',', &one))
		if (is_wanted(one, p))
			return true;
	return false;
}
