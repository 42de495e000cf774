/*
 * replay - runs a corpus through a fuzz target as an ordinary test, under any compiler.
 *
 * build/tests/fuzz/ref.t runs every file of tests/corpus/ref/ through LLVMFuzzerTestOneInput(), one
 * check each; started from the top of the source tree, as `make check` does, or with the directory
 * as its argument. A target without a corpus fails: seeds are part of it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input in memory of exactly its size, so that ASan sees a read past its end. */
static void replay(int fd, const char *name)
{
	struct stat st;
	cleanup_free uint8_t *data = NULL;

	printf("# %s\n", name); /* the last line there is, when it crashes */
	fflush(stdout);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	data = xmalloc(st.st_size ? (size_t)st.st_size : 1);
	if (read(fd, data, (size_t)st.st_size) != st.st_size) {
		CHECK_ROW(0, name);
		return;
	}
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	CHECK_ROW(1, name);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	cleanup_free char *name = xstrdup(slash ? slash + 1 : argv[0]);
	cleanup_free char *path = NULL;
	cleanup_free struct dirent **files = NULL;
	int n;

	name[strcspn(name, ".")] = '\0';
	path = argc > 1 ? xstrdup(argv[1]) : xasprintf("tests/corpus/%s", name);
	n = scandir(path, &files, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		cleanup_free char *file = xasprintf("%s/%s", path, files[i]->d_name);
		cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && files[i]->d_name[0] != '.')
			replay(fd, files[i]->d_name);
		free(files[i]);
	}
	if (tap_n == 0)
		CHECK_ROW(0, path);
	return tap_done();
}
