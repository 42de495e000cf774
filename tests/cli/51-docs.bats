#!/usr/bin/env bats
# The guides, the pipelines and the example lists agree with the programs and the source tree.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	tmp=$BATS_TEST_TMPDIR
	cd "$top" || return
}

pages() {
	git ls-files -- '*.md' ci/pipelines deploy
}

@test "the lists of this repository have no error and no warning" {
	run "$bin/mirror-sync" --check --worktree --lists mirror-lists
	[ "$status" -eq 0 ]
	[[ $output == "mirror-lists: no errors: "* ]]
	[ "${#lines[@]}" -eq 1 ]
}

verbs() {
	"$bin/mirror-publish" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# Prints the help of a program and of its verbs, for their options.
known_options() {
	local verb
	"$bin/$1" --help
	[ "$1" != mirror-publish ] ||
		for verb in $(verbs); do "$bin/$1" "$verb" --help; done
}

@test "every option that a page gives to one of our programs is one" {
	option='--[a-z][a-z-]*'
	for program in mirror-sync mirror-publish mirror-serve; do
		known_options "$program" | grep -o -e "$option" | sort -u >"$tmp/known"
		pages | xargs grep -ho -e "$program [^|#\`&]*" | grep -o -e "$option" |
			sort -u >"$tmp/said"
		[ -s "$tmp/said" ]
		run comm -13 "$tmp/known" "$tmp/said"
		[ -z "$output" ] || { echo "$program: $output" && false; }
	done
}

@test "every verb that a page gives to mirror-publish is one" {
	verbs | sort >"$tmp/known"
	pages | xargs grep -hoE '^ *(\$ )?mirror-publish [a-z]+' | sed 's/.* //' |
		sort -u >"$tmp/said"
	[ -s "$tmp/said" ]
	run comm -13 "$tmp/known" "$tmp/said"
	[ -z "$output" ]
}

@test "every link between pages leads somewhere" {
	pages | grep '\.md$' | while read -r page; do
		grep -o '](\([^)#]*\)' "$page" | sed 's/^](//' | while read -r link; do
			case $link in http*|"") continue ;; esac
			[ -e "$(dirname "$page")/$link" ] || { echo "$page: $link" && false; }
		done
	done
}

# Prints the anchors of headings: lower case, blanks as dashes, without other marks.
anchors() {
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

@test "every link into a page leads to a heading of it" {
	pages | grep '\.md$' | while read -r page; do
		grep -o ']([^)#]*#[^)]*)' "$page" | sed 's/^](//; s/)$//' |
			while IFS='#' read -r link anchor; do
				case $link in http*) continue ;; esac
				anchors "$(dirname "$page")/${link:-$(basename "$page")}" |
					grep -qx -e "$anchor" ||
					{ echo "$page: $link#$anchor" && false; }
			done
	done
}

# "base.list:12:31: unknown option ..." in the table of mirror-lists/README.md, against lines with
# these mistakes.
@test "the errors that mirror-lists/README.md names are the ones there are" {
	lists=$tmp/lists
	mkdir "$lists"
	cat >"$lists/base.list" <<-LIST
		docker.io/library/alpine:3.19 platfrom=linux/amd64
		docker.io/library/Alpine:3.19
		docker.io/library/alpine:3.*
		docker.io/library/debian:12 tags=1*
		ghcr.io/org/tool:1
		docker.io/library/redis:7
		docker.io/library/valkey:7 as=docker.io/library/redis:7
		docker.io/library/debian
	LIST
	cp mirror-lists/mirror.conf "$lists"
	run "$bin/mirror-sync" --check --worktree --lists "$lists"
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2016  # backquotes are the page's
	sed -n 's/^| `base\.list:[0-9:]* \([^`]*\)` .*/\1/p' mirror-lists/README.md >"$tmp/promised"
	[ "$(wc -l <"$tmp/promised")" -ge 7 ]
	while read -r promise; do
		promise=${promise% …}
		[[ $output == *"$promise"* ]] || { echo "not said: $promise" && false; }
	done <"$tmp/promised"
}

@test "the messages of upstreams that operating.md explains are shown by a test" {
	# shellcheck disable=SC2016  # backquotes are the page's
	sed -n '/^## Upstreams/,/^## Sprint/p' docs/operating.md |
		sed -n '/^| message/,$s/^| \(`[^|]*`\) |.*/\1/p' |
		sed 's/`, `/\n/g; s/`//g; s/…/\n/g' | sed '/^ *$/d' >"$tmp/promised"
	[ "$(wc -l <"$tmp/promised")" -ge 16 ]
	while IFS= read -r words; do
		grep -rqF -- "$words" tests/exchanges tests/cli/[12]*.bats tests/interop \
			tests/unit/{origin,keychain,certs,trouble}.c ||
			{ echo "not shown: $words" && false; }
	done <"$tmp/promised"
}

