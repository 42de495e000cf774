#!/usr/bin/env bats
# mirror-sync: what people and pipelines are told of a run, on a terminal and in each form of
# report.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

today() {
	date -u +%Y%m%d
}

app=up.example/team

# image TAG TEXT
image() {
	layout_image "$up" "docker.io/team/$1" "$2"
}

# short DIGEST: as people are shown it.
short() {
	echo "${1:0:19}"
}

# every_state LINE...: a mirror in which a sync finds one image of each state, and these lines. Sets
# moved_from, moved_to, new and fresh, digests.
every_state() {
	local t
	moved_from=$(image moved:1 one)
	for t in same held gone idle; do image $t:1 one >/dev/null; done
	list $app/{same,moved,held,gone}:1 "$app/idle:1 refresh=6h"
	sync >/dev/null
	"$BIN/mirror-publish" --mirror "$mirror" hold $app/held:1
	moved_to=$(image moved:1 two)
	fresh=$(image held:1 two)
	new=$(image new:1 new)
	layout_untag "$up" docker.io/team/gone:1
	conf "registry dead.example endpoint=http://127.0.0.1:1"
	list $app/{same,moved,held,gone}:1 "$app/idle:1 refresh=6h" \
		"$app/new:1 as=mine.example/new:2" \
		$app/missing:1 "$app/same tags=9.*" "$@"
}

# on_terminal ARGS...: what a sync prints there, without what moves the cursor.
on_terminal() {
	local status
	NO_COLOR=1 script -qec "$(printf '%q ' "$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" "$@")" typescript \
		>/dev/null </dev/null && status=0 || status=$?
	sed -E '1d;$d; s/\r//g; s/.*\x1b\[K//' typescript
	return "$status"
}

dead="dead.example: given up for this run after 4 failures in a row: *"

@test "on a terminal a run ends with a table, what is bad at its end" {
	every_state dead.example/a/b:{1,2,3}
	run -10 on_terminal
	[[ ${lines[0]} == "mirror-sync: warning: "$dead ]]
	[ "${lines[1]}" = "updated  $app/moved:1    $(short "$moved_from") -> \
$(short "$moved_to"), kept as 1.$(today)" ]
	[ "${lines[2]}" = "new      mine.example/new:2         $(short "$new")" ]
	[[ ${lines[3]} == "held     $app/held:1     frozen ("*"); upstream has $(short "$fresh")" ]]
	[ "${lines[4]}" = "gone     $app/gone:1     no longer upstream; the mirror serves it as \
before" ]
	[ "${lines[5]}" = "failed   $app/missing:1  no such tag or repository: up.example: 404 \
not found: not in this mirror: tried team/missing, docker.io/team/missing" ]
	[[ ${lines[6]} == "failed   dead.example/a/b:1         "$dead ]]
	[ "${lines[7]}" = "failed   and 2 more                 for the same reason" ]
	[ "${lines[8]}" = "failed   $app/same       none of its 1 tags matches" ]
	[[ ${lines[9]} == "1 current, 1 updated, 1 new, 1 held, 1 skipped, 1 gone, 5 failed; "*"; \
published generation 3" ]]
	[ "${#lines[@]}" -eq 10 ]
# what is printed elsewhere needs no terminal to be read
	run --separate-stderr -10 sync
	[[ $output != *"  "* ]]
}

@test "on a terminal colours tell good from bad, and a dry run says what would be" {
	every_state
	NO_COLOR='' script -qec \
		"$BIN/mirror-sync --mirror $mirror --lists $lists --dry-run --sizes" typescript \
		>/dev/null </dev/null || true
	grep -F $'\e[32mupdate\e[0m  up.example/team/moved:1' typescript
	grep -F $'\e[32madd\e[0m' typescript \
		| grep -E 'mine.example/new:2 +sha256:[0-9a-f]{12}, [0-9]+ bytes to fetch'
	grep -F $'\e[33mheld\e[0m' typescript
	grep -F $'\e[31mfailed\e[0m' typescript
	grep 'nothing was changed (dry run)' typescript
}

