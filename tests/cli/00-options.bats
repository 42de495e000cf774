#!/usr/bin/env bats
# What every program says about itself: --help, --version, man pages, mistyped options, make
# install.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	programs="mirror-sync mirror-publish mirror-serve"
}

# The options that --help of a program, or of a verb, lists, one a line, without dashes.
options_of() {
	"$bin/$1" "${@:2}" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'
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
		for option in $("$bin/$program" --help |
			sed -n 's/^  --\([a-z-]*\) [A-Z].*/\1/p'); do
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
			options_of "$program" | grep -qx -- "$option" ||
				{ echo "$program: no --$option" && return 1; }
		done
	}
	wanted mirror-sync mirror lists rev worktree check dry-run against missing force jobs wait \
		label tolerate report snapshot-suffix
	wanted mirror-publish mirror wait confirm
	wanted mirror-serve listen default-registry list-snapshots name threads access-log
}

# The options that a unit test takes a stand on, one a line.
judged() {
	sed -n '/ rows\[\] = {/,/^};/s/^\t{ { "--\([a-z-]*\)".*/\1/p' "$top/tests/unit/$1" | sort
}

@test "every option is judged: with which others it has an effect" {
	for program in sync:sync_mode.c serve:serve_cmdline.c; do
		diff <(options_of "mirror-${program%%:*}" | grep -vx -e help -e version | sort) \
			<(judged "${program#*:}")
	done
}

@test "the man page says what --help says, and troff has nothing to complain of" {
	for program in $programs; do
		"$bin/$program" --man >"$BATS_TEST_TMPDIR/$program.1"
		run groff -man -Tutf8 -ww -z "$BATS_TEST_TMPDIR/$program.1"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		groff -man -Tascii -P-cbou "$BATS_TEST_TMPDIR/$program.1" >"$BATS_TEST_TMPDIR/page"
		for option in $(options_of "$program"); do
			grep -q -e "--$option" "$BATS_TEST_TMPDIR/page" ||
				{ echo "$program: --$option" && false; }
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

@test "--help and the man page have the same last sections" {
	for program in $programs; do
		"$bin/$program" --help >"$BATS_TEST_TMPDIR/help"
		"$bin/$program" --man >"$BATS_TEST_TMPDIR/man"
		for section in "Exit status" Environment Examples "See also"; do
			grep -q "^$section:" "$BATS_TEST_TMPDIR/help" ||
				{ echo "$program --help: $section" && false; }
			grep -qE "^\.SH \"?${section^^}\"?$" "$BATS_TEST_TMPDIR/man" ||
				{ echo "$program --man: $section" && false; }
		done
	done
	for verb in $(verbs); do
		"$bin/mirror-publish" "$verb" --help >"$BATS_TEST_TMPDIR/help"
		for section in "Exit status" Environment Examples "See also"; do
			grep -q "^$section:" "$BATS_TEST_TMPDIR/help" ||
				{ echo "$verb: $section" && false; }
		done
		[ "$(awk 'length > 80' "$BATS_TEST_TMPDIR/help")" = "" ]
	done
}

dashed_options_of() {
	options_of "$@" | sed 's/^/--/'
}

# What bash would offer for the last of these words, one a line.
complete_words() {
	local COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY
	# shellcheck disable=SC1090  # made by the program
	source <("$bin/$1" --completion)
	"_${1//-/_}"
	printf '%s\n' "${COMPREPLY[@]}"
}

@test "bash completes every option, and those of a verb" {
	for program in mirror-sync mirror-serve mirror-publish; do
		[ "$(complete_words "$program" --)" = "$(dashed_options_of "$program")" ]
	done
	for verb in $(verbs); do
		[ "$(complete_words mirror-publish "$verb" --)" = \
			"$(dashed_options_of mirror-publish "$verb")" ]
	done
	[ "$(complete_words mirror-sync --dry-run --wor)" = --worktree ]
	[ "$(complete_words mirror-publish --mirror m rollback alpine:3.19 --fre)" = --freeze ]
}

@test "bash completes verbs, choices, files and directories" {
	mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here"
	mkdir "a b" && touch aab
	[ "$(complete_words mirror-publish "")" = "$(verbs)" ]
	[ "$(complete_words mirror-publish --mirror m ro)" = rollback ]
	[ "$(complete_words mirror-publish --mirror = m --wait 3 ro)" = rollback ]
	[ "$(complete_words mirror-publish status ro)" = "" ]
	[ "$(complete_words mirror-publish rollback --reason ro)" = "" ]
	[ "$(complete_words mirror-sync --format "")" = $'text\ngithub\ngitlab' ]
	[ "$(complete_words mirror-sync --format =)" = $'text\ngithub\ngitlab' ]
	[ "$(complete_words mirror-sync --format = gitl)" = gitlab ]
	[ "$(complete_words mirror-sync --mirror a)" = "a b" ]
	[ "$(complete_words mirror-sync --report aa)" = aab ]
	[ "$(complete_words mirror-serve --threads 2 a)" = "a b" ]
}

@test "make install puts all files below DESTDIR and PREFIX, make uninstall removes them" {
	make -s -C "$top" BUILD="$bin" install DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr -o all
	run find "$BATS_TEST_TMPDIR/root" -type f -printf '%P %m\n'
	[ "$(grep -v -e mirror-publish- -e share/mirror/ <<<"$output" | sort)" = "usr/bin/mirror-publish 755
usr/bin/mirror-serve 755
usr/bin/mirror-sync 755
usr/share/bash-completion/completions/mirror-publish 644
usr/share/bash-completion/completions/mirror-serve 644
usr/share/bash-completion/completions/mirror-sync 644
usr/share/man/man1/mirror-publish.1 644
usr/share/man/man1/mirror-serve.1 644
usr/share/man/man1/mirror-sync.1 644" ]
	# the pipelines, for a repository of lists
	[ "$(grep -c '^usr/share/mirror/pipelines/.* 644$' <<<"$output")" = \
		"$(git -C "$top" ls-files ci/pipelines | wc -l)" ]
	# a page for each verb
	[[ $output == *"man1/mirror-publish-rollback.1 644"* ]]
	[ "$(grep -c man1/mirror-publish- <<<"$output")" = "$(verbs | wc -l)" ]
	run "$BATS_TEST_TMPDIR/root/usr/bin/mirror-serve" --version
	[ "$status" -eq 0 ]
	make -s -C "$top" BUILD="$bin" uninstall DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr
	[ -z "$(find "$BATS_TEST_TMPDIR/root" -type f)" ]
}
