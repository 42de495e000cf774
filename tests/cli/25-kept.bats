#!/usr/bin/env bats
# mirror-sync: what a mirror has is not lost, whatever upstreams, lists and operators do; and what
# is as it was is not published again.
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

# Nothing is published by one more run.
settled() {
	local before
	before=$(generation)
	sync || true
	[ "$(generation)" = "$before" ]
}

@test "each entry has the author of its own line" {
	layout_image "$up" docker.io/team/a:1 one
	layout_image "$up" docker.io/team/b:1 two
	list up.example/team/a:1
	git -C team config user.name Bob
	list up.example/team/a:1 up.example/team/b:1
	sync
	[ "$(note up.example/team/a:1 author)" = "Ann <ann@corp.example>" ]
	[ "$(note up.example/team/b:1 author)" = "Bob <ann@corp.example>" ]
}

@test "privacy authors= says what is recorded of an author" {
	layout_image "$up" docker.io/team/a:1 one
	list up.example/team/a:1
	while read -r authors recorded; do
		rm -rf "$mirror"
		conf "privacy authors=$authors"
		sync
		[ "$(note up.example/team/a:1 author)" = "$recorded" ]
		if [ "$recorded" ]; then
			grep -F "\"who\":\"$recorded\"" "$mirror/.mirror/journal.jsonl"
		else
			run ! grep -E 'Ann|corp.example' "$mirror/.mirror/journal.jsonl" \
				"$mirror/index.json"
		fi
		sed -i '/^privacy/d' "$lists/mirror.conf"
	done <<-EOF
		mail Ann <ann@corp.example>
		name Ann
		commit
	EOF
}

@test "privacy authors= holds for what earlier runs have recorded, too" {
	layout_image "$up" docker.io/team/a:1 one
	list up.example/team/a:1
	sync
	[ "$(note up.example/team/a:1 author)" = "Ann <ann@corp.example>" ]
	conf "privacy authors=name"
	run -0 sync
	[ "$(note up.example/team/a:1 author)" = Ann ]
	settled
	sed -i 's/authors=name/authors=commit/' "$lists/mirror.conf"
	commit conf
	run -0 sync
	run ! grep Ann "$mirror/index.json"
	settled
}

@test "a tag that was gone and comes back with other content is gone no longer" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	layout_untag "$up" docker.io/team/app:1
	run ! sync
	[ "$(note up.example/team/app:1 gone-since)" != "" ]
	layout_image "$up" docker.io/team/app:1 two
	sync
	[ "$(note up.example/team/app:1 gone-since)" = "" ]
	settled
}

@test "a snapshot stays what it is when upstream brings a tag of its name" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app tags=*"
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	snapshot=up.example/team/app:1.$(today)
	[ "$(published "$snapshot")" = "$old" ]
	layout_image "$up" "docker.io/team/app:1.$(today)" other
	run -2 sync
	[[ $output == *"$snapshot: the mirror keeps a snapshot of its own under this name, and \
upstream has sha256:"*"as="* ]]
	[ "$(published "$snapshot")" = "$old" ]
	[ "$(note "$snapshot" snapshot-of)" = up.example/team/app:1 ]
	run -2 sync --dry-run
	settled
}

@test "a snapshot gives way to a listed tag that arrives in the same run" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app tags=*"
	sync
	layout_image "$up" docker.io/team/app:1 two
	other=$(layout_image "$up" "docker.io/team/app:1.$(today)" other)
	run -0 sync
	[ "$(published "up.example/team/app:1.$(today)")" = "$other" ]
	[ "$(published "up.example/team/app:1.$(today)-2")" = "$old" ]
	settled
}

@test "a line that names a snapshot asks once, also when the tag it is of has left the lists" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	list up.example/team/app:1
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	for lines in "up.example/team/app:1" ""; do
		list "$lines" "up.example/team/app:1.$(today)"
		sync || true
		forget_requests
		run -0 sync
		[ "$(requests HEAD "app/manifests/1.$(today)")" -eq 1 ]
		[ "$(requests GET "app/manifests/1.$(today)")" -eq 0 ]
		[ "$(published "up.example/team/app:1.$(today)")" = "$old" ]
	done
}