@test "the JSON says what was asked, what became of it, and why" {
	every_state dead.example/a/b:{1,2,3}
	run -10 sync --report r.json
	image() { jq -c ".images[] | select(.ref == \"$1\") | $2" r.json; }
	[ "$(image mine.example/new:2 '[.source, .state, .new, .requests > 0, .bytes > 0, .list]')" = \
		"[\"$app/new:1\",\"new\",\"$new\",true,true,\"base.list:6\"]" ]
	[ "$(image $app/moved:1 '[.state, .old, .new, .snapshot]')" = \
		"[\"updated\",\"$moved_from\",\"$moved_to\",\"1.$(today)\"]" ]
	[[ $(image $app/missing:1 '[.state, .error]') == \
		'["failed","no such tag or repository: up.example: 404 not found: '* ]]
	[[ $(image dead.example/a/b:3 '[.state, .error]') == '["failed","'$dead ]]
	[ "$(jq -c '[.status, .error, .left_out]' r.json)" = \
		"[10,null,[]]" ]
	[ "$(jq -c '.hosts[] | select(.host == "dead.example") | [.requests, .bytes, .retries, .quota]' r.json)" = '[4,0,3,null]' ]
}

@test "JUnit: what --tolerate leaves out of the status is no failure there either" {
	every_state
	run -40 sync --report r.xml --dry-run --tolerate failed
	grep -F '<testsuite name="mirror-sync" tests="8" failures="1" skipped="3" errors="0">' r.xml
	grep -F "name=\"$app/gone:1\"><failure type=\"gone\" message=\"no longer upstream;" r.xml
	grep -F "name=\"$app/missing:1\"><skipped message=\"no such tag or repository: " r.xml
	grep -F "name=\"$app/moved:1\"><system-out>update</system-out>" r.xml
	run -2 sync --report r.xml --tolerate gone
	grep -F ' failures="2" skipped="2" errors="0">' r.xml
	grep -F "name=\"$app/moved:1\"><system-out>updated; kept as 1." r.xml
	grep -F "name=\"$app/missing:1\"><failure type=\"failed\" message=\"no such tag or \
repository: " r.xml
}

@test "Markdown: images that did something or failed, the hosts, the warnings" {
	every_state dead.example/a/b:{1,2,3}
	run -10 sync --report r.md --label 'sprint | 47 <b>'
	grep -Fx 'Label: sprint \| 47 \<b>' r.md
	grep -Fx "| $app/moved:1 | updated | \`$(short "$moved_from")\` | \
\`$(short "$moved_to")\` | kept as 1.$(today) |" r.md
	grep -Fx "| mine.example/new:2 | new |  | \`$(short "$new")\` |  |" r.md
	grep -Fx 'Current or not due: 2.' r.md
	grep -F "| $app/same | failed |  |  | none of its 1 tags matches |" r.md
	grep -Fx '| dead.example | 4 | 0 bytes | 3 |  |' r.md
}

# An image whose signature cannot be had: published, and yet not as it should be.
@test "an image that is incomplete is current and a failure, in each form" {
	digest=$(image signed:1 one)
	image "signed:${digest/:/-}.sig" signature
	# other bytes than its digest says
	printf 'layer of SIGNATURE for amd64' \
		>"$up/blobs/sha256/$(printf 'layer of signature for amd64' | sha256sum | cut -d ' ' -f 1)"
	list "$app/signed:1 referrers=yes"
	sync || true
	run -2 sync --report r.json
	jq -e '.images[0] | .state == "current" and .incomplete and (.error | startswith("what '\
'refers to "))' r.json
	run -2 sync --report r.xml
	grep -F ' failures="1" skipped="0" errors="0">' r.xml
	grep -F "name=\"$app/signed:1\"><failure type=\"incomplete\" message=\"what refers to " \
		r.xml
	run -2 sync --report r.md
	grep -E "^\| $app/signed:1 \| incomplete \| .* \| what refers to " r.md
	run -2 on_terminal
	[[ ${lines[0]} == "incomplete  $app/signed:1  what refers to "* ]]
	[[ ${lines[1]} == "1 current; "* ]]
}

