#include "oci/auth/keychain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

static const char *const kinds[] = {
	[CREDENTIAL_NONE] = "none",
	[CREDENTIAL_BASIC] = "basic",
	[CREDENTIAL_IDENTITY] = "identity",
	[CREDENTIAL_BEARER] = "bearer",
};

/* "kind user secret", or "!" and the message. */
static char *look_up(struct keychain *c, const char *host, const char *path)
{
	cleanup_by(credential_release) struct credential cred = CREDENTIAL_INIT;
	struct err err = ERR_INIT;

	if (keychain_find(c, host, path, &cred, &err) < 0)
		return xasprintf("!%s", err.msg);
	return cred.kind == CREDENTIAL_NONE
		       ? xstrdup("-")
		       : xasprintf("%s %s %s", kinds[cred.kind], cred.user, cred.secret);
}

static void check_found(struct keychain *c, const char *host, const char *want, const char *name)
{
	cleanup_free char *got = look_up(c, host, "org/app");

	CHECK_TEXT(got, want, name);
}

static void check_fails(struct keychain *c, const char *host, const char *says, const char *name)
{
	cleanup_free char *got = look_up(c, host, "org/app");

	if (!CHECK_ROW(got[0] == '!' && strstr(got, says) && !strstr(got, "secret"), name))
		printf("#   got: %s\n", got);
}

/* {"auths":{host:user:secret}} */
static char *file_of(const char *host, const char *user)
{
	return xasprintf("{\"auths\":{\"%s\":{\"username\":\"%s\",\"password\":\"a-secret\"}}}",
			 host, user);
}

static void put_file(const struct tempdir *t, const char *name, const char *host, const char *user)
{
	cleanup_free char *json = file_of(host, user);

	tempdir_write(t, name, json);
}

static void make_dir(const struct tempdir *t, const char *name)
{
	struct err err;

	file_make_dirs(t->fd, name, &err);
}

/*
 * Sources.
 */

static void test_sources(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_free char *json = file_of("quay.io", "docker-auth-config");
	cleanup_free char *docker = xasprintf("%s/docker", t.path),
			  *run = xasprintf("%s/run", t.path);
	cleanup_free char *home = xasprintf("%s/home", t.path),
			  *config = xasprintf("%s/config", t.path);
	cleanup_free char *file = xasprintf("%s/auth.json", t.path);
	struct keychain_options all = { .docker_auth_config = json,
					.registry_auth_file = file,
					.docker_config = docker,
					.xdg_runtime_dir = run,
					.xdg_config_home = config,
					.home = home };
	struct {
		const char *user;
		const char **option; /* taken away after its turn; or */
		const char *file;
	} order[] = {
		{ "docker-auth-config", &all.docker_auth_config, NULL },
		{ "registry-auth-file", &all.registry_auth_file, NULL },
		{ "docker-config", &all.docker_config, NULL },
		{ "home-docker", NULL, "home/.docker/config.json" },
		{ "runtime", &all.xdg_runtime_dir, NULL },
		{ "xdg-config", &all.xdg_config_home, NULL },
		{ "home-config", NULL, "home/.config/containers/auth.json" },
		{ "home-dockercfg", &all.home, NULL },
		{ NULL, NULL, NULL },
	};

	make_dir(&t, "docker");
	make_dir(&t, "run/containers");
	make_dir(&t, "home/.docker");
	make_dir(&t, "home/.config/containers");
	make_dir(&t, "config/containers");
	put_file(&t, "auth.json", "quay.io", "registry-auth-file");
	put_file(&t, "docker/config.json", "quay.io", "docker-config");
	put_file(&t, "run/containers/auth.json", "quay.io", "runtime");
	put_file(&t, "config/containers/auth.json", "quay.io", "xdg-config");
	put_file(&t, "home/.docker/config.json", "quay.io", "home-docker");
	put_file(&t, "home/.config/containers/auth.json", "quay.io", "home-config");
	tempdir_write(&t, "home/.dockercfg",
		      "{\"https://quay.io\":{\"auth\":\"aG9tZS1kb2NrZXJjZmc6YS1zZWNyZXQ=\","
		      "\"email\":\"x\"}}");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct err err = ERR_INIT;
		struct keychain *c = keychain_new(&all, &err);

		if (!c)
			printf("# %s\n", err.msg);
		cleanup_free char *want = order[i].user
						  ? xasprintf("basic %s a-secret", order[i].user)
						  : xstrdup("-");

		check_found(c, "quay.io", want, order[i].user ? order[i].user : "no source at all");
		keychain_free(c);
		if (order[i].option)
			*order[i].option = NULL;
		else if (order[i].file)
			unlinkat(t.fd, order[i].file, 0);
	}
}

