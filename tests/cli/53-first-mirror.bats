#!/usr/bin/env bats
# README.md, "A first mirror of your own", and ci/pipelines/README.md: their commands as they stand
# there, from an empty account to the first merged pull request. Only hosts and their directories
# are replaced: Docker Hub by an upstream of this test, the git host by a bare repository.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/pages
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	layout_new "$BATS_TEST_TMPDIR/up"
	for image in alpine:3.20 redis:7; do
		layout_multi "$BATS_TEST_TMPDIR/up" "docker.io/library/$image" "$image"
	done
	serve upstream "$BATS_TEST_TMPDIR/up"
	# an account without a file; what the tests of others set for git is not there
	export HOME=$BATS_TEST_TMPDIR/home TZ=UTC GIT_CONFIG_NOSYSTEM=1
	unset GIT_CONFIG_GLOBAL MIRROR_DIR
	mkdir "$HOME"
	git init -q --bare -b main "$BATS_TEST_TMPDIR/lists.git"
	# make takes the programs under test as what it has built
	export MAKEFLAGS="-s -o $BIN/mirror-sync -o $BIN/mirror-publish -o $BIN/mirror-serve -- BUILD=$BIN"
	cd "$top" || return
}

teardown() {
	stop_all
}

# hosts: what stands in place of the hosts of the page.
hosts() {
	sed "s|^registry  docker\.io .*|registry docker.io endpoint=$upstream_url|
		s|git@git\.example:platform/lists\.git|$BATS_TEST_TMPDIR/lists.git|
		s|/usr/local|$HOME/prefix|; s|/srv/mirror|$HOME/srv|; s|build/mirror|$BIN/mirror|; s|-x86_64|-$(uname -m)|
		s|^mirror-serve .*|BIN=$HOME/.local/bin serve server|"
}

# commands FILE HEADING N: runs a block in this shell, as its reader does.
commands() {
	local script=$BATS_TEST_TMPDIR/commands
	block "$@" | hosts >"$script"
	[ -s "$script" ] || return
	# shellcheck source=/dev/null
	source "$script"
}

step() {
	commands "$top/README.md" "A first mirror of your own" "$1"
}

merged_on_the_host() {
	git clone -q "$BATS_TEST_TMPDIR/lists.git" "$BATS_TEST_TMPDIR/web"
	git -C "$BATS_TEST_TMPDIR/web" merge -q --no-ff -m "Merge pull request 1" "origin/$1"
	git -C "$BATS_TEST_TMPDIR/web" push -q
}

@test "the first mirror: programs, a list, a sync, a pipeline, a merged pull request" {
	step 1
	[ "$(command -v mirror-sync)" = "$HOME/.local/bin/mirror-sync" ]
	step 2
	step 3
	[ "$PWD" = "$HOME/lists" ]
	step 4
	# shellcheck disable=SC2034  # for get
	url=$server_url
	get /v2/alpine/manifests/3.20
	is 200
	step 5
	cmp .github/workflows/mirror.yml "$top/ci/pipelines/github/mirror.yml"
	step 6
	merged_on_the_host redis
	step 7
	get /v2/redis/manifests/7
	is 200
	grep -F '"who":"Ada Lovelace <ada@example.org>","list":"base.list:2"' \
		"$MIRROR_DIR/.mirror/journal.jsonl"
	[ -z "$(block "$top/README.md" "A first mirror of your own" 8)" ]
}

@test "the release archive: make dist, and what a host without a compiler does with it" {
	runner=$(id -un) group=$(id -gn)
	mkdir "$HOME/prefix"
	apt-get() { printf '%s\n' "apt-get $*"; }
	xargs() { sed "s/^/wanted: /"; }
	umask 077
	commands "$top/ci/pipelines/README.md" "The programs" 1
	umask 022
	commands "$top/ci/pipelines/README.md" "The programs" 2 >"$BATS_TEST_TMPDIR/out"
	grep -x 'wanted: libgit2-1.5' "$BATS_TEST_TMPDIR/out"
	run -0 "$HOME/prefix/bin/mirror-sync" --version
	[ -z "$(find "$HOME/prefix" -mindepth 1 ! -perm -444)" ]
	(cd "$top" && git ls-files ci/pipelines) | while read -r file; do
		cmp "$top/$file" "$HOME/prefix/share/mirror/pipelines/${file#ci/pipelines/}"
	done
	block "$top/ci/pipelines/README.md" "The mirror's host" 1 | hosts |
		sed "s/-o runner -g runner/-o $runner -g $group/" >"$BATS_TEST_TMPDIR/install.sh"
	sh -e "$BATS_TEST_TMPDIR/install.sh"
	[ "$(stat -c '%a %U' "$HOME/srv")" = "755 $runner" ]
}
