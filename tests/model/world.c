#include "tests/model/world.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "tests/model/server.h"

#define MARKER "{\"imageLayoutVersion\":\"1.0.0\"}"
#define EMPTY  "{\"schemaVersion\":2,\"manifests\":[]}"

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(const struct world *w, const char *path, const void *p, size_t n)
{
	cleanup_free char *whole = xasprintf("%s/%s", w->dir, path);
	struct err err;

	if (file_replace(AT_FDCWD, whole, p, n, 0644, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
}

static void make_dir(const struct world *w, const char *path)
{
	cleanup_free char *whole = xasprintf("%s/%s", w->dir, path);
	struct err err;

	if (file_make_dirs(AT_FDCWD, whole, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
}

/* ---- contents ---- */

static void put_blob(const struct world *w, const void *p, size_t n, bool keep, struct digest *d)
{
	char path[DIGEST_PATH], whole[DIGEST_PATH + 8];

	digest_of(NULL, p, n, d);
	digest_path(d, path);
	snprintf(whole, sizeof(whole), "up/%s", path);
	if (keep)
		write_file(w, whole, p, n);
}

int world_new_content(struct world *w, bool broken)
{
	cleanup_by(buf_release) struct buf layer = BUF_INIT(KIB), config = BUF_INIT(KIB),
					   manifest = BUF_INIT(4 * KIB);
	struct digest dlayer, dconfig;
	int c = w->ncontents++;

	buf_addf(&layer, "layer of %d", c);
	put_blob(w, layer.p, layer.n, !broken, &dlayer);
	buf_addf(&config,
		 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Labels\":{"
		 "\"text\":\"%d\"}}}",
		 c);
	put_blob(w, config.p, config.n, true, &dconfig);
	buf_addf(&manifest,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{"
		 "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
		 "\"size\":%zu},\"layers\":[{\"mediaType\":"
		 "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
		 dconfig.str, config.n, dlayer.str, layer.n);
	put_blob(w, manifest.p, manifest.n, true, &w->content[c]);
	w->size[c] = (int64_t)manifest.n;
	w->broken[c] = broken;
	return c;
}

int world_content_of(const struct world *w, const struct digest *d)
{
	for (int c = 0; c < w->ncontents; c++)
		if (digest_eq(&w->content[c], d))
			return c;
	return NOTHING;
}

/* ---- the upstream and the lists ---- */

static void add_entry(const struct world *w, struct buf *out, int content, const char *ref)
{
	buf_addf(out,
		 "%s\n{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%lld,"
		 "\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"%s\"}}",
		 out->p[out->n - 1] == '[' ? "" : ",", w->content[content].str,
		 (long long)w->size[content], ref);
}

void world_set_upstream(struct world *w, const struct model *m)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(16 * MIB);
	char number[32];

	buf_addf(&out,
		 "{\"schemaVersion\":2,\"annotations\":{\"" ANNOTATION_GENERATION "\":\"%ld\"},"
		 "\"manifests\":[",
		 ++w->upstream_generation);
	for (int i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *r = &m->refs[i];
		size_t repository = (size_t)(strrchr(r->source, ':') - r->source);

		if (r->upstream != NOTHING)
			add_entry(w, &out, r->upstream, r->source);
		/* what a tag meant before can still be had by digest */
		for (int k = 0; k < r->nhad; k++) {
			cleanup_free char *ref = xasprintf("%.*s@%s", (int)repository, r->source,
							   w->content[r->had[k]].str);
			add_entry(w, &out, r->had[k], ref);
		}
	}
	buf_adds(&out, "]}\n");
	write_file(w, "up/index.json", out.p, out.n);
	snprintf(number, sizeof(number), "generation %ld:", w->upstream_generation);
	server_await(&w->upstream, number);
}

void world_set_lists(struct world *w, const struct model *m)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(MIB);

	for (int i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *r = &m->refs[i];

		if (r->listed)
			buf_addf(&out, "%s%s%s\n", r->name, r->pinned != NOTHING ? "@" : "",
				 r->pinned != NOTHING ? w->content[r->pinned].str : "");
	}
	write_file(w, "lists/base.list", out.p, out.n);
}

void world_set_clock(struct world *w, long ahead)
{
	cleanup_free char *path = xasprintf("%s/wallclock", w->dir);
	cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	char text[33];

	/* programs map the file: it keeps its size, and is never replaced */
	snprintf(text, sizeof(text), "%-31ld\n", ahead);
	if (fd < 0 || pwrite(fd, text, 32, 0) != 32)
		give_up(path);
	w->ahead = ahead;
}

/* ---- programs ---- */

static int open_output(const struct world *w, const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s", w->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		give_up(path);
	return fd;
}

static void set_environment(const struct world *w)
{
	cleanup_free char *clock = xasprintf("%s/wallclock", w->dir);
	cleanup_free char *preload = xasprintf("%s/tests/preload/wallclock.so", w->bin);
	const char *asan = getenv("ASAN_OPTIONS");
	/* the sanitizer's library wants to be the first, and cannot look for leaks under strace */
	cleanup_free char *options = xasprintf("%s%sverify_asan_link_order=0:detect_leaks=0",
					       asan ? asan : "", asan ? ":" : "");

	setenv("HOME", w->dir, 1);
	unsetenv("MIRROR_DIR");
	setenv("ASAN_OPTIONS", options, 1);
	if (!w->has_clock)
		return;
	setenv("WALLCLOCK", clock, 1);
	setenv("LD_PRELOAD", preload, 1);
}

static void exec_words(const struct world *w, const char *call, int nth, const char *const *words)
{
	cleanup_free char *program = xasprintf("%s/%s", w->bin, words[0]);
	cleanup_free char *trace = xasprintf("trace=%s", call ? call : "");
	cleanup_free char *inject =
		xasprintf("inject=%s:signal=KILL:when=%d", call ? call : "", nth);
	char *argv[32] = { (char *)"strace", (char *)"-qq", (char *)"-o", (char *)"/dev/null",
			   (char *)"-e",     trace,         (char *)"-e", inject };
	size_t n = call ? 8 : 0;

	argv[n++] = program;
	for (size_t i = 1; words[i]; i++)
		argv[n++] = (char *)words[i];
	argv[n] = NULL;
	dup2(open_output(w, "out"), STDOUT_FILENO);
	dup2(open_output(w, "err"), STDERR_FILENO);
	set_environment(w);
	execvp(argv[0], argv);
	_exit(127);
}

int world_run(struct world *w, const char *call, int nth, const char *const *words)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		exec_words(w, call, nth, words);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		give_up("fork");
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL && call ? WORLD_KILLED : 128 + WTERMSIG(status);
	/* a shell would say so of a killed program */
	return call && WEXITSTATUS(status) == 128 + SIGKILL ? WORLD_KILLED : WEXITSTATUS(status);
}

/* ---- a world's life ---- */

void world_open(struct world *w, const char *bin)
{
	const char *tmp = getenv("TMPDIR");
	cleanup_free char *preload = xasprintf("%s/tests/preload/wallclock.so", bin),
			  *layout = NULL;
	struct model empty;
	char conf[256];

	*w = (struct world){ .bin = bin, .served = -1 };
	snprintf(w->dir, sizeof(w->dir), "%s/model-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(w->dir))
		give_up(w->dir);
	w->has_clock = access(preload, R_OK) == 0;
	w->has_strace = system("strace -o /dev/null true 2>/dev/null") == 0;
	make_dir(w, "up/blobs/sha256");
	make_dir(w, "lists");
	write_file(w, "up/oci-layout", MARKER, strlen(MARKER));
	write_file(w, "up/index.json", EMPTY, strlen(EMPTY));
	world_set_clock(w, 0);
	layout = xasprintf("%s/up", w->dir);
	server_start(&w->upstream, bin, layout);
	snprintf(conf, sizeof(conf), "registry up.example endpoint=%s\n", w->upstream.url);
	write_file(w, "lists/mirror.conf", conf, strlen(conf));
	model_init(&empty);
	world_set_upstream(w, &empty);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void world_close(struct world *w, bool cleared)
{
	server_stop(&w->upstream);
	server_stop(&w->mirror);
	index_release(&w->seen);
	if (cleared)
		nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
