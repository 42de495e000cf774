#!/usr/bin/env bats
# The scripts of ci/pipelines, taken from their files and run as a CI system runs them: with the
# job's variables in the environment.

# shellcheck disable=SC2016  # texts of scripts

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	pipelines=$top/ci/pipelines
	world
	mkdir commands
	ln -s "$BIN/mirror-publish" commands/
	PATH=$PWD/commands:$PATH
	export MIRROR_DIR=$mirror
}

teardown() {
	stop_all
}

# script FILE FROM TO: the lines from the one with the text FROM to the next one with TO, without
# the indentation of the first.
script() {
	awk -v from="$2" -v to="$3" '
		!on && index($0, from) { on = 1; match($0, /^ */); n = RLENGTH }
		on { print substr($0, n + 1) }
		on && index($0, to) { exit }' "$pipelines/$1"
}

operate_files=(github/operate.yml gitlab/mirror.gitlab-ci.yml jenkins/Jenkinsfile.operate)

# operate FILE WHAT IMAGES TO REASON: the operate job of that file.
operate() {
	script "$1" 'set -f #' 'mirror-publish "$@"' >operate.sh
	WHAT=$2 OPERATE=$2 IMAGES=$3 TO=$4 REASON=$5 ACTOR=bob GITLAB_USER_LOGIN=bob sh -e operate.sh
}

two_moves() {
	for text in one two; do
		for name in a b; do layout_image "$up" "docker.io/team/$name:1" "$text $name"; done
		list up.example/team/{a,b}:1
		sync --label "sprint-$text"
	done
}

@test "operate: rollback, hold, release and status are about the images, undo about all" {
	for file in "${operate_files[@]}"; do
		rm -rf "$mirror"
		two_moves
		new=$(published up.example/team/a:1)
		run -0 operate "$file" rollback up.example/team/a:1 "" "too slow"
		[ "$(published up.example/team/a:1)" != "$new" ]
		grep -F '"too slow (bob)"' "$mirror/.mirror/journal.jsonl"
		run -0 operate "$file" hold "up.example/team/b:*" "" ""
		grep -F '"(bob)"' "$mirror/.mirror/journal.jsonl"
		run -0 operate "$file" release "up.example/team/a:1 up.example/team/b:1" "" ""
		run -0 operate "$file" status "*b:1" "" ""
		[[ $output == up.example/team/b:1* ]]
		run -0 operate "$file" undo "" sprint-one "all of it"
		grep -F '"all of it (bob)"' "$mirror/.mirror/journal.jsonl"
	done
}

@test "operate: an undo with images is refused, and undoes nothing" {
	two_moves
	for file in "${operate_files[@]}"; do
		cp "$mirror/index.json" before
		run --separate-stderr -1 operate "$file" undo up.example/team/a:1 "" "why"
		[[ $stderr == *"undo takes no PATTERN (\"up.example/team/a:1\")"* ]]
		cmp before "$mirror/index.json"
	done
}

# recorded NAME: a command that writes its arguments, one a line.
recorded() {
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >args\n' >"commands/$1"
	chmod +x "commands/$1"
}

sync_scripts() {
	script github/mirror.yml 'if [ "$EVENT" = schedule ]' 'mirror-sync "$@"' >github.sh
	script gitlab/mirror.gitlab-ci.yml 'if [ -z "$LABEL" ]' 'mirror-sync --label' >gitlab.sh
	script jenkins/Jenkinsfile 'rm -f sync.xml' 'mirror-sync --label' >jenkins.sh
}

@test "sync: a label that is given is used; without one, every second week has a sprint" {
	recorded mirror-sync
	printf '#!/bin/sh\ncase $1 in +%%s) echo "$NOW" ;; *) echo sprint-2026-W48 ;; esac\n' >commands/date
	chmod +x commands/date
	sync_scripts
	export FORCE=false
	for file in github gitlab jenkins; do
		EVENT=workflow_dispatch LABEL='sprint 47; "x"' NOW=0 sh -e "$file.sh"
		[ "$(sed -n 2p args)" = 'sprint 47; "x"' ]
		[ "$(grep -c -e --wait args)" -eq 1 ]
		rm args
		EVENT=schedule LABEL='' NOW=$((604800 * 3)) run -0 sh -e "$file.sh"
		[ "$output" = "no sprint starts this week" ]
		[ ! -e args ]
		EVENT=schedule LABEL='' NOW=$((604800 * 4)) run -0 sh -e "$file.sh"
		[ "$(sed -n 2p args)" = sprint-2026-W48 ]
	done
}

# limits FILE: a line for each sync that publishes: the hours of its --timeout, and of its job.
limits() {
	awk '
		/timeout-minutes: / { job = $2 / 60 }
		/^  timeout: / { job = $2 + 0 }
		/timeout\(time: / { match($0, /time: [0-9]+/); job = substr($0, RSTART + 6, RLENGTH - 6) }
		/timeout\(time: .*MINUTES/ { job /= 60 }
		/^ *#/ || !/--wait 3600/ { next }
		{ own = match($0, /--timeout [0-9]+h/) ? substr($0, RSTART + 10, RLENGTH - 11) : "none" }
		{ print own, job }' "$pipelines/$1"
}

@test "a sync that publishes ends by its --timeout before the job's own limit kills it" {
	for file in github/mirror.yml gitlab/mirror.gitlab-ci.yml jenkins/Jenkinsfile; do
		run -0 limits "$file"
		[ "$output" = $'5 6\n11 12' ]
	done
}
