#include "oci/image/descriptor.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *s = json_get_text(object, key);

	return s ? s : otherwise;
}

static void read_platform(struct descriptor *d, const json_t *from)
{
	const json_t *p = json_get_object(from, "platform");

	d->has_platform = p != NULL;
	d->platform = (struct platform){
		.os = text_or(p, "os", ""),
		.architecture = text_or(p, "architecture", ""),
		.variant = text_or(p, "variant", ""),
		.os_version = text_or(p, "os.version", ""),
	};
}

int descriptor_read(struct descriptor *d, const json_t *from, struct err *err)
{
	const char *digest = json_get_text(from, "digest");
	int64_t size = json_get_size(from, "size");
	struct descriptor out = { .size = size };

	if (!json_is_object(from))
		return err_set(err, ERR_INVALID, 0, "a descriptor is not an object");
	if (!digest)
		return err_set(err, ERR_INVALID, 0, "a descriptor has no digest");
	if (digest_parse(&out.digest, span_str(digest), err) < 0)
		return -1;
	if (size < 0 || size > LIMIT_BLOB)
		return err_set(err, ERR_INVALID, 0, "descriptor of %s has no usable size", digest);
	out.media_type = text_or(from, "mediaType", "");
	out.artifact_type = json_get_text(from, "artifactType");
	out.data = json_get_text(from, "data");
	out.urls = json_get_array(from, "urls");
	if (!json_array_size(out.urls))
		out.urls = NULL;
	out.annotations = json_get_object(from, "annotations");
	read_platform(&out, from);
	*d = out;
	return 0;
}

const char *descriptor_annotation(const struct descriptor *d, const char *key)
{
	return json_get_text(d->annotations, key);
}

char *descriptor_urls(const struct descriptor *d)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_LAYER_URLS * (LIMIT_URL + 1));
	size_t found = 0;

	for (size_t i = 0; i < json_array_size(d->urls) && found < LIMIT_LAYER_URLS; i++) {
		const char *text = json_string_value(json_array_get(d->urls, i));
		struct err ignored;
		struct url u;

		if (!text || url_parse(&u, span_str(text), &ignored) < 0)
			continue;
		buf_addf(&out, "%s%s", found++ ? " " : "", text);
	}
	return found ? xstrdup(out.p) : NULL;
}

static int sextet(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* RFC 4648, 4, with its padding; false when the text is no base64 of exactly n bytes. */
static bool decode(const char *s, char *out, size_t n)
{
	unsigned long bits = 0;
	int have = 0;
	size_t done = 0, length = strlen(s);

	if (length != (n + 2) / 3 * 4)
		return false;
	for (; *s && *s != '='; s++) {
		int six = sextet(*s);

		if (six < 0)
			return false;
		bits = (bits << 6 | (unsigned long)six) & 0xffffff;
		have += 6;
		if (have >= 8 && done < n) {
			have -= 8;
			out[done++] = (char)(bits >> have);
		}
	}
	return done == n && strspn(s, "=") == strlen(s);
}

char *descriptor_data(const struct descriptor *d)
{
	cleanup_free char *bytes = NULL;
	struct digest got;

	/* embedded content is for small things; a manifest is not larger than this anyway */
	if (!d->data || d->size > (int64_t)LIMIT_MANIFEST)
		return NULL;
	bytes = xmalloc((size_t)d->size + 1);
	if (!decode(d->data, bytes, (size_t)d->size))
		return NULL;
	digest_of(&d->digest, bytes, (size_t)d->size, &got);
	if (!digest_eq(&got, &d->digest))
		return NULL;
	bytes[d->size] = '\0';
	return take(bytes);
}
