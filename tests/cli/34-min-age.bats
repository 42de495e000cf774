#!/usr/bin/env bats
# mirror-sync: min-age=, deny and --observe. The wall clock is the test's; upstreams have the same.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/wallclock
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

hour=3600 day=86400

observe() {
	sync --observe "$@"
}

state() { # REF
	jq -r --arg ref "$1" '.images[] | select(.ref == $ref) | .state' report.json
}

of_report() { # REF KEY
	jq -r --arg ref "$1" ".images[] | select(.ref == \$ref) | $2" report.json
}

publish_status() {
	"${with_clock[@]}" "$BIN/mirror-publish" --mirror "$mirror" status "$@"
}

short() {
	echo "${1:0:19}"
}

in_days() {
	date -u -d "@$(($(date +%s) + clock_now + $1))" +%Y-%m-%dT
}

@test "content that moves under a name waits, a line's first content and a pinned digest do not" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/pin:1 one
	list "up.example/team/app:1 min-age=3d" "up.example/team/pin:1@$one min-age=3d"
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$one" ]
	[ "$(published up.example/team/pin:1)" = "$one" ]
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/pin:1 two
	list "up.example/team/app:1 min-age=3d" "up.example/team/pin:1@$two min-age=3d"
	clock_later $hour
	run -0 sync --report report.json
	[[ $output == *"up.example/team/app:1: waiting: upstream has $(short "$two"); it waits until \
$(in_days $((3 * day)))"* ]]
	[[ $output == *"1 updated, 1 waiting; "* ]]
	[ "$(published up.example/team/app:1)" = "$one" ]
	[ "$(published up.example/team/pin:1)" = "$two" ]
	[ "$(state up.example/team/app:1)" = waiting ]
	[[ $(of_report up.example/team/app:1 .until) == "$(in_days $((3 * day)))"* ]]
	[ "$(of_report up.example/team/app:1 .new)" = "$two" ]
	run -0 publish_status
	[[ $output == *"app:1 "*"  waiting: $(short "$two") until $(in_days $((3 * day)))"* ]]
	publish_status --json >status.json
	[ "$(jq -r '.images[0].waiting.digest' status.json)" = "$two" ]
	clock_later $((3 * day - hour))
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$one" ]
	clock_later $hour
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	whole
}

@test "what waits costs one HEAD in a run, and nothing is fetched before its time" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 min-age=3d"
	sync
	layout_image "$up" docker.io/team/app:1 two
	for _ in 1 2; do
		forget_requests
		sync
		[ "$(requests HEAD)" -eq 1 ]
		[ "$(requests GET app)" -eq 0 ]
	done
}

@test "a wait that is over is asked for once more, whatever refresh= says, and told until then" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 min-age=3d refresh=30d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	clock_later $((30 * day))
	sync
	clock_later $((2 * day))
	forget_requests
	run -0 sync --report report.json
	[[ $output == *"up.example/team/app:1: waiting: "*"1 waiting; "* ]]
	[ "$(state up.example/team/app:1)" = waiting ]
	[ "$(requests HEAD)" -eq 0 ]
	clock_later $day
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "failed checks break no series of checks; other content does" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync
	clock_later $day
	stop upstream
	run -2 sync
	clock_later $day
	serve upstream --access-log "$upstream_log" "$up"
	sed -i "s|endpoint=.*|endpoint=$upstream_url|" "$lists/mirror.conf"
	commit "it is up again"
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	layout_served "$up" "$upstream_pid" "$upstream_err"
	three=$(layout_image "$up" docker.io/team/app:1 three)
	sync
	clock_later $day
	layout_image "$up" docker.io/team/app:1 four
	run -0 --separate-stderr sync --report report.json
	[[ $stderr == *"app:1: upstream took $(short "$three") back before its time; it was never "* ]]
	[ "$(of_report up.example/team/app:1 .taken_back.digest)" = "$three" ]
	clock_later $((2 * day - 1))
	layout_image "$up" docker.io/team/app:1 three
	run -0 --separate-stderr sync
	clock_later $day
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
}

