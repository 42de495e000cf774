#include "oci/image/platform.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static const char *const good[] = { "linux/amd64",
				    "linux/arm64",
				    "linux/arm/v7",
				    "linux/386",
				    "linux/s390x",
				    "linux/arm64/v8",
				    "windows/amd64",
				    "linux/amd64/v3",
				    "linux/ppc64le",
				    "linux/riscv64",
				    "windows/amd64:10.0.20348",
				    "linux/arm/v7:6.1" };

static const struct {
	const char *text, *msg;
} bad[] = {
	{ "linux/x86_64", "unknown architecture \"x86_64\" (did you mean \"amd64\"?)" },
	{ "linux/AMD64", "unknown architecture \"AMD64\" (did you mean \"amd64\"?)" },
	{ "linux/aarch64", "unknown architecture \"aarch64\" (did you mean \"arm64\"?)" },
	{ "linux/armhf", "unknown architecture \"armhf\" (did you mean \"arm/v7\"?)" },
	{ "linux/adm64", "unknown architecture \"adm64\" (did you mean \"amd64\"?)" },
	{ "linux/toaster", "unknown architecture \"toaster\"" },
	{ "linx/amd64", "unknown operating system \"linx\" (did you mean \"linux\"?)" },
	{ "linux/", "unknown architecture \"\"" },
	{ "/amd64", "unknown operating system \"\"" },
	{ "amd64", "\"amd64\" is not a platform (did you mean \"linux/amd64\"?)" },
	{ "arm", "\"arm\" is not a platform (did you mean \"linux/arm\"?)" },
	{ "x86_64", "\"x86_64\" is not a platform (did you mean \"linux/amd64\"?)" },
	{ "linux", "\"linux\" is not a platform (os/architecture[/variant], such as linux/amd64)" },
	{ "", "\"\" is not a platform (os/architecture[/variant], such as linux/amd64)" },
	{ "linux/arm/v7/x",
	  "\"linux/arm/v7/x\" is not a platform (os/architecture[/variant], such as linux/amd64)" },
	{ "linux/arm/7", "unknown variant \"7\"" },
	{ "linux/arm64/v7", "unknown variant \"v7\"" },
	{ "linux/arm/", "an empty variant" },
	{ "linux/mips/a b", "unknown variant \"a b\"" },
	{ "windows/amd64:",
	  "not an os.version behind the \":\" (such as windows/amd64:10.0.20348)" },
	{ "windows/amd64:10 0", "not an os.version behind the \":\" (such as "
				"windows/amd64:10.0.20348)" },
	{ "windows/x64:10.0", "unknown architecture \"x64\" (did you mean \"amd64\"?)" },
	{ "windows:10.0", "\"windows:10.0\" is not a platform (os/architecture[/variant], such as "
			  "linux/amd64)" },
};

