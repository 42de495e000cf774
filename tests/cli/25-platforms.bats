#!/usr/bin/env bats
# platform= is a promise: what upstream offers without the platforms that a line asks for fails by
# name, says what there is, and moves nothing.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

# TAG TEXT ARCH...: tags an index of such linux images; prints its digest.
multi() {
	local tag=$1 text=$2 list='' arch
	shift 2
	for arch in "$@"; do list+="${list:+,}$(layout_child "$up" "$text" "$arch")"; done
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" "$list" |
		layout_manifest "$up" "docker.io/team/app:$tag" "$OCI_INDEX"
}

# TAG TEXT ARCH: tags one linux image without an index; prints its digest.
single() {
	layout_describe "$up" "$2" "$3" | layout_manifest "$up" "docker.io/team/app:$1" "$OCI_MANIFEST"
}

# TEXT [OPTION...]: the sync (with options) fails with this text for app:1, and only with it.
refuses() {
	local text=$1
	shift
	run --separate-stderr sync "$@"
	[ "$status" -eq 2 ]
	[ "$stderr" = "mirror-sync: up.example/team/app:1: $text" ] ||
		{ echo "stderr: $stderr" && false; }
}

# TEXT: so does --check --online, at the line.
check_refuses() {
	run --separate-stderr sync --check --online
	[ "$status" -eq 2 ]
	[[ $stderr == *"base.list:1:1: up.example/team/app:1: cannot be mirrored: $1" ]] ||
		{ echo "stderr: $stderr" && false; }
}

@test "none of the wanted platforms: the line fails in a sync, a dry run and a check" {
	multi 1 one arm64 s390x
	list "up.example/team/app:1 platform=linux/amd64"
	told="has linux/arm64, linux/s390x; not linux/amd64"
	refuses "$told" --dry-run
	refuses "$told" --dry-run --sizes
	check_refuses "$told"
	[ "$(requests GET /blobs/)" -eq 0 ]
	refuses "$told"
	[ "$(published up.example/team/app:1)" = "" ]
	refuses "$told" # told until it is mended
	want=$(multi 1 one amd64 arm64 s390x)
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	[ "$(published up.example/team/app:1)" = "$want" ]
	whole
}

@test "a typo is a platform that is not there" {
	multi 1 one amd64 arm64
	list "up.example/team/app:1 platform=linux/arm"
	refuses "has linux/amd64, linux/arm64; not linux/arm"
	single 1 one arm64
	refuses "has linux/arm64; not linux/arm"
	check_refuses "has linux/arm64; not linux/arm"
}

@test "a tag that moves to what lacks its platform stays; it moves when upstream has it again" {
	old=$(multi 1 one amd64 arm64)
	list "up.example/team/app:1 platform=linux/amd64"
	sync
	multi 1 two arm64
	forget_requests
	refuses "has linux/arm64; not linux/amd64" --dry-run
	[ "$(requests GET)" -eq 1 ]
	check_refuses "has linux/arm64; not linux/amd64"
	refuses "has linux/arm64; not linux/amd64"
	[ "$(published up.example/team/app:1)" = "$old" ]
	[ "$(generation)" -eq 1 ]
	new=$(multi 1 two amd64 arm64)
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$new" ]
	whole
}

@test "one platform of several is lost: the tag stays; what only loses others moves" {
	old=$(multi 1 one amd64 arm64 s390x)
	list "up.example/team/app:1 platform=linux/amd64,linux/arm64"
	sync
	multi 1 two arm64 s390x
	told="has linux/arm64, linux/s390x; not linux/amd64, which the mirror's content has"
	refuses "$told" --dry-run
	check_refuses "$told"
	refuses "$told"
	[ "$(published up.example/team/app:1)" = "$old" ]
	single 1 three amd64
	refuses "has linux/amd64; not linux/arm64, which the mirror's content has"
	new=$(multi 1 four arm64 amd64)
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$new" ]
}

