/* Whether content has something banned in it. */
#include "oci/store/banned.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/digest.h"
#include "oci/image/media_type.h"
#include "oci/store/layout.h"
#include "oci/store/marks.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

/* The parts of an index of two children, of which the mirror has one. */
enum part { LAYER, CONFIG, CHILD, ABSENT, INDEX, OTHER, PARTS };

static struct digest put(struct layout *l, const char *text)
{
	struct err err = ERR_INIT;
	struct digest d;

	digest_of(NULL, text, strlen(text), &d);
	CHECK_ROW(layout_put(l, &d, text, strlen(text), &err) == 0 && layout_commit(l, &err) == 0,
		  "a blob");
	return d;
}

static void fill(struct layout *l, struct digest parts[PARTS])
{
	cleanup_free char *child = NULL, *index = NULL;

	parts[LAYER] = put(l, "layer");
	parts[CONFIG] = put(l, "{}");
	parts[OTHER] = put(l, "other");
	child = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":2},"
			  "\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":5}]}",
			  parts[CONFIG].str, parts[LAYER].str);
	parts[CHILD] = put(l, child);
	digest_of(NULL, "absent", 6, &parts[ABSENT]);
	index = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
			  "\",\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"digest\":\"%s\",\"size\":6},{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"digest\":\"%s\",\"size\":%zu}]}",
			  parts[ABSENT].str, parts[CHILD].str, strlen(child));
	parts[INDEX] = put(l, index);
}

static const struct {
	const char *name;
	enum part banned, asked;
	bool is_in;
} rows[] = {
	{ "the digest itself", INDEX, INDEX, true },
	{ "a child", CHILD, INDEX, true },
	{ "a child that is not here is not published", ABSENT, INDEX, false },
	{ "a config of a child", CONFIG, INDEX, true },
	{ "a layer of a child", LAYER, INDEX, true },
	{ "a layer of an image", LAYER, CHILD, true },
	{ "what is above it is no part", INDEX, CHILD, false },
	{ "something else", OTHER, INDEX, false },
	{ "a document that cannot be read", LAYER, OTHER, false },
};

int main(void)
{
	struct tempdir dir = tempdir_new();
	struct layout l = LAYOUT_INIT;
	struct digest parts[PARTS];
	struct err err = ERR_INIT;

	CHECK_ROW(layout_open(&l, dir.path, LAYOUT_WRITE, &err) == 0, "a mirror");
	fill(&l, parts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(marks_release) struct marks marks = MARKS_INIT;
		cleanup_by(banned_release) struct banned b = banned_init(&l, &marks);

		CHECK_ROW(!banned_in(&b, &parts[rows[i].asked]), rows[i].name);
		marks_add_banned(&marks, &parts[rows[i].banned], MARK_DENY, "", "", 0);
		for (int twice = 0; twice < 2; twice++) {
			const struct mark *k = banned_in(&b, &parts[rows[i].asked]);

			CHECK_ROW(rows[i].is_in ? k && digest_eq(&k->digest, &parts[rows[i].banned])
						: !k,
				  rows[i].name);
		}
	}
	layout_close(&l);
	tempdir_release(&dir);
	return tap_done();
}