@test "content has waited also while its tag was held" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	"$BIN/mirror-publish" --mirror "$mirror" hold '*/app'
	run -0 sync
	[[ $output == *"app:1: held"* ]]
	clock_later $((2 * day))
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$one" ]
	"$BIN/mirror-publish" --mirror "$mirror" release '*/app'
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
}

@test "when state.json is lost, what waits waits again" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync
	clock_later $((2 * day))
	rm "$mirror/.mirror/state.json"
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$one" ]
	clock_later $((2 * day))
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
}

@test "a run whose clock is off ends no wait, begins none, and says so" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync
	# the upstream's clock is right
	wrong=$BATS_TEST_TMPDIR/wrong
	right=("${with_clock[@]}")
	printf '%-31d' $((400 * day)) >"$wrong"
	with_clock+=("WALLCLOCK=$wrong")
	run -0 --separate-stderr sync --report report.json
	[[ $stderr == *"this machine's clock is 1y ahead of the clocks of most upstreams; nothing that \
waits for its min-age= is published by this run"* ]]
	[ "$(state up.example/team/app:1)" = waiting ]
	[ "$(published up.example/team/app:1)" = "$one" ]
	with_clock=("${right[@]}")
	clock_later $((2 * day))
	run -0 --separate-stderr sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	[ "$stderr" = "" ]
	# a year behind: what it sees has not waited a year tomorrow
	layout_image "$up" docker.io/team/app:1 three
	printf '%-31d' $((-400 * day)) 1<>"$wrong"
	with_clock+=("WALLCLOCK=$wrong")
	run -0 --separate-stderr sync
	[[ $stderr == *"this machine's clock is 1y behind the clocks"* ]]
	with_clock=("${right[@]}")
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
}

@test "a tag that a pattern matches newly waits beside newest=N, and pushes nothing out" {
	for n in 1 2 3; do layout_image "$up" "docker.io/team/app:1.$n" "text $n"; done
	list "up.example/team/app tags=1.* newest=3 min-age=3d"
	run -0 sync
	[[ $output == *"3 new; "* ]]
	new=$(layout_image "$up" docker.io/team/app:1.4 "text 4")
	run -0 sync --report report.json
	[[ $output == *"app:1.4: waiting: "*"3 current, 1 waiting; "* ]]
	[ "$(published up.example/team/app:1.4)" = "" ]
	run -0 publish_status
	[[ $output == *"app:1.4  -  "*"new, waiting: $(short "$new") until $(in_days $((3 * day)))"* ]]
	publish_status --json >status.json
	[ "$(jq -r '.waiting[] | [.ref, .digest] | join(" ")' status.json)" = \
		"up.example/team/app:1.4 $new" ]
	run -0 publish_status 'up.example/team/app:1.4'
	run -0 publish_status 'up.example/team/app:1.1'
	[[ $output != *waiting* ]]
	[ "$(note up.example/team/app:1.1 unlisted-since)" = "" ]
	# a newer one does not push it out of its wait
	clock_later $day
	layout_image "$up" docker.io/team/app:1.5 "text 5"
	run -0 sync
	[[ $output == *"3 current, 2 waiting; "* ]]
	clock_later $((2 * day))
	run -0 sync
	[ "$(published up.example/team/app:1.4)" = "$new" ]
	[ "$(note up.example/team/app:1.1 unlisted-since)" != "" ]
	[ "$(note up.example/team/app:1.2 unlisted-since)" = "" ]
	clock_later $day
	run -0 sync
	[ "$(published up.example/team/app:1.5)" != "" ]
	[ "$(note up.example/team/app:1.2 unlisted-since)" != "" ]
}

@test "a tag whose wait is over and that upstream has replaced pushes nothing out" {
	for n in 1 2; do layout_image "$up" "docker.io/team/app:1.$n" "text $n"; done
	list "up.example/team/app tags=1.* newest=2 min-age=3d"
	sync
	layout_image "$up" docker.io/team/app:1.3 "bad"
	sync
	clock_later $((3 * day))
	layout_image "$up" docker.io/team/app:1.3 "good"
	run -0 sync
	[ "$(published up.example/team/app:1.3)" = "" ]
	[ "$(note up.example/team/app:1.1 unlisted-since)" = "" ]
}

