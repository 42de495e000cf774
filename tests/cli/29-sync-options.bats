#!/usr/bin/env bats
# mirror-sync's command line: what a run is limited to, only looks at, and tells.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

@test "PATTERN limits a run" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/tool:1 two
	list up.example/team/{app,tool}:1
	run -0 sync "*/tool"
	[ "$(published up.example/team/tool:1)" != "" ]
	[ "$(published up.example/team/app:1)" = "" ]
	[ "$(requests HEAD /app/)" -eq 0 ]
}

@test "--missing fetches what is not there and moves nothing" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list up.example/team/app:1
	sync
	layout_image "$up" docker.io/team/app:1 two
	layout_image "$up" docker.io/team/app:2 new
	list up.example/team/app:{1,2}
	forget_requests
	run -0 sync --missing
	[ "$(published up.example/team/app:1)" = "$one" ]
	[ "$(published up.example/team/app:2)" != "" ]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "--dry-run says what would move, with status 32, and changes nothing" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	run sync --dry-run
	[ "$status" -eq 32 ]
	[[ $output == *"app:1: would be new, sha256:"* ]]
	[ ! -e "$mirror" ]
	sync
	before=$(find "$mirror" -type f -exec sha256sum {} + | sort)
	run -0 sync --dry-run
	layout_image "$up" docker.io/team/app:1 two
	run sync --dry-run
	[ "$status" -eq 32 ]
	[[ $output == *"app:1: would be updated, sha256:"*" -> sha256:"* ]]
	[ "$(requests GET /blobs/)" -eq 2 ]
	[ "$(find "$mirror" -type f -exec sha256sum {} + | sort)" = "$before" ]
}

@test "--against compares with a running mirror" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	serve ours "$mirror"
	run -0 env MIRROR_DIR=nowhere "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$ours_url"
	layout_image "$up" docker.io/team/app:1 two
	run env MIRROR_DIR=nowhere "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$ours_url/"
	[ "$status" -eq 32 ]
	run "$BIN/mirror-sync" --lists "$lists" --dry-run --against http://127.0.0.1:1
	[ "$status" -eq 16 ]
	[[ $output == *"http://127.0.0.1:1: "* ]]
	run "$BIN/mirror-sync" --lists "$lists" --against "$ours_url"
	[ "$status" -eq 1 ]
	run -16 "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$ours_url/?token=abcd1234"
	[[ $output == *'without "?"'* && $output != *abcd1234* ]]
}

@test "--against a server that gives no index says so" {
	list up.example/team/app:1
	serve closed --no-index "$up"
	run -16 "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$closed_url"
	[[ $output == *"$closed_url: cannot compare: it gives no index (404); is it a mirror-serve, and without --no-index?"* ]]
}

@test "--against with a user and a password: sent, and in no message" {
	list up.example/team/app:1
	cat >fake.txt <<-E
		request GET /v2/_ocimirror/index.json always
			without Authorization
		reply 401 Unauthorized
		request GET /v2/_ocimirror/index.json always
			with Authorization: Basic am9lOmhAbnRlcjI=
		reply 403 Forbidden
		request GET /v2/_ocimirror/index.json always
		reply 401 Unauthorized
	E
	misbehave
	against() {
		run -16 "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$1"
		[[ $output != *hunter2* && $output != *h@nter2* && $output != *joe* ]]
	}
	against "http://$fake_at"
	[[ $output == *"http://$fake_at: asks for a user and a password (401)"* ]]
	against "http://joe:h%40nter2@$fake_at/"
	[[ $output == *"http://$fake_at: answers 403"* ]]
	against "http://joe:h@nter2@$fake_at"
	[[ $output == *"http://$fake_at: answers 403"* ]]
	against "http://joe:hunter2@$fake_at"
	[[ $output == *"http://$fake_at: does not take this user and password (401)"* ]]
	against "https://joe:hunter2@127.0.0.1:1"
	[[ $output == *"https://127.0.0.1:1: "* ]]
	against "ftp://joe:hunter2@host"
	export DOCKER_AUTH_CONFIG="{\"auths\":{\"$fake_at\":{\"auth\":\"am9lOmhAbnRlcjI=\"}}}"
	against "http://$fake_at"
	[[ $output == *"http://$fake_at: answers 403"* ]]
}

