/*
 * readjson FILE - reads a JSON document in one piece, and prints the seconds that took. What
 * tests/bench/serve measures a start against.
 */
#include <jansson.h>
#include <stdio.h>

#include "oci/base/clock.h"

int main(int argc, char **argv)
{
	int64_t start = clock_now();
	json_t *doc = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;

	if (!doc)
		return 1;
	printf("%.3f\n", (double)(clock_now() - start) / CLOCK_SEC);
	json_decref(doc);
	return 0;
}