@test "--missing brings a tag that waits only with --skip-min-age" {
	layout_image "$up" docker.io/team/app:1.1 one
	list "up.example/team/app tags=1.* newest=3 min-age=3d"
	sync
	new=$(layout_image "$up" docker.io/team/app:1.2 two)
	run -0 sync --missing
	[ "$(published up.example/team/app:1.2)" = "" ]
	run -0 sync --missing --skip-min-age up.example/team/app
	[ "$(published up.example/team/app:1.2)" = "$new" ]
}

@test "a new tag that disappears before its time is named" {
	layout_image "$up" docker.io/team/app:1.1 one
	list "up.example/team/app tags=1.* newest=1 min-age=3d"
	sync
	bad=$(layout_image "$up" docker.io/team/app:1.2 bad)
	sync
	layout_untag "$up" docker.io/team/app:1.2
	run -0 --separate-stderr sync --report report.json
	[[ $stderr == *"app:1.2: $(short "$bad") waits no longer: "* ]]
	[[ $(jq -r '.warnings[]' report.json) == *"app:1.2: $(short "$bad") waits no longer: "* ]]
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
}

@test "kics: replaced for 45 minutes, then the repository is gone, then it is good again" {
	good=$(layout_image "$up" docker.io/checkmarx/kics:latest good)
	list "up.example/checkmarx/kics:latest min-age=3d"
	sync
	bad=$(layout_image "$up" docker.io/checkmarx/kics:latest bad)
	clock_later 600
	run -0 observe
	[[ $output == *"kics:latest: waiting: upstream has $(short "$bad")"* ]]
	clock_later $hour
	layout_untag "$up" docker.io/checkmarx/kics:latest
	run --separate-stderr -8 observe --report report.json
	[[ $stderr == *"kics:latest: upstream took $(short "$bad") back before its time; it was never \
published"* ]]
	[ "$(of_report up.example/checkmarx/kics:latest .taken_back.digest)" = "$bad" ]
	run -0 observe --tolerate gone
	for _ in 1 2 3; do
		clock_later $hour
		run -8 observe
	done
	layout_image "$up" docker.io/checkmarx/kics:latest good
	for _ in 1 2 3; do
		clock_later $hour
		run -0 observe
	done
	clock_later $((3 * day))
	run -0 sync
	[ "$(published up.example/checkmarx/kics:latest)" = "$good" ]
	[ "$(generation)" -eq 1 ]
	run ! grep -r "${bad#sha256:}" "$mirror"
}

@test "a tag that is rebuilt each night says that it will never move, and what to do" {
	one=$(layout_image "$up" docker.io/team/app:nightly "night 0")
	list "up.example/team/app:nightly min-age=3d"
	sync
	for night in 1 2 3 4; do
		clock_later $day
		layout_image "$up" docker.io/team/app:nightly "night $night"
		run -0 sync
		[ "$(published up.example/team/app:nightly)" = "$one" ]
	done
	[[ $output == *"it will never move: it is rebuilt every 1d, before its min-age=3d is over; use "* ]]
}

@test "--observe asks and records, and touches nothing else" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/free:1 one
	list "up.example/team/app:1 min-age=2d refresh=6h" up.example/team/free:1
	run -16 --separate-stderr observe
	[[ $stderr == *"there is no mirror yet"* ]]
	[ ! -e "$mirror" ]
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/free:1 two
	list "up.example/team/app:1 min-age=2d refresh=6h" up.example/team/free:1 \
		up.example/team/new:1
	find "$mirror" -type f ! -name state.json ! -name sync.lock -exec sha256sum {} + | sort >before
	forget_requests
	run -0 observe --report report.json
	[[ $output == *"1 waiting, 2 skipped; "*"; nothing was changed (observed)" ]]
	[ "$(requests HEAD)" -eq 1 ]
	[ "$(requests GET manifests)" -eq 0 ]
	find "$mirror" -type f ! -name state.json ! -name sync.lock -exec sha256sum {} + | sort | diff before -
	[ "$(state up.example/team/app:1)" = waiting ]
	# an observed image does not rest for its refresh=, and its wait is over in time
	clock_later $((2 * day))
	run -0 observe
	[[ $output == *"app:1: waiting: upstream has $(short "$two"); its wait is over since "* ]]
	[ "$(published up.example/team/app:1)" = "$one" ]
	run -2 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
}