@test "what is past its max-age is named in each form, failed or not" {
	image old:1 one
	image other:1 one
	list "$app/old:1 max-age=1h" "$app/other:1 max-age=1h refresh=never"
	sync
	sed -i 's/"2[^"]*Z"/"2020-01-01T00:00:00Z"/g' "$mirror/.mirror/state.json"
	stop upstream
	said="last checked with success 2020-01-01T00:00:00Z, longer ago than its max-age"
	run -2 sync --report r.json
	[ "$(jq -c '[.images[] | [.state, .stale, .checked]]' r.json)" = \
		'[["failed",true,"2020-01-01T00:00:00Z"],["skipped",true,"2020-01-01T00:00:00Z"]]' ]
	run -2 sync --report r.xml
	grep -E "name=\"$app/old:1\"><failure type=\"failed\" message=\"[^\"]+; $said\"/>" r.xml
	grep -F "name=\"$app/other:1\"><skipped message=\"$said\"/>" r.xml
	run -2 sync --report r.md
	grep -E "^\| $app/old:1 \| failed \| .*; $said \|$" r.md
	grep -E "^\| $app/other:1 \| stale \| .*\| $said \|$" r.md
	run -2 on_terminal
	[[ $output == *"stale   $app/other:1  $said"* ]]
	[[ $output == *"failed  $app/old:1    "*"; $said"* ]]
}

# U+FFFE has no place in XML, and bytes that are no UTF-8 in no text.
@test "a list with an odd name leaves each report well-formed" {
	image one:1 one
	list "$app/none:1"
	echo "$app/one:1" >"$lists/"$'odd\xff\xef\xbf\xbe<&">größer.list'
	commit odd
	run sync --report r.xml
	iconv -f UTF-8 -t UTF-16 r.xml >/dev/null
	grep -F 'classname="odd????&lt;&amp;&quot;&gt;größer.list"' r.xml
	run sync --report r.json
	[ "$(jq '.images | length' r.json)" -eq 2 ]
	run sync --report r.md
	iconv -f UTF-8 -t UTF-16 r.md >/dev/null
}

@test "a mirror that cannot be used: every form says why" {
	image one:1 one
	list "$app/one:1"
	sync
	echo rubbish >"$mirror/index.json"
	run -16 sync --report r.json
	jq -e '.status == 16 and (.error | contains("index.json")) and .images == []' r.json
	run -16 sync --report r.xml
	grep -F ' failures="0" skipped="0" errors="1">' r.xml
	grep -E '<testcase name="the mirror"><error message=".*index.json.*"/></testcase>' r.xml
	run -16 sync --report r.md
	grep -E '^The mirror could not be used: .*index.json' r.md
}

@test "what upstream lacks is said: the tag, the repository, a digest, or a part of an image" {
	multi=$(layout_multi "$up" docker.io/team/parted:1 one)
	child=$(jq -r '.manifests[0].digest' "$up/blobs/sha256/${multi#sha256:}")
	rm "$up/blobs/sha256/${child#sha256:}"
	none=sha256:$(printf '0%.0s' {1..64})
	list "$app/parted:1" "$app/parted:2" "$app/nothing tags=*" "$app/parted@$none"
	run --separate-stderr -2 sync
	[[ ${stderr_lines[0]} == \
		"mirror-sync: $app/parted:1: upstream does not have all of it: manifest $child: \
up.example: 404 not found"* ]]
	[[ ${stderr_lines[1]} == \
		"mirror-sync: $app/parted:2: no such tag or repository: up.example: 404 not found: \
docker.io/team/parted has no manifest \"2\"" ]]
	[[ ${stderr_lines[2]} == \
		"mirror-sync: $app/parted@$none: no such image: \
up.example: 404 not found"* ]]
	[[ ${stderr_lines[3]} == \
		"mirror-sync: $app/nothing: no such repository, or a private one: up.example: 404 \
not found"* ]]
	# the name of the first is right: nothing else is offered for it
	run --separate-stderr -2 sync --check --online
	[[ ${stderr_lines[0]} == \
		*"base.list:1:1: $app/parted:1: cannot be mirrored: upstream does not have all of \
it: manifest $child: "* ]]
}