@test "a line for upstream's own dated tag fails while the mirror keeps another digest there" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	same=$(published "up.example/team/app:1.$(today)")
	other=$(layout_image "$up" "docker.io/team/app:1.$(today)" other)
	for line in "up.example/team/app:1.$(today)" "up.example/team/app:1.$(today)@$other"; do
		list up.example/team/app:1 "$line"
		run --separate-stderr -2 sync
		[[ $stderr == *"up.example/team/app:1.$(today): the mirror keeps a snapshot of its \
own under this name, and upstream has ${other:0:19}; give upstream's another name with as=, or \
change the suffix of snapshots"* ]]
		run -2 sync --dry-run
		run -2 sync --check --online
	done
	list up.example/team/app:1 "up.example/team/app:1.$(today) as=up.example/dated/app:1"
	run -0 sync
	[ "$(published up.example/dated/app:1)" = "$other" ]
	# the same content: one name for both
	layout_image "$up" "docker.io/team/app:1.$(today)" one
	list up.example/team/app:1 "up.example/team/app:1.$(today)"
	run -0 sync
	[ "$(published "up.example/team/app:1.$(today)")" = "$same" ]
}

@test "no snapshot takes a name that upstream is known to have" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/lib:1 one
	list "up.example/team/app tags=1" up.example/team/lib:1
	sync
	layout_image "$up" docker.io/team/app:1 two
	layout_image "$up" docker.io/team/lib:1 two
	layout_image "$up" "docker.io/team/app:1.$(today)" other
	# listed, and upstream does not have it today
	list "up.example/team/app tags=1" up.example/team/lib:1 "up.example/team/lib:1.$(today)"
	run -2 sync
	for image in app lib; do
		[ "$(published "up.example/team/$image:1.$(today)")" = "" ]
		[ "$(published "up.example/team/$image:1.$(today)-2")" = "$old" ]
	done
}

@test "an upstream tag that ends in a date is mirrored beside the tag whose snapshot it resembles" {
	layout_image "$up" docker.io/team/rocky:9.3 one
	dated=$(layout_image "$up" docker.io/team/rocky:9.3.20231119 dated)
	list up.example/team/rocky:9.3 up.example/team/rocky:9.3.20231119
	run -0 sync
	[ "$(published up.example/team/rocky:9.3.20231119)" = "$dated" ]
	list up.example/team/rocky:9.3 up.example/team/rocky:9.3.20230101
	run --separate-stderr -2 sync
	[[ $stderr == *"rocky:9.3.20230101: names a snapshot that the mirror does not have"* ]]
}

@test "a digest that a line pins is there at once, whatever refresh= says" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/app:old one
	list "up.example/team/app:1@$one refresh=never"
	sync
	list "up.example/team/app:1@$two refresh=never"
	sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	settled
}

@test "a line that wants other platforms, or another source, is due whatever refresh= says" {
	layout_multi "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 platform=linux/amd64 refresh=never"
	sync
	list "up.example/team/app:1 refresh=never"
	run -0 sync
	[[ $output == *$'\n'"1 current; "*"published generation 2" ]]
	[[ ${lines[0]} == "up.example/team/app:1: completed, "*" bytes fetched" ]]
	whole
	two=$(layout_multi "$up" docker.io/other/app:1 two)
	list "up.example/other/app:1 as=up.example/team/app:1 refresh=never"
	sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	forget_requests
	settled
	[ "$(requests HEAD)" -eq 0 ]
}

@test "retention is the list's, whether a tag is held, gone, or not due" {
	layout_image "$up" docker.io/team/held:1 one
	layout_image "$up" docker.io/team/gone:1 one
	layout_image "$up" docker.io/team/later:1 one
	list up.example/team/{held,gone,later}:1
	sync
	layout_image "$up" docker.io/team/held:1 two
	layout_untag "$up" docker.io/team/gone:1
	"$BIN/mirror-publish" --mirror "$mirror" hold '*/held'
	list "up.example/team/held:1 keep=3" "up.example/team/gone:1 keep=3" \
		"up.example/team/later:1 keep=3 refresh=never"
	run -8 sync
	for image in held gone later; do
		[ "$(note "up.example/team/$image:1" keep)" = 3 ]
	done
	settled
}

