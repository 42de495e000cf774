#include "oci/image/platform.h"

#include "oci/base/err.h"
#include "tests/tap.h"

static const char *const good[] = { "linux/amd64",   "linux/arm64",    "linux/arm/v7",
				    "linux/386",     "linux/s390x",    "linux/arm64/v8",
				    "windows/amd64", "linux/amd64/v3", "linux/ppc64le",
				    "linux/riscv64" };

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
};

static const struct {
	const char *name, *wanted;
	struct platform p;
	bool yes;
} rows[] = {
	{ "nothing said wants everything", NULL, { "plan9", "mips", "" }, true },
	{ "empty wants everything", "", { "plan9", "mips", "" }, true },
	{ "all wants everything", "all", { "plan9", "mips", "" }, true },
	{ "itself", "linux/amd64", { "linux", "amd64", "" }, true },
	{ "one of several", "linux/amd64,linux/arm64", { "linux", "arm64", "v8" }, true },
	{ "none of several", "linux/amd64,linux/arm64", { "linux", "s390x", "" }, false },
	{ "another system", "linux/amd64", { "windows", "amd64", "" }, false },
	{ "no variant wanted takes each", "linux/arm", { "linux", "arm", "v6" }, true },
	{ "a variant wanted", "linux/arm/v7", { "linux", "arm", "v7" }, true },
	{ "another variant", "linux/arm/v7", { "linux", "arm", "v6" }, false },
	{ "a variant wanted, none said", "linux/arm/v7", { "linux", "arm", "" }, false },
	{ "arm64 is arm64/v8", "linux/arm64/v8", { "linux", "arm64", "" }, true },
	{ "amd64 is amd64/v1", "linux/amd64/v1", { "linux", "amd64", "" }, true },
	{ "amd64/v2 is not amd64/v1", "linux/amd64/v1", { "linux", "amd64", "v2" }, false },
	{ "an attestation", "linux/amd64", { "unknown", "unknown", "" }, false },
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
		CHECK_ROW(platform_wanted(rows[i].wanted, &rows[i].p) == rows[i].yes, rows[i].name);
	return tap_done();
}
