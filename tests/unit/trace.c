/* trace: what of an exchange stands in the file, and what never does. */
#include "oci/http/trace.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define SIGNED "https://s/b?X-Amz-Signature=PLANTED&verify=PLANTED"

/* Each has the word PLANTED where a secret stands, or a password that says it in base64. */
static const struct {
	const char *name;
	struct trace_exchange x;
	const char *headers;
	const char
		*want; /* behind the time of the line; NULL: only that nothing planted is there */
} rows[] = {
	{ "a plain answer",
	  { .method = "HEAD", .url = "https://h/v2/a/manifests/1", .attempt = 1, .status = 200 },
	  "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Other: x\r\n"
	  "Docker-Content-Digest: sha256:01\r\n",
	  " HEAD https://h/v2/a/manifests/1 status=200 bytes=0 ms=5 attempt=1\n"
	  "\tContent-Type: a/b\n\tDocker-Content-Digest: sha256:01\n" },
	{ "no answer",
	  { .method = "GET", .url = "https://h/", .attempt = 3, .error = "reset by peer" },
	  "",
	  " GET https://h/ status=0 bytes=0 ms=5 attempt=3\n\terror: reset by peer\n" },
	{ "Basic, and a proxy with a password",
	  { .method = "GET",
	    .url = "https://h/token?service=r",
	    .authorization = "Basic am9lOlBMQU5URUQ=",
	    .proxy = "http://joe:PLANTED@proxy:3128",
	    .attempt = 1,
	    .status = 200,
	    .bytes = 7 },
	  "",
	  " GET https://h/token?service=r status=200 bytes=7 ms=5 attempt=1 auth=Basic "
	  "proxy=http://proxy:3128\n" },
	{ "the password of another exchange in an error",
	  { .method = "GET", .url = "https://h/", .attempt = 1, .error = "no PLANTED here" },
	  "Warning: 299 - \"PLANTED\"\r\nServer: PLANTED\r\nContent-Type: PLANTED\r\n",
	  " GET https://h/ status=0 bytes=0 ms=5 attempt=1\n\tContent-Type: ...\n"
	  "\tWarning: 299 - \"...\"\n\tServer: ...\n\terror: no ... here\n" },
	{ "a token, and its echo",
	  { .method = "GET",
	    .url = "https://h/",
	    .authorization = "Bearer xPLANTEDx",
	    .attempt = 1,
	    .status = 401 },
	  "WWW-Authenticate: Bearer realm=\"https://a/token\",error=\"xPLANTEDx\"\r\n",
	  " GET https://h/ status=401 bytes=0 ms=5 attempt=1 auth=Bearer\n"
	  "\tWWW-Authenticate: Bearer realm=\"https://a/token\",error=\"...\"\n" },
	{ "signed URLs",
	  { .method = "GET", .url = SIGNED, .attempt = 1, .status = 307 },
	  "Location: " SIGNED "\r\nLink: </v2/a?n=1&next=PLANTED>; rel=\"next\"\r\n",
	  " GET https://s/b?X-Amz-Signature=...&verify=... status=307 bytes=0 ms=5 attempt=1\n"
	  "\tLocation: https://s/b?X-Amz-Signature=...&verify=...\n"
	  "\tLink: </v2/a?n=1&next=...>; rel=\"next\"\n" },
	{ "cookies",
	  { .method = "GET", .url = "https://h/", .attempt = 1, .status = 200 },
	  "Set-Cookie: s=PLANTED\r\nX-Auth-Token: PLANTED\r\nCookie: PLANTED\r\n",
	  " GET https://h/ status=200 bytes=0 ms=5 attempt=1\n" },
	{ "a refresh token",
	  { .method = "POST",
	    .url = "https://h/token",
	    .form = { "grant_type=refresh_token&refresh_token=rPLANTEDr", 48 },
	    .attempt = 1,
	    .status = 400 },
	  "Warning: 299 - \"what is rPLANTEDr\"\r\n",
	  " POST https://h/token status=400 bytes=0 ms=5 attempt=1\n"
	  "\tWarning: 299 - \"what is ...\"\n" },
	{ "a terminal's controls",
	  { .method = "GET", .url = "https://h/", .attempt = 1, .status = 200 },
	  "Server: a\033[2Jb\r\nContent-Type: ##[error]x\r\nContent-Type: \302\233J\r\n",
	  " GET https://h/ status=200 bytes=0 ms=5 attempt=1\n\tContent-Type: ##(error]x\n"
	  "\tContent-Type: ??J\n\tServer: a [2Jb\n" },
};

/* What the last exchange left, behind its time. */
static const char *last_block(const struct buf *file, size_t from)
{
	const char *p = file->p + from;

	return strlen(p) > 24 && p[23] == 'Z' && p[10] == 'T' ? p + 24 : p;
}

static void test_rows(const struct tempdir *dir)
{
	cleanup_free char *path = xasprintf("%s/trace", dir->path);
	struct trace t = TRACE_INIT;
	size_t written = 0;
	struct err err;

	CHECK(trace_open(&t, path, &err) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf file = BUF_INIT(MIB);
		struct trace_exchange x = rows[i].x;

		x.began = clock_now();
		x.ended = x.began + 5 * CLOCK_MS;
		x.headers = span_str(rows[i].headers);
		trace_write(&t, &x);
		CHECK(file_read(dir->fd, "trace", &file, &err) == 0);
		CHECK_TEXT(last_block(&file, written), rows[i].want, rows[i].name);
		CHECK_ROW(!strstr(file.p, "PLANTED") && !strstr(file.p, "UExBT"), rows[i].name);
		written = file.n;
	}
	CHECK(trace_close(&t, &err) == 0);
}

static void test_files(const struct tempdir *dir)
{
	cleanup_free char *path = xasprintf("%s/old", dir->path);
	struct trace t = TRACE_INIT;
	struct trace_exchange x = { .method = "GET", .url = "https://h/", .attempt = 1 };
	struct stat st;
	struct err err;

	tempdir_write(dir, "old", "what stood there");
	tempdir_write(dir, "other", "stays as is");
	CHECK(trace_open(&t, path, &err) == 0 && trace_close(&t, &err) == 0);
	CHECK_ROW(fstatat(dir->fd, "old", &st, 0) == 0 && st.st_size == 0 &&
			  (st.st_mode & 0777) == 0600,
		  "an older file is emptied, and only its owner may read it");
	CHECK(symlinkat("old", dir->fd, "link") == 0);
	CHECK(linkat(dir->fd, "other", dir->fd, "hard", 0) == 0);
	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *name = xasprintf("%s/%s", dir->path, i ? "hard" : "link");

		CHECK_ROW(trace_open(&t, name, &err) < 0 && t.fd == -1 &&
				  strstr(err.msg, i ? "a hard link" : "is a symbolic link"),
			  name);
	}
	CHECK_ROW(fstatat(dir->fd, "other", &st, 0) == 0 && st.st_size == 11,
		  "what a link leads to stays");
	CHECK(trace_open(&t, "-", &err) < 0 && err.kind == ERR_USAGE);
	CHECK(trace_open(&t, dir->path, &err) < 0);
	CHECK(trace_open(&t, "/dev/full", &err) == 0);
	trace_write(&t, &x);
	trace_write(&t, &x);
	CHECK_ROW(trace_close(&t, &err) < 0 && strstr(err.msg, "/dev/full") && t.fd == -1,
		  "a full disk is told at the end");
}

int main(void)
{
	cleanup_by(tempdir_release) struct tempdir dir = tempdir_new();

	test_rows(&dir);
	test_files(&dir);
	return tap_done();
}
