#!/usr/bin/env bats
# ci/demo: the main job with all three programs, as a new user sees it.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export BIN=${BIN:-$top/build} TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
}

# The demo leaves no file, and no process in its directory.
nothing_is_left() {
	[ -z "$(ls -A "$TMPDIR")" ]
	[ -z "$(find /proc -maxdepth 2 -name cwd -lname "$TMPDIR/*" 2>/dev/null)" ]
}

@test "every step succeeds, whatever proxies are set, and no program is left running" {
	export http_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 all_proxy=socks5://127.0.0.1:9
	run "$top/ci/demo" </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"Every step succeeded"* ]]
	nothing_is_left
}

@test "a step that fails ends the demo with its number, and no program is left running" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$BIN"/mirror-sync "$BIN"/mirror-serve "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v true)" "$BATS_TEST_TMPDIR/bin/mirror-publish"
	BIN=$BATS_TEST_TMPDIR/bin run "$top/ci/demo" </dev/null
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "ci/demo: step 6 failed" ]]
	nothing_is_left
}
