#!/usr/bin/env bats
# What every program says about itself: --help, --version, man pages, mistyped options, make install.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	programs="mirror-sync mirror-publish mirror-serve"
}

# The options that --help lists, one a line, without dashes.
options_of() {
	"$bin/$1" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'
}

verbs() {
	"$bin/mirror-publish" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

@test "--help is on stdout, fits 80 columns, and is status 0" {
	for program in $programs; do
		run --separate-stderr "$bin/$program" --help
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ ${lines[0]} == "Usage: $program "* ]]
		[ "$(awk 'length > 80' <<<"$output")" = "" ]
	done
}

@test "--version names the program and its version" {
	for program in $programs; do
		run --separate-stderr "$bin/$program" --version
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ $output =~ ^$program\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "an unknown option is one line on stderr that names it, and status 1" {
	for program in $programs; do
		run --separate-stderr "$bin/$program" --no-such-thing-at-all
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "$program: "*'"--no-such-thing-at-all"'* ]]
	done
}

@test "an option that is nearly right gets the right one suggested" {
	for program in $programs; do
		for option in $(options_of "$program"); do
			[ "${#option}" -gt 4 ] || continue
			run --separate-stderr "$bin/$program" "--${option}x"
			[ "$status" -eq 1 ]
			[ "${#stderr_lines[@]}" -eq 1 ]
			[[ $stderr == *"\"--$option\""* ]] || { echo "$program: $stderr" && false; }
		done
	done
}

@test "an option without its value is one line that names it, and status 1" {
	for program in $programs; do
		for option in $("$bin/$program" --help | sed -n 's/^  --\([a-z-]*\) [A-Z].*/\1/p'); do
			run --separate-stderr "$bin/$program" "--$option"
			[ "$status" -eq 1 ]
			[ "${#stderr_lines[@]}" -eq 1 ]
			[[ $stderr == *"--$option"* ]] || { echo "$program: $stderr" && false; }
		done
	done
}

@test "a single dash and a value where none belongs are refused" {
	for program in $programs; do
		run --separate-stderr "$bin/$program" -x
		[ "$status" -eq 1 ]
		[[ $stderr == *'"-x"'* ]]
		run --separate-stderr "$bin/$program" --help=yes
		[ "$status" -le 1 ]
	done
}

@test "the options of the contract are all there" {
	wanted() {
		local program=$1 option
		shift
		for option; do
			options_of "$program" | grep -qx -- "$option" || { echo "$program: no --$option" && return 1; }
		done
	}
	wanted mirror-sync mirror lists rev worktree check dry-run against missing force jobs wait label \
		tolerate report snapshot-suffix
	wanted mirror-publish mirror wait
	wanted mirror-serve listen default-registry list-snapshots name threads access-log
}

@test "the man page says what --help says, and troff has nothing to complain of" {
	for program in $programs; do
		"$bin/$program" --man >"$BATS_TEST_TMPDIR/$program.1"
		run groff -man -Tutf8 -ww -z "$BATS_TEST_TMPDIR/$program.1"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		groff -man -Tascii -P-cbou "$BATS_TEST_TMPDIR/$program.1" >"$BATS_TEST_TMPDIR/page"
		for option in $(options_of "$program"); do
			grep -q -e "--$option" "$BATS_TEST_TMPDIR/page" || { echo "$program: --$option" && false; }
		done
	done
}

@test "each verb of mirror-publish has its --help and its man page" {
	[ -n "$(verbs)" ]
	for verb in $(verbs); do
		run --separate-stderr "$bin/mirror-publish" "$verb" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "Usage: mirror-publish $verb"* ]]
		"$bin/mirror-publish" "$verb" --man >"$BATS_TEST_TMPDIR/$verb.1"
		run groff -man -Tutf8 -ww -z "$BATS_TEST_TMPDIR/$verb.1"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		run --separate-stderr "$bin/mirror-publish" "$verb" --no-such-thing-at-all
		[ "$status" -eq 1 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
}

@test "mirror-serve links neither libcurl nor libgit2 nor libarchive" {
	run ldd "$bin/mirror-serve"
	[ "$status" -eq 0 ]
	[[ $output != *libcurl* && $output != *libgit2* && $output != *libarchive* ]]
}

@test "make install puts programs and man pages below DESTDIR and PREFIX, and nothing elsewhere" {
	make -s -C "$top" BUILD="$bin" install DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr -o all
	run find "$BATS_TEST_TMPDIR/root" -type f -printf '%P %m\n'
	[ "$(grep -v mirror-publish- <<<"$output" | sort)" = "usr/bin/mirror-publish 755
usr/bin/mirror-serve 755
usr/bin/mirror-sync 755
usr/share/man/man1/mirror-publish.1 644
usr/share/man/man1/mirror-serve.1 644
usr/share/man/man1/mirror-sync.1 644" ]
	# a page for each verb
	[[ $output == *"man1/mirror-publish-rollback.1 644"* ]]
	[ "$(grep -c man1/mirror-publish- <<<"$output")" = "$(verbs | wc -l)" ]
	run "$BATS_TEST_TMPDIR/root/usr/bin/mirror-serve" --version
	[ "$status" -eq 0 ]
}
