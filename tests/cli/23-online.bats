#!/usr/bin/env bats
# mirror-sync --check --online: the lines that a pull request changes, asked about before they are
# merged.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_multi "$up" docker.io/team/app:1.19 one
	layout_image "$up" docker.io/team/app:1.20 two
	layout_image "$up" docker.io/team/app:latest three
	list up.example/team/app:1.19
	git -C team branch base
	forget_requests
}

teardown() {
	stop_all
}

# Runs in the checkout, as pipelines do, where the lists are "mirror-lists"; $mirror does not exist
# unless a test makes it.
online() {
	cd "$BATS_TEST_TMPDIR/team" || return
	MIRROR_DIR=$mirror "$BIN/mirror-sync" --check --online "$@"
}

# Makes numbers alike.
any_number() {
	sed 's/[0-9][0-9]*/N/g'
}

# The JSON on stdin holds what the jq filter says.
holds() {
	jq -e "$1" >/dev/null
}

@test "what is there: status 0, what it adds, one HEAD and its manifests, nothing written" {
	run --separate-stderr online
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[[ ${lines[0]} == "mirror-lists/base.list:1: adds 1 image, "*" kB" ]]
	[[ ${lines[1]} == "mirror-lists: asked for 1 of 1 line: 1 image and "*" kB would be \
added" ]]
	[ "$(requests HEAD)" -eq 1 ]
	[ "$(requests GET /manifests/)" -eq 3 ]
	[ "$(requests GET /blobs/)" -eq 0 ]
	[ "$(requests GET /tags/)" -eq 0 ]
	[ ! -e "$mirror" ]
	[ -z "$(git status --porcelain)" ]
}

@test "the bytes are those of the manifests and blobs that no line before it brings" {
	image=$(layout_image "$up" docker.io/other/app:1 two)
	list up.example/team/app:1.20 up.example/other/app:1
	blobs=$(grep -rlZE '^layer of two for amd64$|"text":"two"' "$up/blobs" | xargs -0 cat \
		| wc -c)
	bytes=$((blobs + $(layout_size "$up" "$image")))
	run -0 online
	[[ ${lines[0]} == "mirror-lists/base.list:1: adds 1 image, $bytes bytes" ]]
	[[ ${lines[1]} == "mirror-lists/base.list:2: adds 1 image, 0 bytes" ]]
	[[ ${lines[2]} == *"asked for 2 of 2 lines: 2 images and $bytes bytes would be added" ]]
}

@test "--since asks only for lines that mean something else" {
	list "# moved, spelt out, and with a reason" up.example/team/app:1.20 \
		'up.example/team/app:1.19 keep=3 reason="a build"'
	run -0 online --since base
	[[ $output == "mirror-lists/base.list:2: adds 1 image, "*"asked for 1 of 2 lines: "* ]]
	[ "$(requests HEAD)" -eq 1 ]
	[ "$(requests HEAD /team/app/manifests/1.20)" -eq 1 ]
}

@test "the same in another order, or in other words, is the same" {
	list "up.example/team/app:1.19 platform=linux/amd64,linux/arm64" \
		"up.example/team/app tags=1.2*,2.* exclude=a,b referrers=auto"
	git -C team branch -f base
	list "up.example/team/app exclude=b,a tags=2.*,1.2*" "" \
		"up.example/team/app:1.19   platform=linux/arm64,linux/amd64   # why"
	run -0 online --since base
	[[ $output == "mirror-lists: no line means anything else than in base: "* ]]
	list "up.example/team/app:1.19 upstream=gone platform=linux/amd64,linux/arm64"
	git -C team branch -f base
	list "up.example/team/app:1.19 platform=linux/amd64,linux/arm64"
	run -0 online --since base
	[[ $output == *"asked for 1 of 1 line"* ]]
}