@test "--skip-min-age needs a PATTERN, and the journal says who" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/other:1 one
	list "up.example/team/app:1 min-age=2d" "up.example/team/other:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/other:1 two
	sync
	run -1 --separate-stderr sync --skip-min-age
	[[ $stderr == *"--skip-min-age needs a PATTERN"* ]]
	run -0 sync --skip-min-age 'up.example/team/app:*'
	[ "$(published up.example/team/app:1)" = "$two" ]
	[ "$(published up.example/team/other:1)" != "$two" ]
	who=$(jq -r 'select(.why == "skip-min-age") | .who' "$mirror/.mirror/journal.jsonl")
	[[ $who == *@* && $who != *ann@corp* ]]
	# the other one goes on waiting
	clock_later $((2 * day))
	sync
	[ "$(published up.example/team/other:1)" = "$two" ]
}

@test "content that was published and rolled back is not called one that never was" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 min-age=2d"
	sync
	for how in rollback undo; do
		layout_image "$up" docker.io/team/app:1 "two $how"
		sync
		clock_later $((2 * day))
		sync
		if [ "$how" = undo ]; then
			"${with_clock[@]}" "$BIN/mirror-publish" --mirror "$mirror" undo
		else
			"${with_clock[@]}" "$BIN/mirror-publish" --mirror "$mirror" rollback up.example/team/app:1
		fi
		run -0 sync
		[[ $output == *held* ]]
		layout_image "$up" docker.io/team/app:1 "three $how"
		run -0 --separate-stderr sync
		[[ $stderr != *"took"* ]]
		clock_later $((2 * day))
		sync
	done
}

@test "content whose wait was over and that no run published is told as that" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 min-age=2d"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	observe
	clock_later $((3 * day))
	layout_tag "$up" docker.io/team/app:1 "$OCI_MANIFEST" "$one"
	run -0 --separate-stderr sync
	[[ $stderr == *"app:1: upstream took $(short "$two") back; its wait was over since $(in_days $((-1 * day)))"*", and no run published it"* ]]
}

@test "--skip-min-age publishes with a clock that is off, whether the wait counts as over or not" {
	list "up.example/team/app:1 min-age=2d"
	for off in $((10 * day)) $hour $((-10 * day)); do
		rm -rf "$mirror"
		layout_image "$up" docker.io/team/app:1 one
		sync
		two=$(layout_image "$up" docker.io/team/app:1 two)
		sync
		wrong=$BATS_TEST_TMPDIR/wrong
		right=("${with_clock[@]}")
		printf '%-31d' "$off" >"$wrong"
		with_clock+=("WALLCLOCK=$wrong")
		run -0 --separate-stderr sync --skip-min-age up.example/team/app:1
		[[ $stderr == *"what waits for its min-age= is published by this run all the same, because of --skip-min-age"* ]]
		[ "$(published up.example/team/app:1)" = "$two" ]
		grep -q '"why":"skip-min-age"' "$mirror/.mirror/journal.jsonl"
		with_clock=("${right[@]}")
	done
}

@test "--skip-min-age of a wait that is over is not told in the journal" {
	list "up.example/team/app:1 min-age=2d"
	layout_image "$up" docker.io/team/app:1 one
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync
	clock_later $((2 * day))
	run -0 sync --skip-min-age up.example/team/app:1
	[ "$(published up.example/team/app:1)" = "$two" ]
	run ! grep -q '"why":"skip-min-age"' "$mirror/.mirror/journal.jsonl"
}

@test "a dry run, and a check of a changed line, tell what waits and record nothing" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 min-age=2d"
	sync
	layout_image "$up" docker.io/team/app:1 two
	before=$(sha256sum "$mirror/.mirror/state.json")
	run -0 sync --dry-run
	[[ $output == *"app:1: waiting: "*"1 waiting; "* ]]
	run -0 sync --check --online
	[[ $output == *"base.list:1: adds 1 image, "*", waits for its min-age until $(in_days $((2 * day)))"* ]]
	[ "$before" = "$(sha256sum "$mirror/.mirror/state.json")" ]
}