@test "--report writes JSON, JUnit or Markdown by the file's ending" {
	layout_image "$up" docker.io/team/app:1 'one'
	list up.example/team/app:1 up.example/team/missing:1
	run sync --report r.json --label 'a "quoted" label'
	[ "$status" -eq 2 ]
	grep -q '"generation":1,"published":true' r.json
	grep -q '"label":"a \\"quoted\\" label"' r.json
	grep -q '{"ref":"up.example/team/app:1","state":"new","old":null,"new":"sha256:' r.json
	grep -q '"ref":"up.example/team/missing:1","state":"failed"' r.json
	grep -q '"status":2' r.json
	grep -q '{"host":"up.example","requests":[0-9]*,"bytes":[0-9]*,"retries":0,"quota":null}' \
		r.json
	run sync --report r.xml
	grep -q '<testsuite name="mirror-sync" tests="2" failures="1"' r.xml
	run sync --report r.md
	grep -q '^| up.example/team/missing:1 | failed |' r.md
	run sync --report no/such/dir/r.json
	[ "$((status & 1))" -eq 1 ]
}

@test "--tolerate is about what upstreams do, not about what a run was asked" {
	for t in here gone; do layout_image "$up" docker.io/team/$t:1 $t; done
	list up.example/team/{here,gone}:1
	sync
	layout_untag "$up" docker.io/team/gone:1
	list up.example/team/{here,gone,none}:1
	run -10 sync
	run -2 sync --tolerate gone
	run -8 sync --tolerate failed
	run -0 sync --tolerate gone,failed,gone
	run --separate-stderr -2 sync --tolerate gone,failed 'up.example/*' 'other.example/*'
	[[ $stderr == *"other.example/*: nothing on the lists matches"* ]]
	for bad in '' ',' 'gone,' Gone 'gone failed' all; do
		run --separate-stderr -1 sync --tolerate "$bad"
		[[ $stderr == "mirror-sync: --tolerate "* ]]
	done
}

@test "--sizes: what breaks the policy is not fetched, so it is not in the sum" {
	layout_image "$up" docker.io/team/small:1 one
	layout_image "$up" docker.io/team/large:1 "$(printf 'large%.0s' {1..100})"
	list up.example/team/{small,large}:1
	conf "policy max-bytes=1000"
	run --separate-stderr -34 sync --dry-run --sizes --report r.json
	small=$(jq '.images[0].missing' r.json)
	[ "$small" -gt 0 ]
	[[ ${lines[0]} == "up.example/team/small:1: would be new, "*", $small bytes to fetch" ]]
	[[ ${lines[1]} == "1 new, 1 failed; "*"; $small bytes to fetch; nothing was changed (dry \
run)" ]]
	[[ $stderr == *"up.example/team/large:1: needs "*", more than the 1.0 kB of the \
policy's max-bytes="* ]]
}

@test "--dry-run --sizes prints what would be fetched, shared content once, and leaves no file" {
	layout_multi "$up" docker.io/team/app:1 one
	layout_multi "$up" docker.io/team/app:2 one
	list up.example/team/app:{1,2}
	run sync --dry-run --sizes
	[ "$status" -eq 32 ]
	[[ $output == *"app:1: would be new, "*" bytes to fetch"* ]]
	[[ $output == *"app:2: would be new, "*", 0 bytes to fetch"* ]]
	[ "$(requests GET /blobs/)" -eq 0 ]
	[ ! -e "$mirror" ]
	sync
	run -0 sync --dry-run --sizes
	[[ $output == "2 current; "*"; 0 bytes to fetch; nothing was changed (dry run)" ]]
	run sync --sizes
	[ "$status" -eq 1 ]
}

@test "--dry-run where a sync would make a mirror: in an empty directory, and after a killed sync" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1"
	mkdir "$mirror"
	run -32 sync --dry-run
	[ "$(ls -A "$mirror")" = "" ]
	printf '{"imageLayoutVersion":"1.0.0"}' >"$mirror/oci-layout"
	run -32 sync --dry-run
	sync
	rm "$mirror/index.json"
	cp "$mirror/.mirror/generations/1.json" "$mirror/.mirror/generations/0.json"
	run --separate-stderr -16 sync --dry-run
	[[ $stderr == *"index.json"* ]]
}

@test "a PATTERN that nothing on the lists matches is named, status 2" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1" "up.example/team/app tags=none*"
	run --separate-stderr -2 sync up.example/team/app:1 up.example/team/ap:1 \
		'up.example/team/app:none*'
	[[ $output == *"1 new"* ]]
	[ "$(grep -c 'nothing on the lists matches' <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"mirror-sync: up.example/team/ap:1: nothing on the lists matches"* ]]
}