@test "a line means something else with another platform, choice, target, or rules in mirror.conf" {
	for line in "up.example/team/app:1.19 platform=linux/arm64" \
		"up.example/team/app:1.19 as=up.example/team/app:9" \
		"up.example/team/app:1.19 referrers=yes" "up.example/team/app tags=1.1*"; do
		list "$line"
		run -0 online --since base
		[[ $output == *"asked for 1 of 1 line"* ]]
	done
	list up.example/team/app:1.19
	conf "image * platform=linux/arm64"
	run -0 online --since base
	[[ $output == *"asked for 1 of 1 line"* ]]
	run -0 online --since base --conf-rev base
	[[ $output == "mirror-lists: no line means anything else than in base: nothing was asked \
for" ]]
}

@test "no line changed: nobody is asked" {
	git -C team commit -q --allow-empty -m empty
	run --separate-stderr online --since base
	[ "$status" -eq 0 ]
	[ "$output" = "mirror-lists: no line means anything else than in base: nothing was asked \
for" ]
	[ "$stderr" = "" ]
	[ ! -s "$upstream_log" ]
}

@test "a revision without lists changes every line; --worktree asks about uncommitted lines" {
	git -C team checkout -q --orphan empty && git -C team rm -rfq . \
		&& git -C team commit -q --allow-empty -m none
	git -C team checkout -q main
	run -0 online --since empty
	[[ $output == *"asked for 1 of 1 line"* ]]
	echo up.example/team/app:1.20 >>"$lists/base.list"
	run --separate-stderr online --worktree --since HEAD
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[[ $output == "mirror-lists/base.list:2: adds 1 image, "* ]]
}

@test "a misspelt tag: the nearest are offered, and the repository's tags are asked for only then" {
	list up.example/team/app:1.21 up.example/team/app:ltaest up.example/team/app:1. \
		up.example/team/app:bookworm \
		up.example/team/app:1.20
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[ "${stderr_lines[0]}" = \
		'mirror-lists/base.list:1:1: up.example/team/app:1.21: no such tag (did you mean '\
'"1.20"?)' ]
	[ "${stderr_lines[1]}" = \
		'mirror-lists/base.list:2:1: up.example/team/app:ltaest: no such tag (did you '\
'mean "latest"?)' ]
	[ "${stderr_lines[2]}" = \
		'mirror-lists/base.list:3:1: up.example/team/app:1.: no such tag (did you mean '\
'"1.20" or "1.19"?)' ]
	[ "${stderr_lines[3]}" = \
		"mirror-lists/base.list:4:1: up.example/team/app:bookworm: no such tag, nor one \
like it among the repository's 3" ]
	[ "${#stderr_lines[@]}" -eq 4 ]
	[[ ${lines[0]} == "mirror-lists/base.list:5: adds 1 image, "* ]]
	[[ ${lines[1]} == *"asked for 5 of 5 lines: 4 would fail, 1 image and "* ]]
	[ "$(requests GET /team/app/tags/list)" -eq 1 ]
}

@test "missing, forbidden and unreachable differ; a dead host is named once and stops no line" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/secret/app/manifests/1
		reply 401 Unauthorized
			WWW-Authenticate: Basic realm="secret"
	PAGE
	misbehave
	conf "registry private.example endpoint=http://$fake_at" \
		"registry dead.example endpoint=http://127.0.0.1:1"
	list up.example/no/such:1 up.example/team/app@sha256:"$(printf '0%.0s' {1..64})" \
		private.example/secret/app:1 \
		dead.example/a/b:1 dead.example/a/b:2 up.example/team/app:1.20
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[[ ${stderr_lines[0]} == \
		"mirror-sync: warning: dead.example: given up for this run after 4 failures in a \
row: "* ]]
	[ "${stderr_lines[1]}" = \
		"mirror-lists/base.list:1:1: up.example/no/such:1: no such repository, or a \
private one" ]
	[[ ${stderr_lines[2]} == \
		"mirror-lists/base.list:2:1: up.example/team/app@sha256:"*": the repository has \
no image of that digest" ]]
	[[ ${stderr_lines[3]} == \
		"mirror-lists/base.list:3:1: private.example/secret/app:1: may not be fetched: \
"*"missing or private"* ]]
	[[ ${stderr_lines[4]} == \
		"mirror-lists/base.list:4:1: dead.example/a/b:1: cannot be asked for: "* ]]
	[[ ${stderr_lines[5]} == \
		"mirror-lists/base.list:5:1: dead.example/a/b:2: cannot be asked for: "* ]]
	[ "${#stderr_lines[@]}" -eq 6 ]
	[[ ${lines[0]} == "mirror-lists/base.list:6: adds 1 image, "* ]]
	behaved
}

