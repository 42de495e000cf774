#!/usr/bin/env bats
# mirror-serve --admin: metrics, health and readiness; "/" and OPTIONS for load balancers.

# shellcheck disable=SC2030,SC2031,SC2034  # each test is a process of its own; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# Starts a server with --admin, whose URL goes to $admin.
admin_start() {
	serve_start --admin 127.0.0.1:0 "$@"
	admin=$(sed -n 's/^admin on //p' <<<"$server_urls")
	[ -n "$admin" ]
}

# Asks --admin; sets $code and $body as get does.
ask_admin() {
	local url=$admin
	get "$@"
}

# NAME[LABELS]: prints the value of a metric.
metric() {
	ask_admin /metrics
	is 200
	grep -v '^#' "$body" | grep -F "mirror_$1 " | cut -d' ' -f2
}

# METRIC VALUE
counts() {
	[ "$(metric "$1")" = "$2" ] || { echo "# $1 is \"$(metric "$1")\" and not \"$2\"" && false; }
}

@test "/metrics is what promtool accepts" {
	command -v promtool >/dev/null || skip "no promtool (Debian package prometheus)"
	mirror_of_one "$dir"
	mkdir "$dir/.mirror"
	echo '{"version":2,"references":{"a.io/a:1":{"checked":"2026-11-20T06:00:00Z","max_age":1}}}' \
		>"$dir/.mirror/state.json"
	echo '{"full":{"start":"2026-11-20T06:00:00Z","end":"2026-11-20T06:01:00Z","status":6}}' \
		>"$dir/.mirror/last-run.json"
	admin_start "$dir"
	get /v2/alpine/manifests/1
	ask_admin /metrics
	is 200
	has "Content-Type: text/plain; version=0.0.4; charset=utf-8"
	promtool check metrics <"$body"
}

@test "requests are counted by route and status, on whatever thread" {
	mirror_of_one "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	admin_start --threads 3 "$dir"
	for _ in 1 2 3 4 5; do get /v2/alpine/manifests/1; done
	get "/v2/alpine/blobs/$layer"
	get "/v2/alpine/blobs/$layer" -r 0-1
	get /v2/alpine/manifests/none
	get /v2/none/tags/list
	get /v2/ -X PUT
	raw 'GET\n' >/dev/null
	while read -r labels value; do
		counts "requests_total{$labels}" "$value"
	done <<-END
		route="manifest",code="200" 5
		route="manifest",code="404" 1
		route="blob",code="200" 1
		route="blob",code="206" 1
		route="tags",code="404" 1
		route="base",code="405" 1
		route="bad",code="400" 1
	END
	counts request_duration_seconds_count 11
	counts 'request_duration_seconds_bucket{le="+Inf"}' 11
	counts requests_in_flight 0
	counts 'refused_total{reason="unreadable"}' 1
	# the requests to --admin are no requests for images
	run ! grep -q 'admin\|metrics"' "$body"
}

@test "requests about repositories are counted by the kind of client, with and without a namespace" {
	mirror_of_one "$dir"
	admin_start --threads 3 "$dir"
	for _ in 1 2 3; do
		get "/v2/library/alpine/manifests/1?ns=docker.io" -A containerd/2.1.0
	done
	get "/v2/library/none/manifests/1?ns=quay.io" -A containerd/1.7.2+x
	get /v2/alpine/manifests/1 -A containerd/2.1.0
	get /v2/library/alpine/manifests/1 -A "docker/24.0.7 go/go1.20" -H "Host: docker.io"
	get /v2/alpine/tags/list -A "containers/5.29.2 (github.com/containers/image)"
	get /v2/alpine/manifests/1 -A 'x"} 7'
	get /v2/ -A Helm/3.13
	get / -A kube-probe/1.29
	raw 'GET\n' >/dev/null
	while read -r labels value; do
		counts "client_requests_total{$labels}" "$value"
	done <<-END
		client="containerd",ns="yes" 4
		client="containerd",ns="no" 1
		client="docker",ns="yes" 1
		client="docker",ns="no" 0
		client="containers",ns="no" 1
		client="other",ns="no" 1
		client="helm",ns="no" 0
		client="k3s",ns="yes" 0
	END
}

