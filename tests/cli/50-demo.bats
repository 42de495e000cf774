#!/usr/bin/env bats
# ci/demo: the main job with all three programs, as a newcomer sees it.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export BIN=${BIN:-$top/build} TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
}

# Nothing of it is left: no file, and no process that works in its directory.
nothing_is_left() {
	[ -z "$(ls -A "$TMPDIR")" ]
	[ -z "$(find /proc -maxdepth 2 -name cwd -lname "$TMPDIR/*" 2>/dev/null)" ]
}

@test "every step is as it should be, whatever proxies are set, and nothing is left running" {
	export http_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 all_proxy=socks5://127.0.0.1:9
	run "$top/ci/demo" </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"All of it was as it should be"* ]]
	nothing_is_left
}

@test "a step that is not as it should be ends it with its number, and nothing is left running" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$BIN"/mirror-sync "$BIN"/mirror-serve "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v true)" "$BATS_TEST_TMPDIR/bin/mirror-publish"
	BIN=$BATS_TEST_TMPDIR/bin run "$top/ci/demo" </dev/null
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "ci/demo: step 6 was not as it should be" ]]
	nothing_is_left
}