static void test_next_source(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_free char *json = file_of("quay.io", "first");
	struct keychain_options o = { .docker_auth_config = json, .docker_config = t.path };
	struct err err = ERR_INIT;
	struct keychain *c;

	put_file(&t, "config.json", "ghcr.io", "second");
	c = keychain_new(&o, &err);
	check_found(c, "ghcr.io", "basic second a-secret",
		    "what one source does not know, the next may");
	check_found(c, "quay.io", "basic first a-secret", "and the other way round");
	keychain_free(c);
}

static void test_files(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_free char *file = xasprintf("%s/config.json", t.path);
	struct keychain_options o = { .docker_config = t.path, .home = "/nonexistent" };
	struct err err = ERR_INIT;
	struct keychain *c = keychain_new(&o, &err);

	check_found(c, "quay.io", "-", "missing files are none");
	keychain_free(c);
	tempdir_write(&t, "config.json", "\n");
	c = keychain_new(&o, &err);
	check_found(c, "quay.io", "-", "an empty file is none");
	keychain_free(c);
	tempdir_write(&t, "config.json", "{\"auths\": a-secret}");
	CHECK_ROW(!keychain_new(&o, &err) && strstr(err.msg, file) && !strstr(err.msg, "secret"),
		  "a broken file is named, and not quoted");
	o = (struct keychain_options){ .docker_auth_config = "a-secret" };
	CHECK_ROW(!keychain_new(&o, &err) && strstr(err.msg, "$DOCKER_AUTH_CONFIG") &&
			  !strstr(err.msg, "secret"),
		  "so is a broken variable");
	o = (struct keychain_options){ .docker_auth_config = "/run/secrets/a-secret.json" };
	CHECK_ROW(!keychain_new(&o, &err) && strstr(err.msg, "$DOCKER_AUTH_CONFIG holds a path") &&
			  strstr(err.msg, "REGISTRY_AUTH_FILE") && !strstr(err.msg, "secret"),
		  "a path in the variable that holds JSON");
	o = (struct keychain_options){ .docker_auth_config = "a-secret/config.json\n" };
	CHECK_ROW(!keychain_new(&o, &err) && strstr(err.msg, "$DOCKER_AUTH_CONFIG holds a path") &&
			  !strstr(err.msg, "secret"),
		  "a relative one, with a line end");
	o = (struct keychain_options){ .docker_auth_config = "eyJhdXRocyI6e319" };
	CHECK_ROW(!keychain_new(&o, &err) &&
			  strstr(err.msg, "$DOCKER_AUTH_CONFIG holds base64, and is to hold JSON"),
		  "base64 of the JSON");
	o = (struct keychain_options){ .registry_auth_file = t.path };
	CHECK_ROW(!keychain_new(&o, &err) && strstr(err.msg, t.path), "a directory is no file");
	keychain_free(NULL);
}