@test "every line of a dead host is reported, in the order of the lists, beside offline problems" {
	conf "registry dead.example endpoint=http://127.0.0.1:1"
	# shellcheck disable=SC2046  # a list of numbers
	list $(printf 'dead.example/a/b:%s ' $(seq 150)) up.example/team/app dead.example/a/c:1
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 153 ]
	[[ ${stderr_lines[150]} == \
		"mirror-lists/base.list:150:1: dead.example/a/b:150: cannot be asked for: "* ]]
	[[ ${stderr_lines[151]} == "mirror-lists/base.list:151:1: warning: no tag, "* ]]
	[[ ${stderr_lines[152]} == "mirror-lists/base.list:152:1: dead.example/a/c:1: "* ]]
}

@test "a rate limit is status 4, and --tolerate leaves it out" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/app/manifests/1 always
		reply 429 Too Many Requests
			RateLimit-Limit: 100;w=21600
			RateLimit-Remaining: 0;w=21600
	PAGE
	misbehave
	conf "registry hub.example endpoint=http://$fake_at"
	list hub.example/app:1
	run --separate-stderr online
	[ "$status" -eq 4 ]
	[[ $stderr == "mirror-lists/base.list:1:1: hub.example/app:1: "*"pull limit is used up"* ]]
	[[ $output == *"1 left open by a rate limit, "* ]]
	run -0 online --tolerate limited
}

@test "tags by pattern: how many they are; none is a failure" {
	list 'up.example/team/app tags=1.*' 'up.example/team/app tags=7.*' \
		'up.example/no/such tags=*' 'up.example/team/app:1.20'
	run --separate-stderr online
	[ "$status" -eq 2 ]
	# line 4 shares a tag with line 1
	[[ ${lines[0]} == "mirror-lists/base.list:1: 2 tags, adds 1 image, "* ]]
	[[ ${lines[1]} == "mirror-lists/base.list:4: adds 1 image, "* ]]
	[ "${stderr_lines[0]}" = \
		"mirror-lists/base.list:2:1: up.example/team/app: none of its 3 tags matches" ]
	[[ ${stderr_lines[1]} == \
		"mirror-lists/base.list:3:1: up.example/no/such: no such repository, or a private \
one ("* ]]
}

