#!/usr/bin/env bats
# Three hundred images over a line that breaks in the middle of things, through an nginx that drops,
# refuses and slows down: mirror-sync is killed three times and then run until its status is 0. What
# is there then is what upstream has, and nothing that was ever published was not whole.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 300 10000000
}

teardown_file() { interop_end; }

# Faults by request, drawn from the request's address and its number on a numbered connection.
unreliable() {
	nginx_start front <<-END
		split_clients "seed \$connection \$connection_requests \$request_uri" \$fault {
			2% drop; 2% 500; 2% 503; 1% 429; 2% html; * "";
		}
		map \$fault \$after { 429 1; }
		limit_req_zone one zone=paced:1m rate=400r/s;
		server {
			listen PORT;
			keepalive_requests 40;
			add_header Retry-After \$after always;
			limit_req zone=paced burst=2000;
			limit_rate 16m;
			if (\$fault = drop) { return 444; }
			if (\$fault = 500) { return 500; }
			if (\$fault = 503) { return 503; }
			if (\$fault = 429) { return 429; }
			if (\$fault = html) { return 502 '<html>The proxy is tired.</html>'; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
}

# In front of it all, a line that breaks after up to 1.5 MB.
breaking() {
	mkdir -p "$work/run/line"
	echo "127.0.0.1:$(free_port)" >"$work/run/line/at"
	start line '^listening' "$bin/tests/tools/cutter" "$(at line)" "$(at front)" 47 1500000
}

@test "three hundred images over a bad line: whole in the end, and never anything else" {
	local n run images=()
	for ((n = 0; n < 300; n++)); do images+=("docker.io/team/app-0$((n % 10)):$n"); done
	images+=(docker.io/library/{base:1,base:oci,tool:zstd,nested:1,sbom:1,sha512:1,large:1})
	unreliable
	breaking
	upstream=line lists lists "${images[@]}"
	for n in 40 200 300; do killed_after "$n"; done
	for ((run = 1; run <= 20; run++)); do
		run mirror_sync --mirror "$work/m" --lists "$work/lists"
		echo "# run $run: status $status" && tail -n 3 <<<"$output"
		verifies "$work/m"
		[ "$status" != 0 ] || break
	done
	[ "$status" = 0 ]
	digests_at "$(at upstream)" <"$work/lists/base.list" | sort >"$work/upstream.digests"
	digests_in "$work/m" | sort | diff "$work/upstream.digests" -
	# it was a bad line: bodies were cut, and gone on with
	[ "$(grep -c '^cut ' "$(log_of line)")" -ge 10 ]
	requests front | grep -q '^GET .*/blobs/.* 206$'
}

# Begins a sync and kills it when the upstream has been asked so many times.
killed_after() {
	local asked
	asked=$(wc -l <"$(log_of front)")
	start sync '' "$bin/mirror-sync" --mirror "$work/m" --lists "$work/lists"
	await_lines "$(log_of front)" $((asked + $1)) "$(keeper_of sync)" && stop sync KILL
	ended sync || true
	[ ! -e "$work/m/index.json" ] || verifies "$work/m"
}

# await_lines FILE N PID: the file has N lines; fails when PID ends before.
await_lines() {
	local lines found=0 reader
	exec {lines}< <(exec timeout 120 tail -n +1 -s 0.05 --pid="$3" -f "$1" 2>/dev/null 3>&-)
	reader=$!
	[ "$(head -n "$2" <&"$lines" | wc -l)" = "$2" ] || found=1
	exec {lines}<&-
	kill "$reader" 2>/dev/null || true
	return "$found"
}