static void test_hosts(void)
{
	static const char json[] =
		"{\"auths\":{\"https://index.docker.io/v1/\":{\"username\":\"hub\","
		"\"password\":\"p\"},"
		"\"Registry.Corp:5000/team\":{\"username\":\"team\",\"password\":\"p\"}}}";
	struct keychain_options o = { .docker_auth_config = json };
	struct err err = ERR_INIT;
	struct keychain *c = keychain_new(&o, &err);
	cleanup_free char *team = look_up(c, "registry.corp:5000", "team/app");

	check_found(c, "docker.io", "basic hub p", "Docker Hub by its name");
	check_found(c, "registry-1.docker.io", "basic hub p", "by its host");
	check_found(c, "index.docker.io", "basic hub p", "by its index");
	check_found(c, "hub.docker.io", "-", "another host of its domain");
	check_found(c, "mirror.corp", "-", "what stands in for it is asked for itself");
	CHECK_TEXT(team, "basic team p", "a namespace");
	check_found(c, "registry.corp:5000", "-", "and nothing beside it");
	keychain_free(c);
}

/*
 * Helpers: shell scripts, which write down what they were asked.
 */

static void make_executable(const struct tempdir *t, const char *file)
{
	if (fchmodat(t->fd, file, 0755, 0) < 0)
		abort();
}

static void put_helper(const struct tempdir *t, const char *name, const char *body)
{
	cleanup_free char *file = xasprintf("docker-credential-%s", name);
	cleanup_free char *script = xasprintf("#!/bin/sh\ncd '%s'\nread -r server\n"
					      "echo \"$1 $server $MARK\" >>'%s.log'\n%s\n",
					      t->path, name, body);

	tempdir_write(t, file, script);
	make_executable(t, file);
}

static const char *log_of(const struct tempdir *t, const char *name, struct buf *out)
{
	cleanup_free char *file = xasprintf("%s.log", name);
	struct err err;

	return file_read(t->fd, file, out, &err) < 0 ? "(never asked)" : out->p;
}

#define ANSWER(user, secret)                                                                       \
	"echo '{\"ServerURL\":\"x\",\"Username\":\"" user "\",\"Secret\":\"" secret "\"}'"

static char mark[] = "MARK=handed-on";
static char *const environment[] = { mark, NULL };

static struct keychain *creds_with(const struct tempdir *t, const char *json, long timeout_ms)
{
	cleanup_free char *path = xasprintf("relative:/nonexistent:%s:/usr/bin", t->path);
	struct keychain_options o = { .docker_auth_config = json,
				      .path = path,
				      .environment = environment,
				      .helper_timeout_ms = timeout_ms };
	struct err err = ERR_INIT;
	struct keychain *c = keychain_new(&o, &err);

	if (!c)
		printf("# %s\n", err.msg);
	return c;
}

static const struct {
	const char *name, *script, *want;
} answers[] = {
	{ "user and secret", ANSWER("ann", "a-secret"), "basic ann a-secret" },
	{ "an identity token", ANSWER("<token>", "a-secret"), "identity  a-secret" },
	{ "a secret with everything in it",
	  "printf '%s' '{\"Username\":\"AWS\",\"Secret\":\"a \\\"\\\\/:\\u00e9\"}'",
	  "basic AWS a \"\\/:\303\251" },
	{ "neither", ANSWER("", ""), "-" },
	{ "not found", "echo credentials not found in native keychain; exit 1", "-" },
	{ "not found, in other words", "echo 'Credentials not found'; exit 2", "-" },
	{ "a failure", "echo 'the vault is locked'; exit 1", "!failed: the vault is locked" },
	{ "a failure without words", "exit 3", "!failed" },
	{ "a failure that says it all the same", ANSWER("ann", "a-secret") "; exit 1", "!failed" },
	{ "a failure that says it in words",
	  "echo 'token ghp_0123456789secretsecretsecret00 is bad'; exit 1",
	  "!failed: token ... is bad" },
	{ "a failure on its other output", "echo 'it is a-secret' >&2; exit 1", "!failed" },
	{ "a crash", "kill -9 $$", "!failed" },
	{ "no JSON", "echo a-secret", "!did not answer with Username and Secret" },
	{ "half a JSON", "echo '{\"Username\":\"ann\",\"Secret\":\"a-secret'",
	  "!did not answer with" },
	{ "no object", "echo '[\"a-secret\"]'", "!did not answer with" },
	{ "no secret", "echo '{\"Username\":\"a-secret\"}'", "!did not answer with" },
	{ "a secret that is a number", "echo '{\"Username\":\"ann\",\"Secret\":1}'",
	  "!did not answer with" },
	{ "nothing", ":", "!did not answer with" },
	{ "without end", "exec yes a-secret", "!says too much" },
	{ "it does not read its input", "exec <&-; " ANSWER("ann", "a-secret"),
	  "basic ann a-secret" },
	{ "it gets no descriptor of ours", "[ -e /proc/$$/fd/100 ] || " ANSWER("ann", "a-secret"),
	  "basic ann a-secret" },
};

