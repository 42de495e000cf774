#include "oci/image/platform.h"

#include <ctype.h>
#include <strings.h>

#include "oci/base/cleanup.h"
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

/* Of a platform in a message; real ones are shorter. */
#define TEXT_MAX 60

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "windows/amd64:10.0.20348" or "linux/arm/v7" as words; p is NULL where there is none. */
struct words {
	struct span os, architecture, variant, version;
};

static bool split_platform(struct span text, struct words *w)
{
	struct span names = { .p = NULL };

	*w = (struct words){ .os = { .p = NULL } };
	if (!span_cut(&text, ':', &names))
		return false;
	w->version = text;
	return span_cut(&names, '/', &w->os) && span_cut(&names, '/', &w->architecture) &&
	       (!names.p || span_cut(&names, '/', &w->variant)) && !names.p;
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

static int check_version(struct span version, struct err *err)
{
	for (size_t i = 0; i < version.n; i++)
		if (!isalnum((unsigned char)version.p[i]) && !strchr("._-", version.p[i]))
			version.n = 0;
	if (!version.n)
		return err_set(err, ERR_INVALID, 0,
			       "not an os.version behind the \":\" (such as windows/amd64:"
			       "10.0.20348)");
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
	if (w.variant.p && check_variant(&w, err) < 0)
		return -1;
	return w.version.p ? check_version(w.version, err) : 0;
}

/* ---- matching ---- */

/* Architectures whose variants are levels: each runs what was built for the lower ones. */
static const struct family {
	const char *architecture;
	int plain; /* the level when none is said */
	int lowest;
} families[] = {
	{ "amd64", .plain = 1, .lowest = 1 },
	{ "arm64", .plain = 8, .lowest = 8 },
	{ "arm", .plain = 7, .lowest = 5 },
};

/* Other spellings that images carry, as containerd reads them. */
static const struct spelling {
	const char *name, *architecture, *variant;
} spellings[] = {
	{ "x86_64", "amd64", NULL },  { "x86-64", "amd64", NULL }, { "i386", "386", NULL },
	{ "aarch64", "arm64", NULL }, { "armhf", "arm", "v7" },    { "armel", "arm", "v6" },
};

static struct span word_of(const char *s)
{
	return span_str(s ? s : "");
}

static struct words normal_words(const struct platform *p)
{
	struct words w = { .os = word_of(p->os),
			   .architecture = word_of(p->architecture),
			   .variant = word_of(p->variant),
			   .version = word_of(p->os_version) };

	if (!w.os.n)
		w.os = span_str("linux");
	if (span_eq_nocase(w.os, "macos"))
		w.os = span_str("darwin");
	for (size_t i = 0; i < COUNT(spellings); i++)
		if (span_eq_nocase(w.architecture, spellings[i].name)) {
			w.architecture = span_str(spellings[i].architecture);
			if (spellings[i].variant)
				w.variant = span_str(spellings[i].variant);
			break;
		}
	return w;
}

static bool same_word(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || strncasecmp(a.p, b.p, a.n) == 0);
}

static const struct family *family_of(struct span architecture)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (span_eq_nocase(architecture, families[i].architecture))
			return &families[i];
	return NULL;
}

/* "v7", "7" or, for none said, the family's; -1: some other word. */
static int variant_level(const struct family *f, struct span variant)
{
	if (!variant.n)
		return f->plain;
	if (variant.p[0] == 'v' || variant.p[0] == 'V')
		variant = span_of(variant.p + 1, variant.n - 1);
	return (int)span_number(variant, 99);
}

static int variant_rank(const struct words *want, const struct words *have)
{
	const struct family *f = family_of(want->architecture);
	int wanted = f ? variant_level(f, want->variant) : -1;
	int level = f ? variant_level(f, have->variant) : -1;

	if (wanted < 0 || level < 0)
		return same_word(want->variant, have->variant) ? 0 : -1;
	return level <= wanted && level >= f->lowest ? wanted - level : -1;
}

/* 10.0.20348 is wanted, and 10.0.20348.2113 has it; 10.0.203480 has not. */
static bool has_version(struct span wanted, struct span version)
{
	return !wanted.n || (version.n >= wanted.n && memcmp(version.p, wanted.p, wanted.n) == 0 &&
			     (version.n == wanted.n || version.p[wanted.n] == '.'));
}

int platform_rank(struct span wanted, const struct platform *p)
{
	struct words have = normal_words(p), want;

	if (!split_platform(wanted, &want) || !same_word(want.os, have.os) ||
	    !same_word(want.architecture, have.architecture) ||
	    !has_version(want.version, have.version))
		return -1;
	return variant_rank(&want, &have);
}

bool platform_is_named(const struct platform *p)
{
	static const char *const none[] = { "", "unknown", "wasm", NULL };
	struct words w = normal_words(p);

	return !is_one_of(w.architecture, none) && !span_eq(w.os, "unknown");
}

char *platform_str(const struct platform *p)
{
	struct span variant = word_of(p->variant), version = word_of(p->os_version);
	cleanup_free char *text =
		xasprintf("%s/%s%s%.*s%s%.*s", p->os && p->os[0] ? p->os : "linux",
			  p->architecture ? p->architecture : "", variant.n ? "/" : "",
			  SPAN_ARG(variant), version.n ? ":" : "", SPAN_ARG(version));

	if (strlen(text) > TEXT_MAX)
		text[TEXT_MAX] = '\0';
	for (char *c = text; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
	return take(text);
}
