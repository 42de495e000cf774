#!/usr/bin/env bats
# mirror-serve --record-misses: what clients asked for and is not here; mirror-sync --suggest: list
# lines of it.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/access
	dir=$BATS_TEST_TMPDIR/mirror
	misses=$BATS_TEST_TMPDIR/misses
}

teardown() {
	stop_all
}

# Serves docker.io/library/alpine:3.19 and quay.io/org/tool:1.
record() {
	layout_new "$dir"
	layout_image "$dir" docker.io/library/alpine:3.19 one
	layout_image "$dir" quay.io/org/tool:1 two
	serve_start --record-misses "$misses" "$@" "$dir"
}

# pull AGENT PATH
pull() {
	get "/v2/$2" -A "$1"
}

# What the file says of each reference: jq's words for the filter, in the file's order.
recorded() {
	tail -n +2 "$misses" | jq -r "$1"
}

@test "what is not here is recorded under its canonical name, by whom and how often" {
	record
	pull containerd/1.7.2 "library/alpine/manifests/3.21?ns=docker.io"
	is 404 MANIFEST_UNKNOWN
	pull docker/24.0.7 alpine/manifests/3.21
	pull "skopeo/1.9.3 x" docker.io/library/alpine/manifests/3.21
	pull curl/7 ghcr.io/org/app/manifests/v1
	is 404 NAME_UNKNOWN
	pull curl/7 "org/app/manifests/v1?ns=ghcr.io"
	pull curl/7 registry.corp_5000/team/app/manifests/2
	pull curl/7 team/app/manifests/2
	stop server
	[ "$(recorded '[.ref, .requests, .ns, .addresses, .hours] | @tsv' | tr '\t' ' ' | sort)" = \
"docker.io/library/alpine:3.21 3 1 1 1
docker.io/team/app:2 1 0 1 1
ghcr.io/org/app:v1 2 1 1 1
registry.corp:5000/team/app:2 1 0 1 1" ]
	tail -n +2 "$misses" | jq -es '.[0] | .ref == "docker.io/library/alpine:3.21"
		and .clients == {docker: 1, containerd: 1, containers: 1}
		and .from == ["loopback"] and .agent == "skopeo/1.9.3"
		and (.since | fromdate) <= (.last | fromdate)'
	[ "$(stat -c %a "$misses")" = 640 ]
	! grep -q 127.0.0.1 "$misses"
}

@test "behind a trusted proxy, the addresses of clients count" {
	record --trusted-proxy 127.0.0.0/8
	for address in 203.0.113.5 10.0.0.1 10.0.0.2 10.0.0.3; do
		get /v2/team/app/manifests/1 -H "X-Forwarded-For: $address"
	done
	stop server
	[ "$(recorded '.from | join(" ")')" = "private public" ]
	[ "$(recorded '.addresses > 1')" = true ]
}

@test "a digest that is not here, and a platform that was left out" {
	record
	none=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	child=$(layout_untagged "$dir" left-out)
	index=$(layout_index "$dir" "$child")
	layout_entry "$dir" quay.io/org/tool:2 "$index" "$OCI_INDEX"
	rm "$(layout_file "$dir" "$child")"
	layout_publish "$dir"
	pull containerd/2 quay.io/org/tool/manifests/2
	is 200
	pull containerd/2 "quay.io/org/tool/manifests/$child"
	is 404
	pull containerd/2 "quay.io/org/tool/manifests/$none"
	is 404
	stop server
	[ "$(recorded .ref | sort)" = "$(printf 'quay.io/org/tool@%s\n' "$child" "$none" | sort)" ]
}

@test "what could be no reference, other routes, scanners and what is here are not recorded" {
	record
	hex=$(printf '%064d' 7)
	for path in library/alpine/manifests/3.19 library/alpine/tags/list org/none/tags/list \
		library/alpine/blobs/sha256:"$hex" org/none/blobs/sha256:"$hex" \
		library/alpine/manifests/sha256-"$hex" library/alpine/manifests/sha256-"$hex".sig \
		org/none/manifests/..%2f..%2fetc org/UPPER/manifests/1 \
		"org/none/manifests/%1b%5b31m" "org/none/manifests/1?ns=http:%2f%2fevil" \
		"org/none/manifests/1?ns=a..b" .git/config wp-login.php; do
		pull curl/7 "$path"
	done
	pull "Mozilla/5.0 zgrab/0.x" org/none/manifests/1
	is 404
	stop server
	run -0 recorded .ref
	[ "$output" = "" ]
}

@test "the file is read again at the next start, and written on SIGHUP" {
	record
	pull containerd/2 team/app/manifests/1
	kill -HUP "$server_pid"
	# shellcheck disable=SC2016 # for the inner shell
	timeout 30 bash -c 'until grep -q team/app "$1"; do :; done' - "$misses"
	stop server
	serve_start --record-misses "$misses" "$dir"
	pull containerd/2 team/app/manifests/1
	stop server
	[ "$(recorded '[.ref, .requests, .addresses] | @tsv')" = "docker.io/team/app:1	2	1" ]
}

@test "a file that is something else stops the start, and is left as it is" {
	echo "root:x:0:0" >"$misses"
	layout_new "$dir"
	run ! "$BIN/mirror-serve" --listen 127.0.0.1:0 --record-misses "$misses" "$dir"
	[ "$status" -eq 16 ]
	[[ $output == *"--record-misses (the file is left as it is: name another one, or remove \
it): $misses:1: "* ]]
	[ "$(cat "$misses")" = "root:x:0:0" ]
	run ! "$BIN/mirror-serve" --listen 127.0.0.1:0 --record-misses "$dir/none/misses" "$dir"
	[ "$status" -eq 16 ]
	[[ $output == *"--record-misses: "*"$dir/none/misses"* ]]
}

@test "nothing of private repositories is recorded, whoever asks" {
	access_start --record-misses "$misses"
	named=(-H "Authorization: Bearer $(token ann:secret)")
	anonymous=(-H "Authorization: Bearer $(token '')")
	get /v2/team/app/manifests/1 "${named[@]}"
	is 200
	get /v2/team/app/manifests/none "${named[@]}"
	is 404
	for path in team/app/manifests/1 team/app/manifests/none quay.io/org/tool/manifests/1; do
		get "/v2/$path" "${anonymous[@]}"
		is 404
		get "/v2/$path"
		is 401
	done
	get /v2/team/new/manifests/1
	is 401
	get /v2/team/new/manifests/1 "${anonymous[@]}"
	is 404
	get /v2/library/alpine/manifests/4 "${named[@]}"
	is 404
	stop server
	[ "$(recorded .ref | sort)" = "docker.io/library/alpine:4
docker.io/team/new:1" ]
}

@test "without users, what is private is not recorded either" {
	access_mirror
	serve_start --record-misses "$misses" "$dir"
	get /v2/team/app/manifests/1
	is 404
	get /v2/team/app/manifests/none
	is 404
	get /v2/team/other/manifests/1
	stop server
	[ "$(recorded .ref)" = docker.io/team/other:1 ]
}

# ---- mirror-sync --suggest ----

# The upstream of sync.bash, with some images, and a file of misses with its first line.
wishes() {
	load ../lib/sync
	world
	for image in app:1 app:2 other:1 more:1; do
		layout_image "$up" "docker.io/team/$image" "$image" >/dev/null
	done
	none=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	forget_requests
	echo '{"misses":1,"key":"00112233445566778899aabbccddeeff"}' >"$misses"
}

# miss REF [REQUESTS [HOURS [SKETCH [FROM [CLIENT]]]]]
miss() {
	local n=${2:-9}
	printf '{"ref":"%s","requests":%d,"hours":%d,"sketch":"%016x","from":["%s"],%s,%s}\n' \
		"$1" "$n" "${3:-2}" "${4:-3}" "${5:-private}" "\"clients\":{\"${6:-containerd}\":$n}" \
		'"since":"2026-11-20T06:00:00Z","last":"2026-11-28T06:00:00Z"' >>"$misses"
}

suggest() {
	cd "$BATS_TEST_TMPDIR/team" || return
	"$BIN/mirror-sync" --suggest "$misses" "$@"
}

@test "suggest: what is upstream becomes lines, the most wanted first, that pass the check" {
	wishes
	miss up.example/team/app:1 3 1 1
	miss up.example/team/other:1 7 2 7 public
	miss "up.example/team/more:1" 8 2 3
	run -0 --separate-stderr suggest
	[ "$output" = "# 7 requests of containerd, 3 addresses (public), 2 hours, 2026-11-20 to \
2026-11-28
up.example/team/other:1
# 8 requests of containerd, 2 addresses (private), 2 hours, 2026-11-20 to 2026-11-28
up.example/team/more:1
# 3 requests of containerd, 1 address (private), 1 hour, 2026-11-20 to 2026-11-28
up.example/team/app:1" ]
	[ "$stderr" = "mirror-sync: $misses: 3 names that clients asked for: 3 ready as lines" ]
	[ "$(requests HEAD)" -eq 3 ]
	[ "$(requests GET)" -eq 0 ]
	[ ! -e "$mirror" ]
	[ -z "$(git -C team status --porcelain)" ]
	echo "$output" >"$lists/wanted.list"
	commit wanted
	run -0 sync --check
	sync
	[ -n "$(published up.example/team/other:1)" ]
}

@test "suggest: what does not exist, and what is noise, is left out and counted" {
	wishes
	miss up.example/team/app:none
	miss up.example/none/none:1
	miss up.example/team/app:2 2 1 1
	miss up.example/team/more:1 9 3 7 public other
	miss unknown.example/team/more:1 9 3 7 public docker
	run -0 --separate-stderr suggest
	[ "$output" = "" ]
	[ "$stderr" = "mirror-sync: $misses: 5 names that clients asked for: 0 ready as lines; 2 \
not upstream, or not to be read there; 1 asked for at most twice, by one address, in one hour; 2 \
asked for from public addresses only, by unknown clients or of registries that no line names" ]
	[ "$(requests HEAD)" -eq 2 ]
}

@test "suggest: what a list covers names the line, and asks nobody" {
	wishes
	list "up.example/team/app tags=1,2 newest=1" up.example/team/other:1 \
		up.example/team/more:1 "up.example/x:1 as=up.example/team/as:1"
	miss up.example/team/app:1
	miss up.example/team/other:1
	miss "up.example/team/other@$none"
	miss up.example/team/as:1
	miss up.example/team/app:3
	run -0 --separate-stderr suggest
	[ "$(grep '^# no line' <<<"$output" | sort)" = "\
# no line for up.example/team/app:1: base.list:1 chooses it: newest=1 leaves it out, or no sync \
has brought it yet
# no line for up.example/team/as:1: base.list:4 publishes another repository under this name
# no line for up.example/team/other:1: base.list:2 lists it: mirror-sync --missing fetches it
# no line for up.example/team/other@$none: base.list:2 lists this repository: the digest is of a \
platform that is left out there, or of an earlier content" ]
	[ -z "$(grep -v '^#' <<<"$output" || true)" ]
	[[ $stderr == *": 0 ready as lines; 4 covered by the lists; 1 not upstream"* ]]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "suggest: what breaks the policy, is denied, or is an address near us, is a comment" {
	wishes
	digest=$(layout_image "$up" docker.io/team/bad:1 bad)
	conf 'policy allow=up.example/team/*,169.254.169.254/*,10.0.0.1/*' "deny $digest" \
		"deny $none"
	miss up.example/other/app:1
	miss up.example/team/bad:1
	miss "up.example/team/app@$none"
	miss 169.254.169.254/latest/meta-data:1
	miss 10.0.0.1/a/b:1
	run -0 --separate-stderr suggest
	[ "$(grep '^# no line' <<<"$output" | sort)" = "\
# no line for 10.0.0.1/a/b:1: 10.0.0.1 is an address near us (a private network), and no registry \
line of mirror.conf names it
# no line for 169.254.169.254/latest/meta-data:1: 169.254.169.254 is an address near us \
(a cloud's metadata service, or where no registry can be)
# no line for up.example/other/app:1: mirror.conf:2 does not allow it
# no line for up.example/team/app@$none: mirror.conf:4 denies its digest
# no line for up.example/team/bad:1: mirror.conf:3 denies its digest" ]
	[ -z "$(grep -v '^#' <<<"$output" || true)" ]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "suggest: an upstream that does not answer is a comment, and status 2" {
	wishes
	conf "registry dead.example endpoint=http://127.0.0.1:1"
	miss dead.example/team/app:1
	miss up.example/team/app:1
	run -2 --separate-stderr suggest
	[[ $output == *"
up.example/team/app:1"* ]]
	[[ $output == *"# no line for dead.example/team/app:1: "* ]]
	[[ $stderr == *"1 ready as lines; 1 left open: upstream did not answer"* ]]
}

@test "suggest: another file, and options without effect, are status 1" {
	wishes
	for options in "--check" "--dry-run" "--missing" "--observe" "--mirror x" "--force" \
		"--label x" "--report -" "docker.io/*" "--tolerate gone" "--wait 3"; do
		# shellcheck disable=SC2086 # words
		run -1 suggest $options
		[[ ${lines[0]} == "mirror-sync: --suggest "* ]]
	done
	echo "root:x" >"$misses"
	run -1 --separate-stderr suggest
	[[ $stderr == "mirror-sync: --suggest: $misses:1: "* ]]
	rm "$misses"
	run -1 --separate-stderr suggest
	[[ $stderr == "mirror-sync: --suggest: "*"$misses"* ]]
}

@test "suggest: what a server has recorded is what is suggested" {
	wishes
	layout_new "$dir"
	serve_start --record-misses "$misses" "$dir"
	for _ in 1 2 3; do
		pull containerd/2 "team/app/manifests/1?ns=up.example"
	done
	stop server
	run -0 --separate-stderr suggest
	[[ ${lines[0]} == "# 3 requests of containerd, 1 address (loopback), "* ]]
	[ "${lines[1]}" = up.example/team/app:1 ]
}