@test "a tag is gone only when its line would still mean it; otherwise it is unlisted" {
	for n in 1 2 3; do layout_image "$up" "docker.io/team/app:1.$n" "text $n"; done
	layout_image "$up" docker.io/team/app:old old
	list "up.example/team/app tags=1.* newest=3" "up.example/team/app:old"
	sync
	for n in 4 5 6; do layout_image "$up" "docker.io/team/app:1.$n" "text $n"; done
	for tag in 1.1 1.2 1.6 old; do layout_untag "$up" "docker.io/team/app:$tag"; done
	list "up.example/team/app tags=1.* newest=3"
	run -0 sync
	for tag in 1.1 1.2 old; do
		[ "$(note "up.example/team/app:$tag" unlisted-since)" != "" ]
		[ "$(note "up.example/team/app:$tag" gone-since)" = "" ]
	done
	layout_untag "$up" docker.io/team/app:1.5
	run -8 sync
	[ "$(note up.example/team/app:1.5 gone-since)" != "" ]
	[ "$(note up.example/team/app:1.5 unlisted-since)" = "" ]
	settled
}

@test "what was in the layout before belongs to the line that names it" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list up.example/team/app:1
	cp -r "$up" "$mirror"
	sed -i 's/docker.io/up.example/' "$mirror/index.json"
	sync
	[[ $(note up.example/team/app:1 list) == base.list:1@* ]]
	[ "$(published up.example/team/app:1)" = "$one" ]
	settled
	list "# nothing"
	sync
	[ "$(note up.example/team/app:1 unlisted-since)" != "" ]
}

@test "the signatures of a held image stay" {
	image=$(layout_image "$up" docker.io/team/app:1 one)
	sig=sha256-${image#sha256:}.sig
	old=$(layout_image "$up" "docker.io/team/app:$sig" "signature")
	list "up.example/team/app:1 referrers=yes"
	sync
	[ "$(published "up.example/team/app:$sig")" = "$old" ]
	"$BIN/mirror-publish" --mirror "$mirror" hold up.example/team/app:1
	layout_image "$up" "docker.io/team/app:$sig" "another signature"
	sync
	[ "$(published "up.example/team/app:$sig")" = "$old" ]
	settled
}

@test "a listing that fails changes nothing, is one failure in each report, and counts for max-age=" {
	for n in 1 2; do layout_image "$up" "docker.io/team/app:1.$n" "text $n"; done
	list "up.example/team/app tags=1.* max-age=1h"
	sync
	sed -i 's/:"202/:"200/g' "$mirror/.mirror/state.json"
	list "up.example/team/app tags=1.* max-age=1h"
	conf "policy max-tags=1"
	run --separate-stderr -2 sync --report report.json
	[[ $output == "2 skipped, 1 failed; "*"generation 1 stands" ]]
	[[ $stderr == *"up.example/team/app: 2 tags match, more than the policy's max-tags=1"* ]]
	for n in 1 2; do [[ $stderr == *"up.example/team/app:1.$n: last checked with success 200"* \
		]]; done
	[ "$(jq -r '.images[] | select(.state == "failed") | .ref' report.json)" = \
		up.example/team/app ]
	run -2 sync --report report.xml
	grep 'failures="1" skipped="2"' report.xml
}

@test "policy looks at the tags of the source as well" {
	layout_image "$up" docker.io/team/app:1.1 one
	layout_image "$up" docker.io/team/app:2.1 two
	conf "policy allow=up.example/team/app:1.*,mine.example/*"
	list "up.example/team/app tags=* as=mine.example/app"
	run --separate-stderr -2 sync
	[[ $stderr == *"up.example/team/app:2.1 is outside the policy's allow="* ]]
	list "up.example/team/app tags=1.* as=mine.example/app"
	run -0 sync
}

# A sync holds its lock until the FIFO that its report goes to is read.
@test "who waits for another sync's lock is gone with the first signal" {
	list "# nothing"
	mkfifo report
	sync --report report 3>&- &
	holder=$!
	until grep -q mirror-sync "$mirror/.mirror/sync.lock" 2>/dev/null; do kill -0 "$holder"; \
		done
	"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" --wait 600 2>err 3>&- &
	waiter=$!
	until grep -q "^mirror-sync: $mirror: waiting for another sync, up to 600 s: .*locked by \
mirror-sync" err; do
		kill -0 "$waiter"
	done
	kill -TERM "$waiter"
	status=0
	wait "$waiter" || status=$?
	cat report
	wait "$holder"
	[ "$status" -eq 16 ]
	grep -q "another sync is at work; nothing was done: .*locked by mirror-sync" err
}