@test "--report: an unwritable place is an error before any work; a pipe or device is written to" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1"
	for place in nowhere/report.json team; do
		run --separate-stderr -1 sync --report "$place"
		[[ $stderr == "mirror-sync: --report: "*"\"${place%report.json}\""* ]]
		[ ! -e "$mirror" ]
	done
	mkfifo pipe
	ln -s elsewhere.json link.json
	: >elsewhere.json
	cat pipe >got 3>&- &
	sync --report pipe
	wait $!
	jq -e .published got
	sync --report link.json
	jq -e '.published | not' elsewhere.json
	[ -p pipe ] && [ -L link.json ]
}

@test "--label is one line of text" {
	list "# nothing"
	for label in $'two\nlines' $'bad \xff byte' $'\e[31mred'; do
		run --separate-stderr -1 sync --label "$label"
		[[ $stderr == "mirror-sync: --label is "* ]]
		[ ! -e "$mirror" ]
	done
	sync --label 'Sprint 47 "größer"'
}

@test "--wait-for-quota takes a time, and says so" {
	list "# nothing"
	run --separate-stderr -1 sync --wait-for-quota never
	[ "$stderr" = 'mirror-sync: --wait-for-quota is how long to wait, such as 6h: "never" is '\
'what happens without it' ]
	run --separate-stderr -1 sync --wait-for-quota soon
	[[ $stderr == 'mirror-sync: --wait-for-quota: "soon" is not a duration '* ]]
	run --separate-stderr -1 sync --wait-for-quota 5
	[ "$stderr" = 'mirror-sync: --wait-for-quota: "5" has no unit: is it 5m (minutes), 5h '\
'(hours), 5d (days)?' ]
	[ ! -e "$mirror" ]
}

# OPTIONS | a part of the message; tests/unit/sync_mode.c has every option and every pair
without_effect='--check --label x | --check goes without --label: it reads the lists and nothing else
--check --online --label x | --check goes without --label: it publishes nothing
--check --jobs 4 | --jobs goes with --check only with --online
--check --mirror m | --check alone reads the lists and nothing else
--dry-run --label x | --dry-run goes without --label: it publishes nothing
--dry-run --wait 4 | --dry-run goes without --wait: it publishes nothing and takes no lock
--dry-run --against http://mirror.example --mirror m | --against and --mirror do not go together
--observe --accept-unlisted | --observe goes without --accept-unlisted: it publishes nothing
--lists a --lists b | --lists is given twice
--label a --label=b | --label is given twice
--worktree --rev main | --rev and --worktree do not go together
--check --online --format gitlab --report - | both write on stdout'

@test "an option that would change nothing is refused, and nothing is done" {
	list "# nothing"
	while IFS='|' read -r options message; do
		# shellcheck disable=SC2086  # several words
		set -f && run --separate-stderr -1 sync $options
		[[ $stderr == "mirror-sync: "*"${message# }"* ]] || { echo "$options: $stderr" && false; }
	done <<<"$without_effect"
	[ ! -e "$mirror" ] && [ ! -e r.json ]
}

@test "--report - is stdout, and what people read goes to stderr" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1 up.example/team/none:1
	run --separate-stderr -2 sync --report -
	[ "$(jq -r '.images[0].state' <<<"$output")" = new ]
	[[ $stderr == *"1 new, 1 failed"* ]]
	run --separate-stderr -2 sync --check --online --report -
	[ "$(jq -r '.images | length' <<<"$output")" = 2 ]
	sync --report - >file || true
	[ "$(jq -r .status file)" = 2 ]
	[ ! -e ./- ]
}

@test "--max-rate and rate= slow a run down, and change nothing else" {
	layout_image "$up" docker.io/team/app:1 one
	sed -i 's/^registry up.example .*/& rate=1000\/s max-rate=10M/' "$lists/mirror.conf"
	list up.example/team/app:1
	run -0 sync --max-rate 1M
	[ "$(published up.example/team/app:1)" != "" ]
	whole
	run -1 sync --max-rate 0
	[[ $output == *'--max-rate'*'"0" is not a rate'* ]]
	run -1 sync --max-rate 1/s
	[[ $output == *'--max-rate: "1/s" is not a rate of bytes: it has no K, M or G (such as 50M'* ]]
	run -1 sync --check --max-rate 1M
	[[ $output == *"--max-rate goes with --check only with --online"* ]]
}

@test "--timeout is a duration, and belongs to something that takes time" {
	for wrong in 0s never; do
		run -1 sync --timeout "$wrong"
		[[ $output == *"--timeout is how long the run may take, such as 45m"* ]]
	done
	run -1 sync --check --timeout 1m
	[[ $output == *"--timeout goes with --check only with --online or --repo"* ]]
}