static void test_answers(void)
{
	/* what a library opened may be inherited: libcurl's sockets are */
	int open_here = dup2(STDOUT_FILENO, 100);

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
		struct keychain *c = creds_with(&t, "{\"credHelpers\":{\"quay.io\":\"h\"}}", 0);

		put_helper(&t, "h", answers[i].script);
		if (answers[i].want[0] == '!')
			check_fails(c, "quay.io", answers[i].want + 1, answers[i].name);
		else
			check_found(c, "quay.io", answers[i].want, answers[i].name);
		keychain_free(c);
	}
	close(open_here);
}

static void test_programs(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(buf_release) struct buf log = BUF_INIT(1000);
	struct keychain *c = creds_with(
		&t,
		"{\"credHelpers\":{\"a\":\"missing\",\"b\":\"../h\",\"c\":\"h; touch x\","
		"\"d\":\"no-exec\",\"e\":\"no-shebang\",\"quay.io\":\"h\",\"f\":\"x\"}}",
		0);

	put_helper(&t, "h", ANSWER("ann", "a-secret"));
	tempdir_write(&t, "docker-credential-no-exec", "#!/bin/sh\n");
	tempdir_write(&t, "docker-credential-no-shebang", "\177nothing that runs");
	make_executable(&t, "docker-credential-no-shebang");
	check_fails(
		c, "a",
		"\"docker-credential-missing\", named in $DOCKER_AUTH_CONFIG, is not in the path",
		"a missing helper");
	check_fails(c, "b", "\"../h\"", "a name that leaves the path");
	check_fails(c, "c", "cannot be the name", "a name for a shell");
	check_fails(c, "d", "not in the path", "a file that may not be run");
	check_fails(c, "e", "cannot run", "a file that can't be run");
	check_found(c, "quay.io", "basic ann a-secret", "a helper that works");
	CHECK_TEXT(log_of(&t, "h", &log), "get quay.io handed-on\n",
		   "it is told the verb and the host, and has the environment");
	check_found(c, "QUAY.io", "basic ann a-secret", "asked again");
	CHECK_TEXT(log_of(&t, "h", &log), "get quay.io handed-on\n", "it is not run again");
	keychain_forget(c, "ghcr.io");
	check_found(c, "quay.io", "basic ann a-secret", "another host is forgotten");
	CHECK_TEXT(log_of(&t, "h", &log), "get quay.io handed-on\n", "and it is not run again");
	keychain_forget(c, "quay.io");
	check_found(c, "quay.io", "basic ann a-secret", "the host is forgotten");
	CHECK_TEXT(log_of(&t, "h", &log), "get quay.io handed-on\nget quay.io handed-on\n",
		   "and it is run again");
	keychain_free(c);
}

/* Neither the working directory nor one below it is a place for programs. */
static void test_relative_path(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	struct keychain_options o = { .docker_auth_config = "{\"credsStore\":\"h\"}",
				      .path = ":.:sub:./sub" };
	struct err err = ERR_INIT;
	struct keychain *c = keychain_new(&o, &err);
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_dir(&t, "sub");
	put_helper(&t, "h", ANSWER("ann", "a-secret"));
	if (linkat(t.fd, "docker-credential-h", t.fd, "sub/docker-credential-h", 0) < 0 ||
	    fchdir(t.fd) < 0)
		abort();
	check_fails(c, "quay.io", "not in the path", "relative directories are not looked into");
	if (fchdir(here) < 0)
		abort();
	close(here);
	keychain_free(c);
}

