#include "serve/credentials.h"

#include "tests/tap.h"

static const char *const kinds[] = {
	[CREDENTIALS_NONE] = "none",
	[CREDENTIALS_BASIC] = "basic",
	[CREDENTIALS_BEARER] = "bearer",
	[CREDENTIALS_ODD] = "odd",
};

/* secret: the password, or the token */
static const struct {
	const char *name, *value, *kind, *user, *secret;
} fields[] = {
	{ "no field", NULL, "none", "", "" },
	{ "a user", "Basic YW5uOnNlY3JldA==", "basic", "ann", "secret" },
	{ "another spelling", "bAsIc  YW5uOnNlY3JldA== ", "basic", "ann", "secret" },
	{ "without padding", "Basic YW5uOnNlY3JldA", "basic", "ann", "secret" },
	{ "a password with colons", "Basic YW5uOmE6Yjo=", "basic", "ann", "a:b:" },
	{ "no password", "Basic YW5uOg==", "basic", "ann", "" },
	{ "neither, as skopeo sends it", "Basic Og==", "none", "", "" },
	{ "no name", "Basic OnNlY3JldA==", "odd", "", "" },
	{ "no colon", "Basic YW5u", "odd", "", "" },
	{ "nothing", "Basic", "odd", "", "" },
	{ "no base64", "Basic %%%%", "odd", "", "" },
	{ "a name with a blank", "Basic YSBiOmM=", "odd", "", "" },
	{ "a NUL in the name", "Basic YQBiOmM=", "odd", "", "" },
	{ "a NUL in the password", "Basic YTpiAGM=", "odd", "", "" },
	{ "a token", "Bearer a.b.c", "bearer", "", "a.b.c" },
	{ "no token", "Bearer ", "odd", "", "" },
	{ "another scheme", "Negotiate YII=", "odd", "", "" },
	{ "an empty field, or two", "", "odd", "", "" },
};

static const struct {
	const char *name, *form, *kind, *user, *password;
	bool scoped;
} forms[] = {
	{ "nothing", "", "none", "", "", false },
	{ "a login", "grant_type=password&username=ann&password=secret", "basic", "ann", "secret",
	  false },
	{ "a pull", "scope=repository%3Aa%3Apull&grant_type=password&username=ann&password=s",
	  "basic", "ann", "s", true },
	{ "escapes and blanks", "grant_type=password&username=a%6en&password=a+b%26c%3D%2B",
	  "basic", "ann", "a b&c=+", false },
	{ "the last one counts", "grant_type=password&username=eve&username=ann&password=s",
	  "basic", "ann", "s", false },
	{ "an escape that is none", "grant_type=password&username=ann&password=%zz", "basic", "ann",
	  "", false },
	{ "no grant", "username=ann&password=secret", "none", "", "", false },
	{ "a refresh token", "grant_type=refresh_token&refresh_token=x", "odd", "", "", false },
	{ "another grant", "grant_type=client_credentials", "odd", "", "", false },
	{ "an empty scope", "scope=", "none", "", "", false },
	{ "words without value", "grant_type&scope&&=", "none", "", "", false },
};

static void check_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct credentials c;
		bool scoped;

		credentials_of_form(&c, span_str(forms[i].form), &scoped);
		CHECK_TEXT(kinds[c.kind], forms[i].kind, forms[i].name);
		CHECK_ROW(scoped == forms[i].scoped, "its scope");
		if (c.kind != CREDENTIALS_BASIC)
			continue;
		CHECK_TEXT(c.user, forms[i].user, "its user");
		CHECK_TEXT(c.password, forms[i].password, "its password");
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = fields[i].value;
		struct credentials c;

		credentials_of_field(&c, value ? span_str(value) : (struct span){ .p = NULL });
		CHECK_TEXT(kinds[c.kind], fields[i].kind, fields[i].name);
		if (c.kind == CREDENTIALS_BASIC) {
			CHECK_TEXT(c.user, fields[i].user, "its user");
			CHECK_TEXT(c.password, fields[i].secret, "its password");
		}
		if (c.kind == CREDENTIALS_BEARER)
			CHECK_ROW(span_eq(c.token, fields[i].secret), "the token");
		credentials_wipe(&c);
		CHECK_ROW(c.password[0] == '\0', "a password is wiped");
	}
	check_forms();
	return tap_done();
}
