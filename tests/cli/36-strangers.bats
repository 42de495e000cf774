#!/usr/bin/env bats
# Texts of strangers (registries, git authors, journals, other mirrors) on their way out of the
# programs: no credentials, no character that moves a cursor or turns text round, no command to the
# runner of a pipeline.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/good:1 good >/dev/null
	# what no output may contain: C1 and ESC, a direction, no width, a line separator, a command
	evil=$'\u009b2J\u202eevil\u200b\u2028##[error]::x'
}

teardown() {
	stop_all
}

# harmless FILE...: has none of them, nor the credentials of these tests.
harmless() {
	run -1 grep -nP '\x1b|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' "$@"
	run -1 grep -nE '##[a-z]*\[|^::|hunter2|am9lOmh1' "$@"
}

json() {
	jq -e . "$@" >/dev/null
}

@test "a registry's words, in messages and in each form of report" {
	cat >fake.txt <<-E
		content m {}
		request HEAD /v2/app/manifests/1 always
		reply 200 OK
			Docker-Content-Digest: {digest m}
			Warning: 299 - "see https://joe:hunter2@host ##[error]x"
		request GET /v2/app/manifests/{digest m} always
		reply 403 Forbidden
			Content-Type: application/json
			text {"errors":[{"code":"DENIED","message":"$evil https://joe:hunter2@host Basic am9lOmh1"}]}
	E
	misbehave
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1 up.example/team/good:1
	for form in json xml md; do
		run -2 sync --report "r.$form"
		printf '%s\n' "$output" >"out.$form"
		harmless "r.$form" "out.$form"
	done
	json r.json
	grep -q "Basic \.\.\." out.json
	run -2 sync --check --online --format gitlab
	printf '%s\n' "$output" >check
	harmless check
}

@test "the author and the subject of a commit" {
	git -C team config user.name "Ann $evil"
	list up.example/team/good:1
	commit "$evil"
	sync >out
	publish=("$BIN/mirror-publish" --mirror "$mirror")
	"${publish[@]}" log >log.out
	"${publish[@]}" log up.example/team/good:1 >history
	"${publish[@]}" log --json >log.json
	"${publish[@]}" status --json >status.json
	harmless out log.out history log.json status.json "$mirror"/.mirror/journal.jsonl "$mirror/index.json"
	json log.json
	json status.json
	jq -e --arg evil "$evil" '.[0].changes[0].who | contains($evil)' log.json
}

@test "what another mirror's index and journal say" {
	list up.example/team/good:1
	sync >/dev/null
	publish=("$BIN/mirror-publish" --mirror "$mirror")
	"${publish[@]}" hold up.example/team/good:1 --reason x
	sed -i "s/\"reason\":\"x\"/\"reason\":\"$evil\"/; s/\\\\\"reason\\\\\":\\\\\"x\\\\\"/\\\\\"reason\\\\\":\\\\\"$evil\\\\\"/" \
		"$mirror/index.json" "$mirror/.mirror/journal.jsonl"
	sed -i "s/\"who\":\"[^\"]*\"/\"who\":\"$evil\"/" "$mirror/.mirror/journal.jsonl"
	grep -q evil "$mirror/index.json"
	"${publish[@]}" restored --reason y >/dev/null || true
	"${publish[@]}" log >log.out
	"${publish[@]}" status >status.out
	"${publish[@]}" status --json >status.json
	"${publish[@]}" log --json >log.json
	grep -q evil status.out
	harmless log.out status.out status.json log.json
	json status.json
	json log.json
	TERM=xterm NO_COLOR=1 script -qec "$(printf '%q ' "${publish[@]}" status)" typescript >/dev/null </dev/null
	sed '1d;$d' typescript >terminal
	harmless terminal
}

@test "a label and a reason are one line that shows what it says" {
	list up.example/team/good:1
	run -1 sync --label "a$evil"
	[[ $output == *"--label is one line without control characters" ]]
	run -0 sync --label "grüße 文"
	run -1 "$BIN/mirror-publish" --mirror "$mirror" hold up.example/team/good:1 --reason $'a\u202eb'
	[[ $output == *"--reason is one line without control characters" ]]
}

@test "what begins a line: a time of a journal, the name of a list, a value of another tool's file" {
	list up.example/team/good:1
	sync >/dev/null
	sed -i 's/"time":"[^"]*"/"time":"::error::x"/' "$mirror/.mirror/journal.jsonl"
	"$BIN/mirror-publish" --mirror "$mirror" log up.example/team/good:1 >log.out 2>&1 || true
	"$BIN/mirror-publish" --mirror "$mirror" log --json >log.json 2>&1 || true
	harmless log.out log.json
	echo "up.example/team/good:1 x=y" >"$lists/##[error]x.list"
	commit evil
	for format in text github gitlab; do
		run -1 sync --check --format $format
		echo "$output" | sed 's/^::error file=/error=/' >check.out
		grep -q 'error.x.list' check.out
		harmless check.out
	done
	cat >regsync.yml <<-'END'
		version: 1
		sync:
		  - source: alpine
		    target: "x/alpine"
		    type: repository
		    tags: {allow: ["3\n::error::x\n.*", "\e[2J\u009b##[error]"]}
	END
	"$BIN/mirror-sync" --convert regsync.yml >convert.out 2>&1 || true
	grep -q alpine convert.out
	harmless convert.out
}