@test "a transfer is in flight until its last byte, and its bytes are counted as they leave" {
	mirror_of_one "$dir"
	truncate -s 64M "$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
	admin_start --threads 1 "$dir"
	connect transfer
	printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\n\r\n' "$big" >&"$transfer"
	read -r line <&"$transfer"
	counts requests_in_flight 1
	counts connections 1
	[ "$(metric sent_bytes_total)" -gt 0 ]
	[ "$(metric sent_bytes_total)" -lt 67108864 ]
	exec {transfer}<&-
	# the thread has seen the end when it answers the next request
	get /v2/
	counts requests_in_flight 0
	counts request_duration_seconds_count 2
}

@test "the generation, its age, and what its entries say" {
	mirror_of_one "$dir"
	held='"dev.ocimirror.held":"{}"' gone='"dev.ocimirror.gone-since":"2026-11-20T06:00:00Z"'
	layout_entry "$dir" docker.io/library/a:1 "$one" "$OCI_MANIFEST" "$held"
	layout_entry "$dir" docker.io/library/b:1 "$one" "$OCI_MANIFEST" "$gone"
	layout_entry "$dir" docker.io/library/c:1 "$one" "$OCI_MANIFEST" "$held,$gone"
	layout_entry "$dir" docker.io/library/d:1 "$one" "$OCI_MANIFEST" \
		'"dev.ocimirror.reason":"\"dev.ocimirror.held\": no"'
	layout_entry "$dir" docker.io/library/e:1 "$one" "$OCI_MANIFEST" '"dev.ocimirror.private":"x"'
	layout_publish "$dir" 41
	admin_start "$dir"
	counts generation 41
	counts images 6
	counts held_images 2
	counts gone_images 2
	counts private_repositories 1
	counts reloads_total 0
	layout_publish "$dir" 42
	await "generation 42"
	counts generation 42
	counts reloads_total 1
	counts index_ready 1
	run ! grep -q generation_age "$body"
	sed 's/"dev.ocimirror.generation":"42"/&,"dev.ocimirror.created":"2026-11-20T06:00:00Z"/' \
		"$dir/index.json" >"$dir/index.json.new"
	: >"$server_err"
	mv "$dir/index.json.new" "$dir/index.json"
	await "generation 42:"
	[ "$(metric generation_age_seconds)" -gt 0 ]
}

@test "what mirror-sync remembers: the last full sync by bit, waiting, overdue, the oldest check" {
	mirror_of_one "$dir"
	admin_start "$dir"
	ask_admin /metrics
	run ! grep -q 'last_full_sync\|waiting\|overdue\|oldest' "$body"
	mkdir "$dir/.mirror"
	cat >"$dir/.mirror/state.json" <<-END
		{"version":2,"references":{
		"a.io/a:1":{"checked":"2026-11-20T06:00:00Z","max_age":60},
		"a.io/a:2":{"checked":"2026-11-20T05:00:00Z","max_age":999999999},
		"a.io/a:3":{"checked":"2026-11-20T07:00:00Z","max_age":-1}
		},"no_referrers":{
		}}
	END
	echo '{"last":null,"full":{"start":"2026-11-20T06:00:00Z","end":"2026-11-20T06:01:30Z","status":6}}' \
		>"$dir/.mirror/last-run.json"
	counts overdue_images 1
	counts waiting_images 0
	counts oldest_check_timestamp_seconds "$(date -d 2026-11-20T05:00:00Z +%s)"
	counts last_full_sync_timestamp_seconds "$(date -d 2026-11-20T06:01:30Z +%s)"
	counts last_full_sync_duration_seconds 90
	for bit in 1 8 16 32; do counts "last_full_sync_status{bit=\"$bit\"}" 0; done
	for bit in 2 4; do counts "last_full_sync_status{bit=\"$bit\"}" 1; done
	[ "$(metric disk_free_bytes)" -gt 0 ]
	# one that cannot be read is left out, and is read again when it changes
	echo '{"full":' >"$dir/.mirror/last-run.json"
	ask_admin /metrics
	run ! grep -q last_full_sync "$body"
	rm "$dir/.mirror/state.json" && mkfifo "$dir/.mirror/state.json"
	ask_admin /metrics
	run ! grep -q overdue "$body"
	is 200
}