@test "a host's quota is in its line, with when it fills up" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		content manifest {"schemaVersion":2}
		request HEAD /v2/app/manifests/1 times 2
		reply 200 OK
			Content-Type: application/vnd.oci.image.manifest.v1+json
			Docker-Content-Digest: {digest manifest}
			RateLimit-Limit: 100;w=21600
			RateLimit-Remaining: 87;w=21600
			body manifest
	PAGE
	misbehave
	conf "registry busy.example endpoint=http://$fake_at"
	list busy.example/app:1
	run -32 sync --dry-run --report r.json
	[ "$(jq -c '.hosts[0] | [.host, .requests, .quota.limit, .quota.remaining]' r.json)" = \
		'["busy.example",1,100,87]' ]
	jq -e '.started < .hosts[0].quota.until' r.json
	run -32 sync --dry-run --report r.md
	grep -E '^\| busy.example \| 1 \| .* \| 0 \| 87 left of 100 \|$' r.md
	behaved
}

@test "the report of a check before a merge has its sizes and its hints" {
	image app:1.20 one
	list "$app/app:1.20" "$app/app:1.2O"
	run --separate-stderr -2 sync --check --online --report r.md
	grep -Fx '## mirror-sync: attention, nothing was changed (dry run)' r.md
	grep -E "^\| $app/app:1.20 \| add \|  \| .* \| [0-9]+ bytes to fetch \|$" r.md
	grep -Fx "| $app/app:1.2O | failed |  |  | no such tag (did you mean \"1.20\"?) |" r.md
	run --separate-stderr -2 sync --check --online --report r.json
	[ "$(jq -r '.images[1].error' r.json)" = 'no such tag (did you mean "1.20"?)' ]
	list "$app/app:1.20"
	run -32 sync --dry-run --report r.md
	grep -Fx '## mirror-sync: done, nothing was changed (dry run)' r.md
}

# The sums of "requests": of the images, and of the hosts.
sums() {
	jq -c '[([.images[].requests] | add), ([.hosts[].requests] | add)]' "$1"
}

@test "the requests of images are those of the hosts, also for lists of tags that fail" {
	every_state dead.example/a/b:{1,2} "$app/moved tags=*" "$app/gone tags=1,2" \
		"$app/none tags=1" "dead.example/c tags=*" "$app/new tags=* newest=1"
	run -10 sync --report r.json
	[ "$(jq -c '[.images[] | select(.ref == "'$app'/same" or .ref == "'$app'/none") | .requests]' r.json)" = '[1,1]' ]
	run -0 sums r.json
	[[ $output =~ ^\[([0-9]+),([0-9]+)\]$ ]]
	[ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
	# what is current or held costs the same count the next time
	run -10 sync --report r.json --force
	run -0 sums r.json
	[[ $output =~ ^\[([0-9]+),([0-9]+)\]$ ]]
	[ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
}

@test "several pages of tags, their repetitions and the question for a challenge are counted" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'END'
		request GET /v2/app/tags/list?n=1000
		reply 401 Unauthorized
		request GET /v2/
		reply 401 Unauthorized
			WWW-Authenticate: Bearer realm="http://{A}/token",service="us"
		request GET /token?service=us&scope=repository%3Aapp%3Apull
		reply 200 OK
			text {"token":"x"}
		request GET /v2/app/tags/list?n=1000
		reply 200 OK
			Link: </v2/app/tags/list?n=1000&last=1>; rel="next"
			text {"tags":["1"]}
		request GET /v2/app/tags/list?n=1000&last=1
		reply 503 Slow Down
		request GET /v2/app/tags/list?n=1000&last=1
		reply 200 OK
			text {"tags":["2"]}
	END
	misbehave
	conf "registry odd.example endpoint=http://$fake_at"
	list "odd.example/app tags=9.*"
	run -2 sync --report r.json
	behaved
	[ "$(jq -c '[.images[].requests]' r.json)" = '[5]' ]
	[ "$(sums r.json)" = '[5,5]' ]
}