# The error for an unknown option lists the known options.
@test "docs/lists.md names every option of lists and of mirror.conf" {
	lists=$tmp/lists
	mkdir "$lists"
	echo 'docker.io/library/alpine:3 ????????????=1' >"$lists/a.list"
	printf '%s ????????????=1\n' 'registry docker.io' snapshot policy >"$lists/mirror.conf"
	run "$bin/mirror-sync" --check --worktree --lists "$lists"
	known=$(grep -o '(known are .*)' <<<"$output" | tr -d '(),' | sed 's/known are//')
	[ "$(wc -w <<<"$known")" -ge 26 ]
	for option in $known; do
		grep -q "[\`| ]$option=" docs/lists.md || { echo "not named: $option" && false; }
	done
	grep -o '^\*\*`[a-z]*' docs/lists.md | sed 's/.*`//' | sort >"$tmp/kinds"
	[ "$(tr '\n' ' ' <"$tmp/kinds")" = "deny image policy privacy registry snapshot " ]
}

@test "docs/formats.md names every annotation there is" {
	grep -ho '"dev\.ocimirror\.[a-z-]*"' oci/*/*.h | tr -d '"' | sed 's/.*\.//' |
		sort -u >"$tmp/known"
	[ "$(wc -l <"$tmp/known")" -ge 20 ]
	while read -r name; do
		grep -qE "\`(dev\.ocimirror)?\.$name\`" docs/formats.md ||
			{ echo "not named: $name" && false; }
	done <"$tmp/known"
}

# The second column has "`path` `symbol`, `symbol` …": each path exists, and its file contains the
# symbols that follow it. A path with NAME is a file that the change adds.
@test "every file and symbol in the table of CONTRIBUTING.md exists" {
	# shellcheck disable=SC2016  # backquotes are the page's
	sed -n '/^## Where do I change/,/^## Commits/s/^| .* | \(.*\) |$/\1/p' CONTRIBUTING.md |
		grep -o '`[^`]*`' | tr -d '`' >"$tmp/names"
	[ "$(wc -l <"$tmp/names")" -ge 50 ]
	while IFS= read -r name; do
		case $name in
		*NAME*) ;;
		*/* | *.md | .clang-tidy)
			path=$name
			[ -e "$path" ] || { echo "there is no $path" && false; }
			;;
		*)
			grep -qwF -e "$name" "$path" ||
				{ echo "$path: does not contain $name" && false; }
			;;
		esac
	done <"$tmp/names"
}

@test "every file of the source tree that README.md and STYLE.md name exists" {
	# shellcheck disable=SC2016  # backquotes are the page's
	grep -ohE '`(oci|sync|publish|serve|ci|tests)/[^` ]*`' README.md STYLE.md | tr -d '`' |
		sort -u >"$tmp/named"
	[ "$(wc -l <"$tmp/named")" -ge 15 ]
	while IFS= read -r path; do
		[ -e "$path" ] || { echo "there is no $path" && false; }
	done <"$tmp/named"
}

# What stands in a message for a name or a number is left out; the words between are looked for in
# the sources, and where a program puts a word in, in what the unit tests and exchanges expect. The
# messages of git, ssh and libcurl are passed on, so they stand here.
@test "every message in a table of the documents is one of a program's" {
	cat oci/*/*.[ch] {sync,publish,serve}/*.[ch] tests/unit/*.c tests/exchanges/*.txt |
		perl -0pe 's/"\s*\n\s*"//g; s/\\"/"/g; s/\\\n\s*//g' >"$tmp/sources"
	# shellcheck disable=SC2016  # backquotes are the page's
	sed -n '/^| message /,/^$/p' docs/*.md mirror-lists/README.md ci/pipelines/README.md |
		sed -n 's/^| \(`[^|]*`\) |.*/\1/p' >"$tmp/rows"
	[ "$(wc -l <"$tmp/rows")" -ge 50 ]
	perl -ne 'for (/`([^`]+)`/g) {
		s/"[^" ]*"/\n/g; s/\S*[\d\/]\S*|\S*=(?=\s|$)|: |…/\n/g;
		print map { s/^[ ,;]+|[ ,;"]+$//gr . "\n" } grep { /\w{3}/ } split /\n/;
	}' "$tmp/rows" >"$tmp/pieces"
	[ "$(wc -l <"$tmp/pieces")" -ge 60 ]
	while IFS= read -r piece; do
		case $piece in
		"Host key for" | "detected dubious ownership" | "Could not resolve host" | \
			"Permission denied (publickey)") continue ;;
		esac
		grep -qF -- "$piece" "$tmp/sources" || echo "no program says: $piece"
	done <"$tmp/pieces" >"$tmp/unsaid"
	cat "$tmp/unsaid"
	[ ! -s "$tmp/unsaid" ]
}