@test "ready: until index.json is bad or missing, and again when it is good" {
	mirror_of_one "$dir"
	admin_start "$dir"
	for path in /readyz /healthz /; do
		ask_admin $path
		is 200
	done
	get /
	is 200
	for broken in '{"manifests":[' gone; do
		if [ "$broken" = gone ]; then
			rm "$dir/index.json"
			kill -HUP "$server_pid"
		else
			echo "$broken" >"$dir/index.json"
		fi
		await "generation ${generation:-1} is served on"
		: >"$server_err"
		for ask in ask_admin get; do
			$ask /
			[ "$code" = 503 ]
			grep -q "index.json cannot be read" "$body"
		done
		ask_admin /readyz
		[ "$code" = 503 ]
		ask_admin /healthz
		is 200
		counts index_ready 0
		get /v2/alpine/manifests/1
		is 200
		layout_publish "$dir" 2
		generation=2
		await "generation 2:"
		get /
		is 200
		ask_admin /readyz
		is 200
		counts index_ready 1
	done
	[ "$(metric reload_failures_total)" -ge 2 ]
}

@test "while it drains it is not ready, and says so to the last" {
	mirror_of_one "$dir"
	truncate -s 64M "$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
	admin_start "$dir"
	connect transfer
	printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\n\r\n' "$big" >&"$transfer"
	read -r line <&"$transfer"
	connect idle
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$idle"
	read -r line <&"$idle"
	kill -TERM "$server_pid"
	timeout 30 cat <&"$idle" >/dev/null
	ask_admin /readyz
	[ "$code" = 503 ]
	grep -q "about to end" "$body"
	ask_admin /healthz
	is 200
	exec {transfer}<&- {idle}<&-
	ended server
}

@test "OPTIONS is answered, with a path and with *" {
	mirror_of_one "$dir"
	admin_start "$dir"
	for path in / /v2/ /v2/library/alpine/manifests/1; do
		get $path -X OPTIONS
		[ "$code" = 204 ]
		has "Allow: GET, HEAD, OPTIONS"
		has_no Content-Length
		[ ! -s "$body" ]
	done
	[[ $(raw 'OPTIONS * HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n') == "HTTP/1.1 204 "* ]]
	[[ $(raw 'GET * HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n') == "HTTP/1.1 400 "* ]]
	ask_admin /healthz -X OPTIONS
	[ "$code" = 204 ]
}

@test "--admin serves no images, and the others no metrics" {
	mirror_of_one "$dir"
	admin_start "$dir"
	for path in /v2/ /v2/alpine/manifests/1 /v2/_catalog; do
		ask_admin $path
		is 404
	done
	for path in /metrics /healthz /readyz; do
		get $path
		is 404
	done
	ask_admin /metrics -X POST
	is 405
	ask_admin /metrics -I
	[ "$code" = 200 ]
}

@test "an --admin that cannot be used is named" {
	mirror_of_one "$dir"
	run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 --admin 9090 "$dir"
	[ "$status" -eq 1 ]
	[[ $stderr == *'--admin "9090" is not ADDR:PORT'* ]]
	serve_start "$dir"
	run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 --admin "$address" "$dir"
	[ "$status" -eq 16 ]
	[[ $stderr == *"$address"* ]]
}