@test "a new reference that lacks some is published with a warning, which is told once" {
	want=$(multi 1 one amd64)
	list "up.example/team/app:1 platform=linux/amd64,linux/arm64"
	told="up.example/team/app:1: has linux/amd64; not linux/arm64"
	run --separate-stderr sync --dry-run
	[ "$status" -eq 32 ]
	[ "$stderr" = "mirror-sync: warning: $told" ]
	run -0 --separate-stderr sync --check --online
	[[ $stderr == *"base.list:1:1: warning: $told" ]]
	run -0 --separate-stderr sync --report r.json
	[ "$stderr" = "mirror-sync: warning: $told" ]
	[ "$(published up.example/team/app:1)" = "$want" ]
	jq -e '.images[0].warning == "has linux/amd64; not linux/arm64"' r.json
	run -0 --separate-stderr sync --report r.json
	[ "$stderr" = "" ]
	jq -e '.images[0] | has("warning") | not' r.json
	multi 1 two amd64
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
}

@test "a line that is changed: what nothing has fails, what only some have is a warning" {
	old=$(multi 1 one amd64 arm64)
	list "up.example/team/app:1"
	sync
	list "up.example/team/app:1 platform=linux/s390x"
	told="has linux/amd64, linux/arm64; not linux/s390x"
	refuses "$told" --dry-run
	check_refuses "$told"
	refuses "$told"
	[ "$(note up.example/team/app:1 platform)" = "" ]
	list "up.example/team/app:1 platform=linux/s390x,linux/amd64"
	run -0 --separate-stderr sync
	[ "$stderr" = "mirror-sync: warning: up.example/team/app:1: $told" ]
	[ "$(published up.example/team/app:1)" = "$old" ]
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
}

@test "a single image counts by its config, and its layers are not fetched to tell" {
	single 1 one arm64
	list "up.example/team/app:1 platform=linux/amd64 referrers=no"
	refuses "has linux/arm64; not linux/amd64" --dry-run
	[ "$(requests HEAD)" -eq 1 ]
	[ "$(requests GET /manifests/)" -eq 1 ]
	[ "$(requests GET /blobs/)" -eq 1 ]
	check_refuses "has linux/arm64; not linux/amd64"
	forget_requests
	refuses "has linux/arm64; not linux/amd64"
	[ "$(requests GET /blobs/)" -eq 1 ]
	want=$(single 1 one amd64)
	forget_requests
	run -0 sync
	[ "$(requests GET)" -eq 3 ]
	[ "$(published up.example/team/app:1)" = "$want" ]
	single 1 two arm64 # pushed from a laptop
	refuses "has linux/arm64; not linux/amd64"
	[ "$(published up.example/team/app:1)" = "$want" ]
	single 1 three amd64
	run -0 sync
	whole
}

# snapshot: a tag whose content is now a snapshot with linux/amd64 only
snapshot() {
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	layout_multi "$up" docker.io/team/app:other one
	list "up.example/team/app:1 platform=linux/amd64"
	sync
	layout_multi "$up" docker.io/team/app:1 two
	sync
	kept=up.example/team/app:1.$(date -u +%Y%m%d)
	[ "$(published "$kept")" = "$one" ]
}

@test "platforms that the line of a snapshot adds come, in a sync and with --missing" {
	snapshot
	for how in "" --missing; do
		list "up.example/team/app:1 platform=linux/amd64" "$kept platform=linux/arm64,linux/amd64"
		run -0 sync --check --online
		[[ $output == *"base.list:2: adds "*" to what is there"* ]]
		run -32 sync ${how:+"$how"} --dry-run
		run -0 sync ${how:+"$how"}
		[[ $output == *"$kept: completed, "* ]]
		[ "$(note "$kept" platform)" = linux/amd64,linux/arm64 ]
		[ "$(published "$kept")" = "$one" ]
		whole
		before=$(generation)
		run -0 sync ${how:+"$how"}
		[[ $output != *completed* ]]
		# what a line does not name stays
		list "up.example/team/app:1 platform=linux/amd64" "$kept platform=linux/amd64"
		run -0 sync
		[ "$(generation)" = "$before" ]
		[ "$(note "$kept" platform)" = linux/amd64,linux/arm64 ]
		rm -rf "$mirror"
		snapshot
	done
}

@test "the line of a snapshot without any of its platforms fails; one that names none keeps it" {
	snapshot
	list "up.example/team/app:1 platform=linux/amd64" "$kept"
	run -0 sync
	run -0 sync --missing
	list "up.example/team/app:1 platform=linux/amd64" "$kept platform=linux/s390x"
	for how in "--check --online" --dry-run --missing --missing "" ""; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 sync $how
		[[ $stderr$output == *"1.$(date -u +%Y%m%d): "*"has linux/amd64, linux/arm64; not linux/s390x"* ]]
	done
	[ "$(note "$kept" platform)" = linux/amd64 ]
	list "up.example/team/app:1 platform=linux/amd64" "$kept platform=linux/amd64"
	run -0 sync
}

