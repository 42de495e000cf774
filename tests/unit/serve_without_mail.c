#include "serve/without_mail.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static const struct row {
	const char *name, *text, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "no address", "{\"a\":\"b\"}", "{\"a\":\"b\"}" },
	{ "an author", "{\"dev.ocimirror.author\":\"Ann <ann@corp.example>\",\"x\":1}",
	  "{\"dev.ocimirror.author\":\"Ann\",\"x\":1}" },
	{ "two authors", "{\"dev.ocimirror.author\":\"Ann <a@corp>, Ben <b@corp>\"}",
	  "{\"dev.ocimirror.author\":\"Ann, Ben\"}" },
	{ "an address alone in brackets", "{\"author\":\"<ann@corp>\"}", "{\"author\":\"\"}" },
	{ "an author without brackets", "{\"dev.ocimirror.author\":\"ann@corp\"}",
	  "{\"dev.ocimirror.author\":\"ann\"}" },
	{ "two without brackets", "{\"dev.ocimirror.owner\":\"ann@corp,ben@corp\"}",
	  "{\"dev.ocimirror.owner\":\"ann,ben\"}" },
	{ "with and without", "{\"author\":\"Ann <a@corp>, ben@corp\"}",
	  "{\"author\":\"Ann, ben\"}" },
	{ "who, of the journal", "{\"who\":\"ann@host\",\"ref\":\"a/b@sha256:00\"}",
	  "{\"who\":\"ann\",\"ref\":\"a/b@sha256:00\"}" },
	{ "who, within a text", "{\"dev.ocimirror.held\":\"{\\\"who\\\":\\\"ann@corp\\\"}\"}",
	  "{\"dev.ocimirror.held\":\"{\\\"who\\\":\\\"ann\\\"}\"}" },
	{ "a blank behind the colon", "{\"who\": \"ann@corp\"}", "{\"who\": \"ann\"}" },
	{ "an address in a reason", "{\"reason\":\"asked by Ann <a@corp> today\"}",
	  "{\"reason\":\"asked by Ann today\"}" },
	{ "a source stays", "{\"dev.ocimirror.source\":\"docker.io/a@sha256:00\"}",
	  "{\"dev.ocimirror.source\":\"docker.io/a@sha256:00\"}" },
	{ "a place stays", "{\"dev.ocimirror.list\":\"base.list:3@1f2e\"}",
	  "{\"dev.ocimirror.list\":\"base.list:3@1f2e\"}" },
	{ "a source behind an author", "{\"author\":\"A <a@b>\",\"source\":\"a@sha256:00\"}",
	  "{\"author\":\"A\",\"source\":\"a@sha256:00\"}" },
	{ "brackets that do not close", "{\"x\":\"a <b@c\",\"y\":\"d> e\"}",
	  "{\"x\":\"a <b@c\",\"y\":\"d> e\"}" },
	{ "brackets of another value", "{\"x\":\"a <b\",\"y\":\"c@d> e\"}",
	  "{\"x\":\"a <b\",\"y\":\"c@d> e\"}" },
	{ "brackets around another word", "{\"x\":\"<b> c@d <e>\"}", "{\"x\":\"<b> c@d <e>\"}" },
	{ "only an @", "@", "@" },
	{ "an end in the middle", "{\"author\":\"Ann <ann@", "{\"author\":\"Ann <ann" },
	{ "two lines", "{\"who\":\"a@b\"}\n{\"who\":\"c@d\"}\n",
	  "{\"who\":\"a\"}\n{\"who\":\"c\"}\n" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(MIB);

		without_mail(&out, span_str(rows[i].text));
		buf_addc(&out, '\0');
		CHECK_TEXT(out.p, rows[i].want, rows[i].name);
	}
	return tap_done();
}