@test "a name that a line outside the pull request spells out is not counted for a pattern inside" {
	list up.example/team/app:1.19 'up.example/team/app tags=1.*'
	run -0 online --since base
	[[ ${lines[0]} == "mirror-lists/base.list:2: 2 tags, adds 1 image, "* ]]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "what breaks the policy: too many tags, one that is not allowed, too many bytes" {
	conf "policy allow=up.example/team/app:1.* max-tags=1"
	list 'up.example/team/app tags=*'
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[[ $stderr == "mirror-lists/base.list:1:1: up.example/team/app: breaks the policy: 3 tags \
match, more than the policy's max-tags=1"* ]]
	sed -i 's/max-tags=1/max-tags=9/' "$lists/mirror.conf"
	commit "more tags"
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[[ $stderr == *"breaks the policy: "*":latest is outside the policy's allow="* ]]
	sed -i 's/^policy .*/policy max-bytes=20/' "$lists/mirror.conf"
	list up.example/team/app:1.20
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[[ $stderr == "mirror-lists/base.list:1:1: up.example/team/app:1.20: breaks the policy: \
needs "*" bytes, more than the 20 bytes of the policy's max-bytes=" ]]
}

@test "the policy is the base branch's with --conf-rev" {
	conf "policy max-tags=1"
	git -C team branch -f base
	sed -i '/^policy/d' "$lists/mirror.conf"
	list 'up.example/team/app tags=1.*'
	run -0 online --since base
	run --separate-stderr online --since base --conf-rev base
	[ "$status" -eq 2 ]
	[[ $stderr == *"max-tags=1"* ]]
}

@test "what the mirror has is not counted, be it here or elsewhere; its lock is not taken" {
	sync
	list up.example/team/app:1.19 up.example/team/app:1.20
	before=$(find "$mirror" -type f -newermt 2000-01-01 -printf '%p %T@ %s\n' | sort)
	exec 8<>"$mirror/.mirror/sync.lock"
	flock 8
	run -0 online
	exec 8>&-
	[ "${lines[0]}" = "mirror-lists/base.list:1: adds nothing" ]
	[[ ${lines[1]} == "mirror-lists/base.list:2: adds 1 image, "* ]]
	[ "$(find "$mirror" -type f -newermt 2000-01-01 -printf '%p %T@ %s\n' | sort)" = "$before" ]
	serve published "$mirror"
	mv "$mirror" "$mirror.away"
	run -0 online --against "$published_url"
	[ "${lines[0]}" = "mirror-lists/base.list:1: adds nothing" ]
	[[ ${lines[1]} == "mirror-lists/base.list:2: adds 1 image, "* ]]
}

@test "a line is asked about, whatever its refresh= says" {
	list "up.example/team/app:1.19 refresh=never"
	sync
	forget_requests
	run -0 online
	[ "$(requests HEAD)" -eq 1 ]
}

@test "an image gone upstream is a warning; upstream=gone and snapshots are not asked for" {
	sync
	layout_untag "$up" docker.io/team/app:1.19
	list "up.example/team/app:1.19 referrers=yes"
	run --separate-stderr online --since base
	[ "$status" -eq 0 ]
	[[ $stderr == "mirror-lists/base.list:1:1: warning: up.example/team/app:1.19: no longer \
upstream; "*"upstream=gone"* ]]
	list "up.example/team/app:1.19 upstream=gone" up.example/team/app:1.19.20261120
	run --separate-stderr online
	[ "$status" -eq 2 ]
	[[ $stderr == "mirror-lists/base.list:2:1: up.example/team/app:1.19.20261120: names a \
snapshot that the mirror does not have: "* ]]
	mv "$mirror" "$mirror.away"
	forget_requests
	run --separate-stderr online
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "mirror-lists/base.list:1: not asked for, as it says upstream=gone" ]
	[ "${lines[1]}" = "mirror-lists/base.list:2: names a snapshot, which only the mirror has" ]
	[ "$stderr" = "" ]
	[ "$(requests HEAD)" -eq 1 ] # upstream's own tag may end in a date as well
}

@test "errors in the lists come first: status 1, nobody is asked" {
	list "up.example/team/app:1.20 platfrom=linux/amd64"
	run --separate-stderr online
	[ "$status" -eq 1 ]
	[[ ${stderr_lines[0]} == *'unknown option "platfrom"'* ]]
	[ ! -s "$upstream_log" ]
}

@test "what mirror-lists/README.md says of all this is so" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/app/manifests/1
		reply 401 Unauthorized
			WWW-Authenticate: Basic realm="private"
	PAGE
	misbehave
	conf "policy max-tags=2" "registry private.example endpoint=http://$fake_at" \
		"registry dead.example endpoint=http://127.0.0.1:1"
	list up.example/team/app:1.21 up.example/no/such:1 private.example/app:1 \
		dead.example/app:1 \
		"up.example/team/app tags=*" "up.example/team/app tags=7.*" \
		"up.example/team/app:1.19 platform=linux/arm"
	run -2 online
	# shellcheck disable=SC2016  # backquotes are the page's
	sed -n 's|^. `[a-z.]*/[a-z/]*[:0-9.]*: \([^`]*\)` .*|\1|p' \
		"$BATS_TEST_DIRNAME/../../mirror-lists/README.md" >promised
	[ "$(wc -l <promised)" -eq 7 ]
	output=$(any_number <<<"$output")
	while read -r promise; do
		promise=$(any_number <<<"${promise%%…*}")
		[[ $output == *"$promise"* ]] || { echo "not said: $promise; $output" && false; }
	done <promised
}