/* 0 best, -1 not at all. */
static const struct {
	const char *name, *wanted;
	struct platform p;
	int rank;
} rows[] = {
	{ "itself", "linux/amd64", { "linux", "amd64", "", "" }, 0 },
	{ "another architecture", "linux/amd64", { "linux", "s390x", "", "" }, -1 },
	{ "another system", "linux/amd64", { "windows", "amd64", "", "" }, -1 },
	{ "an attestation", "linux/amd64", { "unknown", "unknown", "", "" }, -1 },
	{ "nothing said", "linux/amd64", { NULL, NULL, NULL, NULL }, -1 },
	{ "no system said is linux", "linux/amd64", { "", "amd64", "", "" }, 0 },
	/* amd64 */
	{ "amd64 is amd64/v1", "linux/amd64/v1", { "linux", "amd64", "", "" }, 0 },
	{ "amd64/v1 is amd64", "linux/amd64", { "linux", "amd64", "v1", "" }, 0 },
	{ "amd64 does not take v2", "linux/amd64", { "linux", "amd64", "v2", "" }, -1 },
	{ "amd64/v3 takes v3", "linux/amd64/v3", { "linux", "amd64", "v3", "" }, 0 },
	{ "amd64/v3 takes v2", "linux/amd64/v3", { "linux", "amd64", "v2", "" }, 1 },
	{ "amd64/v3 takes plain amd64", "linux/amd64/v3", { "linux", "amd64", "", "" }, 2 },
	{ "amd64/v3 does not take v4", "linux/amd64/v3", { "linux", "amd64", "v4", "" }, -1 },
	{ "amd64 does not take 386", "linux/amd64", { "linux", "386", "", "" }, -1 },
	{ "x86_64 is amd64", "linux/amd64", { "linux", "x86_64", "", "" }, 0 },
	/* arm64 */
	{ "arm64 is arm64/v8", "linux/arm64/v8", { "linux", "arm64", "", "" }, 0 },
	{ "arm64/v8 is arm64", "linux/arm64", { "linux", "arm64", "v8", "" }, 0 },
	{ "arm64/8 is arm64", "linux/arm64", { "linux", "arm64", "8", "" }, 0 },
	{ "arm64 does not take v9", "linux/arm64", { "linux", "arm64", "v9", "" }, -1 },
	{ "arm64/v9 takes v9", "linux/arm64/v9", { "linux", "arm64", "v9", "" }, 0 },
	{ "arm64/v9 takes plain arm64", "linux/arm64/v9", { "linux", "arm64", "", "" }, 1 },
	{ "aarch64 is arm64", "linux/arm64", { "linux", "aarch64", "", "" }, 0 },
	{ "arm64 does not take arm", "linux/arm64", { "linux", "arm", "v7", "" }, -1 },
	/* arm */
	{ "arm does not take arm64", "linux/arm", { "linux", "arm64", "", "" }, -1 },
	{ "arm is arm/v7", "linux/arm", { "linux", "arm", "v7", "" }, 0 },
	{ "arm/v7 takes bare arm", "linux/arm/v7", { "linux", "arm", "", "" }, 0 },
	{ "arm/v7 takes 7", "linux/arm/v7", { "linux", "arm", "7", "" }, 0 },
	{ "arm/v7 takes v6", "linux/arm/v7", { "linux", "arm", "v6", "" }, 1 },
	{ "arm/v7 takes v5", "linux/arm/v7", { "linux", "arm", "v5", "" }, 2 },
	{ "arm/v7 does not take v8", "linux/arm/v7", { "linux", "arm", "v8", "" }, -1 },
	{ "arm/v7 does not take v4", "linux/arm/v7", { "linux", "arm", "v4", "" }, -1 },
	{ "arm takes v6", "linux/arm", { "linux", "arm", "v6", "" }, 1 },
	{ "arm/v8 takes v7", "linux/arm/v8", { "linux", "arm", "v7", "" }, 1 },
	{ "arm/v6 does not take bare arm", "linux/arm/v6", { "linux", "arm", "", "" }, -1 },
	{ "arm/v6 takes armel", "linux/arm/v6", { "linux", "armel", "", "" }, 0 },
	{ "arm/v5 takes only itself", "linux/arm/v5", { "linux", "arm", "v6", "" }, -1 },
	{ "armhf is arm/v7", "linux/arm/v7", { "linux", "armhf", "", "" }, 0 },
	{ "a variant that is no level", "linux/arm/v7", { "linux", "arm", "hf", "" }, -1 },
	/* others */
	{ "i386 is 386", "linux/386", { "linux", "i386", "", "" }, 0 },
	{ "a variant of others is itself",
	  "linux/mips/softfloat",
	  { "linux", "mips", "softfloat", "" },
	  0 },
	{ "and no other", "linux/mips", { "linux", "mips", "softfloat", "" }, -1 },
	{ "capitals do not matter", "linux/amd64", { "Linux", "AMD64", "", "" }, 0 },
	{ "macos is darwin", "darwin/arm64", { "macos", "arm64", "", "" }, 0 },
	/* os.version */
	{ "no version wanted takes each",
	  "windows/amd64",
	  { "windows", "amd64", "", "10.0.1" },
	  0 },
	{ "a version", "windows/amd64:10.0.20348", { "windows", "amd64", "", "10.0.20348" }, 0 },
	{ "a version's builds",
	  "windows/amd64:10.0.20348",
	  { "windows", "amd64", "", "10.0.20348.2113" },
	  0 },
	{ "a longer number",
	  "windows/amd64:10.0.2034",
	  { "windows", "amd64", "", "10.0.20348" },
	  -1 },
	{ "another version",
	  "windows/amd64:10.0.20348",
	  { "windows", "amd64", "", "10.0.17763.5122" },
	  -1 },
	{ "a version wanted, none said",
	  "windows/amd64:10.0.20348",
	  { "windows", "amd64", "", "" },
	  -1 },
};

static const struct {
	struct platform p;
	const char *text;
	bool is_named;
} texts[] = {
	{ { "linux", "amd64", "", "" }, "linux/amd64", true },
	{ { "linux", "arm", "v7", NULL }, "linux/arm/v7", true },
	{ { "windows", "amd64", "", "10.0.20348.1" }, "windows/amd64:10.0.20348.1", true },
	{ { "", "amd64", "", "" }, "linux/amd64", true },
	{ { "unknown", "unknown", "", "" }, "unknown/unknown", false },
	{ { "wasip1", "wasm", "", "" }, "wasip1/wasm", false },
	{ { "linux", "", "", "" }, "linux/", false },
	{ { "linux", "a\nb\033[31m", "", "" }, "linux/a?b?[31m", true },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = ERR_INIT;

		CHECK_ROW(platform_check(span_str(good[i]), &err) == 0, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		CHECK_ROW(platform_check(span_str(bad[i].text), &err) < 0, bad[i].text);
		CHECK_TEXT(err.msg, bad[i].msg, bad[i].text);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(platform_rank(span_str(rows[i].wanted), &rows[i].p) == rows[i].rank,
			  rows[i].name);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup_free char *got = platform_str(&texts[i].p);

		CHECK_TEXT(got, texts[i].text, texts[i].text);
		CHECK_ROW(platform_is_named(&texts[i].p) == texts[i].is_named, texts[i].text);
	}
	return tap_done();
}