@test "a snapshot whose added platform upstream does not have any more: the line fails" {
	snapshot
	layout_untag "$up" docker.io/team/app:other
	find "$up/blobs" -name "$(printf %s "${one#sha256:}")" -delete
	child=$(grep -l '"architecture":"arm64"' -r "$up/blobs" | xargs -rn1 basename)
	for d in $child; do rm -f "$up/blobs/sha256/$d"; done
	list "up.example/team/app:1 platform=linux/amd64" "$kept platform=linux/amd64,linux/arm64"
	run --separate-stderr -2 sync "$kept"
	[[ $stderr == *"$kept: upstream does not have all of it"* ]]
	run --separate-stderr -2 sync --missing "$kept"
	[ "$(note "$kept" platform)" = linux/amd64 ]
}

@test "a line whose platforms are all missing fails by name beside one that gets its own" {
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	ref=up.example/team/app:1
	for how in "$ref platform=linux/ppc64le" "up.example/team/app tags=1* platform=linux/ppc64le"; do
		rm -rf "$mirror"
		rm -f "$lists/team.list"
		list "$ref platform=linux/amd64"
		run -0 sync
		echo "$how" >"$lists/team.list"
		commit "another team"
		for options in "--check --online" "--missing --dry-run" --missing --missing "" ""; do
			# shellcheck disable=SC2086
			run --separate-stderr sync $options
			[ $((status & ~32)) -eq 2 ]
			[[ $stderr == *"$ref: team.list:1 cannot be kept: it has linux/amd64, linux/arm64; not linux/ppc64le"* ]]
		done
		[[ $how != "$ref"* ]] || run -2 sync --check --online --since HEAD~1
		# what the other team asks for moves
		two=$(layout_multi "$up" docker.io/team/app:1 two)
		run -2 sync --report r.json
		[ "$(published "$ref")" = "$two" ]
		jq -e '.images[0] | .state == "updated" and .incomplete' r.json
		rm "$lists/team.list"
		commit "the other team leaves"
		run --separate-stderr -0 sync
		[ "$stderr" = "" ]
		layout_multi "$up" docker.io/team/app:1 one
	done
}

@test "a line without any of its platforms beside one that asks for all of them fails, due or not" {
	layout_multi "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 refresh=never" "up.example/team/app:1 platform=linux/s390x refresh=never"
	run --separate-stderr -2 sync
	[[ $stderr == *"app:1: base.list:2 cannot be kept: it has linux/amd64, linux/arm64; not linux/s390x"* ]]
	[ "$(published up.example/team/app:1)" != "" ]
	run -2 sync
	run -2 sync --missing
	list "up.example/team/app:1 refresh=never" "up.example/team/app:1 platform=linux/arm64 refresh=never"
	run -0 sync
}

@test "platforms of a line that says upstream=gone are a promise, too" {
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	ref=up.example/team/app:1
	list "$ref platform=linux/amd64"
	sync
	list "$ref platform=linux/amd64 upstream=gone"
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
	list "$ref platform=linux/s390x upstream=gone"
	for options in "--check --online" --dry-run --missing "" ""; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 sync $options
		[[ $stderr == *"has linux/amd64, linux/arm64; not linux/s390x"* ]]
	done
	list "$ref platform=linux/amd64,linux/arm64 upstream=gone"
	run -0 sync --missing
	[ "$(note "$ref" platform)" = linux/amd64,linux/arm64 ]
	[ "$(published "$ref")" = "$one" ]
	whole
	[ "$(requests GET /referrers/)" -eq 0 ]
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "what is current costs one HEAD, also in a dry run" {
	multi 1 one amd64 arm64
	single 2 two amd64
	list "up.example/team/app:1 platform=linux/amd64" "up.example/team/app:2 platform=linux/amd64"
	sync
	for how in "" --dry-run "--dry-run --sizes"; do
		forget_requests
		# shellcheck disable=SC2086  # none, one or two words
		run -0 sync $how
		[ "$(requests HEAD)" -eq 2 ]
		[ "$(requests GET)" -eq 0 ]
	done
}

@test "with --against: what would move is judged, and by a check what is there, too" {
	multi 1 one amd64
	list "up.example/team/app:1 platform=linux/amd64"
	sync
	serve ours "$mirror"
	mv "$mirror" "$mirror.away"
	forget_requests
	run -0 sync --dry-run --against "$ours_url"
	[ "$(requests GET)" -eq 0 ]
	list "up.example/team/app:1 platform=linux/s390x"
	run --separate-stderr sync --check --online --against "$ours_url"
	[ "$status" -eq 2 ]
	[[ $stderr == *"has linux/amd64; not linux/s390x" ]]
	multi 1 two arm64
	list "up.example/team/app:1 platform=linux/amd64"
	refuses "has linux/arm64; not linux/amd64" --dry-run --against "$ours_url"
}

@test "--sizes tells a single image's config as well" {
	single 1 one amd64
	list "up.example/team/app:1"
	run sync --dry-run --sizes
	plain=$(grep -o '[0-9]* bytes to fetch;' <<<"$output")
	list "up.example/team/app:1 platform=linux/amd64"
	run sync --dry-run --sizes
	[ "$(grep -o '[0-9]* bytes to fetch;' <<<"$output")" = "$plain" ]
}

@test "what has no platforms is not asked for any: a chart, wasm, an artifact, a config without" {
	conf "image * platform=linux/amd64"
	n=0
	while read -r type config; do
		n=$((n + 1))
		c=$(layout_blob "$up" "$config")
		l=$(layout_blob "$up" "content $n")
		printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
			"$OCI_MANIFEST" "$(layout_desc "$up" "$c" "$type")" \
			"$(layout_desc "$up" "$l" application/x)" |
			layout_manifest "$up" "docker.io/team/app:$n" "$OCI_MANIFEST"
	done <<-TYPES
		application/vnd.cncf.helm.config.v1+json {"name":"chart","version":"1"}
		application/vnd.wasm.config.v0+json {"os":"wasip1","architecture":"wasm"}
		$OCI_CONFIG {"os":"wasi","architecture":"wasm"}
		application/vnd.docker.ai.model.config.v0.1+json {"model":1}
		application/vnd.oci.empty.v1+json {}
		$OCI_CONFIG {"rootfs":{"type":"layers","diff_ids":[]}}
	TYPES
	list up.example/team/app:{1,2,3,4,5,6}
	run --separate-stderr sync --dry-run
	[ "$status" -eq 32 ]
	[ "$stderr" = "" ]
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	[[ $output == *"6 new; "* ]]
	whole
}

@test "variants as containerd takes them, and the version of windows" {
	amd=$(layout_describe "$up" one amd64 | layout_blob "$up")
	v6=$(layout_describe "$up" two arm | layout_blob "$up")
	v7=$(layout_describe "$up" three arm | layout_blob "$up")
	child() {
		layout_desc "$up" "$1" "$OCI_MANIFEST" "\"platform\":{$2}"
	}
	printf '{"schemaVersion":2,"manifests":[%s,%s]}' \
		"$(child "$v6" '"os":"linux","architecture":"arm","variant":"v6"')" \
		"$(child "$v7" '"os":"linux","architecture":"arm","variant":"v7"')" |
		layout_manifest "$up" docker.io/team/app:1 "$OCI_INDEX"
	printf '{"schemaVersion":2,"manifests":[%s,%s]}' \
		"$(child "$v6" '"os":"windows","architecture":"amd64","os.version":"10.0.17763.5"')" \
		"$(child "$amd" '"os":"windows","architecture":"amd64","os.version":"10.0.20348.9"')" |
		layout_manifest "$up" docker.io/team/app:2 "$OCI_INDEX"
	list "up.example/team/app:1 platform=linux/arm" \
		"up.example/team/app:2 platform=windows/amd64:10.0.20348"
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	[ -e "$(layout_file "$mirror" "$v7")" ]
	[ -e "$(layout_file "$mirror" "$amd")" ]
	[ ! -e "$(layout_file "$mirror" "$v6")" ]
	whole
	list "up.example/team/app:2 platform=windows/amd64:10.0.26100"
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[[ $stderr == *"has windows/amd64:10.0.17763.5, windows/amd64:10.0.20348.9; not \
windows/amd64:10.0.26100"* ]]
}

@test "an attestation comes with the platform that it is about" {
	amd=$(layout_describe "$up" one amd64 | layout_blob "$up")
	arm=$(layout_describe "$up" one arm64 | layout_blob "$up")
	about() { # DIGEST: a descriptor of its attestation
		local a
		a=$(layout_untagged "$up" "about $1")
		echo "$a" >"about-$2"
		layout_desc "$up" "$a" "$OCI_MANIFEST" \
			"\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"},\"annotations\":\
{\"vnd.docker.reference.type\":\"attestation-manifest\",\"vnd.docker.reference.digest\":\"$1\"}"
	}
	printf '{"schemaVersion":2,"manifests":[%s,%s,%s,%s]}' \
		"$(layout_desc "$up" "$amd" "$OCI_MANIFEST" \
			'"platform":{"os":"linux","architecture":"amd64"}')" \
		"$(layout_desc "$up" "$arm" "$OCI_MANIFEST" \
			'"platform":{"os":"linux","architecture":"arm64"}')" \
		"$(about "$amd" amd)" "$(about "$arm" arm)" |
		layout_manifest "$up" docker.io/team/app:1 "$OCI_INDEX"
	list "up.example/team/app:1 platform=linux/amd64"
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	[ -e "$(layout_file "$mirror" "$(cat about-amd)")" ]
	[ ! -e "$(layout_file "$mirror" "$(cat about-arm)")" ]
	list "up.example/team/app:1 platform=linux/s390x"
	refuses "has linux/amd64, linux/arm64; not linux/s390x"
}

# CHILDREN: tags an index of these descriptors; prints its digest.
index_of() {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" "$1" |
		layout_manifest "$up" docker.io/team/app:1 "$OCI_INDEX"
}

@test "an index without any image has no platform: nothing, attestations, an index of nothing" {
	attestation=$(layout_desc "$up" "$(layout_untagged "$up" attestation)" "$OCI_MANIFEST" \
		'"platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"sha256:aa"}')
	inner=$(layout_desc "$up" "$(layout_index "$up")" "$OCI_INDEX")
	none="is an index without any image"
	for child in "" "$attestation" "$inner"; do
		rm -rf "$mirror"
		index_of "$child"
		list "up.example/team/app:1 platform=linux/amd64"
		refuses "$none; not linux/amd64"
		refuses "$none; not linux/amd64" --dry-run
		check_refuses "$none; not linux/amd64"
		old=$(multi 1 one amd64)
		sync
		index_of "$child"
		refuses "$none; not linux/amd64"
		[ "$(published up.example/team/app:1)" = "$old" ]
		list "up.example/team/app:1"
		run -0 --separate-stderr sync
		[ "$stderr" = "mirror-sync: warning: up.example/team/app:1: $none" ]
	done
}

@test "--sizes reads manifests: what is lost without platform= is told there, too" {
	multi 1 one amd64 arm64
	list "up.example/team/app:1"
	sync
	multi 1 two arm64
	run --separate-stderr -32 sync --dry-run --sizes
	[[ $stderr == *": has linux/arm64; not linux/amd64, which the content before has"* ]]
}

@test "without platform=, the loss of linux/amd64 is a warning" {
	multi 1 one amd64 arm64
	list "up.example/team/app:1"
	sync
	new=$(multi 1 two arm64)
	run -0 --separate-stderr sync
	[ "$stderr" = "mirror-sync: warning: up.example/team/app:1: has linux/arm64; not \
linux/amd64, which the content before has (no platform= asks for it)" ]
	[ "$(published up.example/team/app:1)" = "$new" ]
}

@test "a digest that is named as a blob and as a manifest comes with what is below it" {
	inner=$(layout_describe "$up" one amd64 | layout_blob "$up")
	c=$(layout_blob "$up" "{}")
	outer=$(printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
		"$OCI_MANIFEST" "$(layout_desc "$up" "$c" application/x)" \
		"$(layout_desc "$up" "$inner" "$OCI_LAYER")" | layout_blob "$up")
	layout_tag "$up" docker.io/team/app:1 "$OCI_INDEX" "$(layout_index "$up" "$outer" "$inner")"
	list up.example/team/app:1
	run -0 sync
	whole
	[ "$(grep -rl '^layer of one for amd64$' "$mirror/blobs" | wc -l)" -eq 1 ]
}