@test "--format github: an annotation at each line, on stdout" {
	list up.example/team/app up.example/team/app:1.21 up.example/team/app:1.20
	run --separate-stderr online --format github
	[ "$status" -eq 2 ]
	[ "${lines[0]}" = '::warning file=mirror-lists/base.list,line=1,col=1::no tag, so '\
'"latest" is meant (write up.example/team/app:latest to say so)' ]
	[ "${lines[1]}" = '::error '\
'file=mirror-lists/base.list,line=2,col=1::up.example/team/app:1.21: no such tag (did you mean '\
'"1.20"?)' ]
	[[ ${lines[2]} == "mirror-lists/base.list:1: adds 1 image, "* ]]
	[ "$stderr" = "" ]
}

@test "--format gitlab: a report on stdout, the text on stderr" {
	list up.example/team/app up.example/team/app:1.21
	run --separate-stderr online --format gitlab
	[ "$status" -eq 2 ]
	holds 'length == 2' <<<"$output"
	holds '.[0].severity == "minor" and .[1].severity == "major"' <<<"$output"
	holds '.[1].location == { path: "mirror-lists/base.list", lines: { begin: 2 } }' \
		<<<"$output"
	holds 'all(.fingerprint | test("^[0-9a-f]{64}$")) and .[0].fingerprint != '\
'.[1].fingerprint' <<<"$output"
	[[ $stderr == *'mirror-lists/base.list:2:1: up.example/team/app:1.21: no such tag'*"would \
be added" ]]
	list up.example/team/app:1.20
	run --separate-stderr online --format gitlab
	[ "$status" -eq 0 ]
	[ "$output" = "[]" ]
}

@test "--format without --online: the same, offline" {
	list "a b" "a b"
	cd team
	run --separate-stderr "$BIN/mirror-sync" --check --format gitlab
	[ "$status" -eq 1 ]
	# the same words twice in a file are two findings
	holds 'length == 2 and .[0].description == .[1].description and .[0].fingerprint != '\
'.[1].fingerprint' <<<"$output"
	run --separate-stderr "$BIN/mirror-sync" --check --format github
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "::error file=mirror-lists/base.list,line=1,col="* ]]
}

@test "--report tells of each image that was asked for" {
	list up.example/team/app:1.19 up.example/team/app:1.21
	run -2 online --report "$BATS_TEST_TMPDIR/check.json"
	grep -q '"up.example/team/app:1.19","state":"new"' "$BATS_TEST_TMPDIR/check.json"
	grep -q '"up.example/team/app:1.21","state":"failed"' "$BATS_TEST_TMPDIR/check.json"
}

@test "options that need another one, and a revision that is none" {
	run --separate-stderr "$BIN/mirror-sync" --online
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: --online goes with --check" ]
	run --separate-stderr "$BIN/mirror-sync" --check --since base
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: --since goes with --check --online" ]
	run --separate-stderr "$BIN/mirror-sync" --format github
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: --format goes with --check" ]
	run --separate-stderr "$BIN/mirror-sync" --check --format xml
	[ "$status" -eq 1 ]
	[ "$stderr" = 'mirror-sync: --format is one of text, github, gitlab, not "xml"' ]
	run --separate-stderr "$BIN/mirror-sync" --check --dry-run
	[ "$status" -eq 1 ]
	run --separate-stderr online --worktree --conf-rev base
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: --conf-rev and --worktree do not go together" ]
	for option in --since --conf-rev; do
		run --separate-stderr online "$option" no-such-branch
		[ "$status" -eq 1 ]
		[[ $stderr == *'unknown git revision "no-such-branch": no branch, tag or commit '\
'of that name' ]]
	done
}