/* Docker Hub's credential where docker login leaves it. */
static void test_hub_helper(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(buf_release) struct buf log = BUF_INIT(1000);
	struct keychain *c = creds_with(&t, "{\"credsStore\":\"h\"}", 0);

	put_helper(&t, "h", ANSWER("hub", "h-secret"));
	check_found(c, "docker.io", "basic hub h-secret", "Docker Hub's old address");
	CHECK_TEXT(log_of(&t, "h", &log), "get https://index.docker.io/v1/ handed-on\n",
		   "is enough");
	keychain_free(c);
}

/* These helpers wait for a line that never comes. */
static void test_timeout(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	struct keychain *c = creds_with(
		&t, "{\"credHelpers\":{\"quay.io\":\"slow\",\"ghcr.io\":\"closes\"}}", 300);

	if (mkfifoat(t.fd, "never", 0600) < 0)
		abort();
	put_helper(&t, "slow", "read -r line <>never");
	put_helper(&t, "closes", "exec >&-; read -r line <>never");
	check_fails(c, "quay.io", "takes too long", "a helper that does not end");
	CHECK_ROW(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "was killed");
	unlinkat(t.fd, "docker-credential-slow", 0);
	check_fails(c, "quay.io", "takes too long", "and is not run again");
	check_fails(c, "ghcr.io", "takes too long", "one that says nothing more, and does not end");
	keychain_free(c);
}

static void test_stores(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(buf_release) struct buf log = BUF_INIT(1000);
	struct keychain *c =
		creds_with(&t,
			   "{\"credsStore\":\"all\",\"credHelpers\":{\"ghcr.io\":\"one\"},"
			   "\"auths\":{\"quay.io\":{\"username\":\"ann\","
			   "\"password\":\"a-secret\"},\"docker.io\":{},"
			   "\"ghcr.io\":{\"username\":\"bob\",\"password\":\"b-secret\"}}}",
			   0);

	put_helper(
		&t, "all",
		"case $server in docker.io) " ANSWER(
			"hub", "h-secret") ";;"
					   "gcr.io) " ANSWER(
						   "gcr",
						   "g-secret") ";;"
							       "*) echo credentials not found in "
							       "native keychain; exit 1;; esac");
	put_helper(&t, "one", "echo credentials not found in native keychain; exit 1");
	check_found(c, "quay.io", "basic ann a-secret", "what stands in the file needs no helper");
	CHECK_TEXT(log_of(&t, "all", &log), "(never asked)", "which is not asked");
	check_found(c, "registry-1.docker.io", "basic hub h-secret",
		    "a marker, and the helper for all");
	CHECK_TEXT(log_of(&t, "all", &log),
		   "get https://index.docker.io/v1/ handed-on\nget docker.io handed-on\n",
		   "Docker Hub's under both its names");
	check_found(c, "gcr.io", "basic gcr g-secret",
		    "the helper for all knows more than the file");
	check_found(c, "nowhere.example", "-", "and does not know everything");
	check_found(c, "ghcr.io", "basic bob b-secret",
		    "a helper that knows nothing leaves it to the file");
	CHECK_TEXT(log_of(&t, "one", &log), "get ghcr.io handed-on\n", "but is asked first");
	keychain_free(c);
}

/* Begun ahead of time: the same programs run, once. */
static void test_ahead(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_by(buf_release) struct buf one = BUF_INIT(1000), all = BUF_INIT(1000);
	struct keychain *c =
		creds_with(&t,
			   "{\"credsStore\":\"all\",\"credHelpers\":{\"ghcr.io\":\"one\"},"
			   "\"auths\":{\"quay.io\":"
			   "{\"username\":\"ann\",\"password\":\"a-secret\"},\"gcr.io/org\":{}}}",
			   0);
	struct pollfd p = { .events = POLLIN };

	put_helper(&t, "one", ANSWER("bob", "b-secret"));
	put_helper(&t, "all", ANSWER("eve", "e-secret"));
	keychain_begin(c, "quay.io");
	CHECK_ROW(keychain_ready(c, "quay.io") && keychain_watch(c, &p.fd, 1) == 0,
		  "what stands in the file needs no helper");
	keychain_begin(c, "gcr.io");
	while (!keychain_ready(c, "gcr.io") && keychain_watch(c, &p.fd, 1) == 1)
		poll(&p, 1, -1);
	CHECK_ROW(keychain_watch(c, &p.fd, 1) == 0, "what has ended wakes nobody any more");
	keychain_begin(c, "gcr.io");
	check_found(c, "gcr.io", "basic eve e-secret", "begun, and found");
	CHECK_TEXT(log_of(&t, "all", &all), "get gcr.io handed-on\n", "it was run once");
	keychain_begin(c, "ghcr.io");
	check_found(c, "ghcr.io", "basic bob b-secret", "who does not wait for it, is made to");
	CHECK_TEXT(log_of(&t, "one", &one), "get ghcr.io handed-on\n", "and it was run once, too");
	keychain_begin(c, "r.corp");
	keychain_free(c);
	CHECK_ROW(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "what still runs is ended");
}

/* Docker Hub's two names are asked for at once; here, of the first nothing is ever heard. */
static void test_two_helpers(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	struct keychain *c = creds_with(&t, "{\"credsStore\":\"h\"}", 10000);
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int fds[2];

	if (mkfifoat(t.fd, "never", 0600) < 0)
		abort();
	put_helper(&t, "h", "case $server in https:*) read -r line <>never ;; esac");
	keychain_begin(c, "docker.io");
	while (!keychain_ready(c, "docker.io") && keychain_watch(c, fds, 2) == 2) {
		p[0].fd = fds[0];
		p[1].fd = fds[1];
		poll(p, 2, -1);
	}
	CHECK_ROW(!keychain_ready(c, "docker.io") && keychain_watch(c, fds, 2) == 1,
		  "the one that has ended wakes nobody while the other goes on");
	keychain_free(c);
}

/*
 * One credential.
 */

static void test_cred(void)
{
	cleanup_by(credential_release) struct credential c = CREDENTIAL_INIT,
							 copy = CREDENTIAL_INIT;
	cleanup_by(buf_release) struct buf out = BUF_INIT(100), small = BUF_INIT(20);

	credential_set(&c, "Aladdin", "open sesame", "RFC 7617");
	credential_basic(&c, &out);
	CHECK_TEXT(out.p, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617, 2");
	credential_copy(&copy, &c);
	credential_release(&c);
	CHECK_ROW(c.kind == CREDENTIAL_NONE && !c.secret, "released");
	CHECK_ROW(copy.kind == CREDENTIAL_BASIC && strcmp(copy.secret, "open sesame") == 0 &&
			  strcmp(copy.from, "RFC 7617") == 0,
		  "a copy lives on");
	credential_basic(&copy, &small);
	CHECK_ROW(buf_failed(&small), "a header that becomes too long is told");
	credential_wipe(NULL);
}

static void test_wiping(void)
{
	struct buf b = BUF_INIT(100);

	buf_adds(&b, "a-secret");
	credential_wipe_buf(&b);
	CHECK_ROW(b.n == 0 && b.cap == 0, "a wiped buffer is empty");
	credential_wipe_buf(&b);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_sources();
	test_next_source();
	test_files();
	test_hosts();
	test_answers();
	test_programs();
	test_relative_path();
	test_hub_helper();
	test_two_helpers();
	test_timeout();
	test_stores();
	test_ahead();
	test_cred();
	test_wiping();
	return tap_done();
}
