#!/usr/bin/env bats
# A hundred images through an nginx that drops, refuses, slows down and cuts: mirror-sync is run, killed
# now and then, until its status is 0. What is there then is what upstream has, and nothing that was ever
# published was not whole.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 100
}

teardown_file() { interop_end; }

# Faults by request, drawn from the request's address and its number on a numbered connection.
unreliable() {
	nginx_start front <<-END
		split_clients "seed \$connection \$connection_requests \$request_uri" \$fault {
			4% drop; 4% 500; 4% 503; 4% 429; 4% html; * "";
		}
		limit_req_zone one zone=paced:1m rate=400r/s;
		server {
			listen PORT;
			keepalive_requests 40;
			add_header Retry-After 1 always;
			limit_req zone=paced burst=2000;
			limit_rate 8m;
			if (\$fault = drop) { return 444; }
			if (\$fault = 500) { return 500; }
			if (\$fault = 503) { return 503; }
			if (\$fault = 429) { return 429; }
			if (\$fault = html) { return 502 '<html>The proxy is tired.</html>'; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
}

@test "a hundred images over a bad line: whole in the end, and never anything else" {
	local n run images=()
	for ((n = 0; n < 100; n++)); do images+=("docker.io/team/app-0$((n % 10)):$n"); done
	images+=(docker.io/library/{base:1,base:oci,tool:zstd,nested:1,sbom:1,sha512:1})
	unreliable
	upstream=front lists lists "${images[@]}"
	for ((run = 1; run <= 20; run++)); do
		[ $((run % 3)) != 1 ] || killed_after $((run * 40))
		run mirror_sync --mirror "$work/m" --lists "$work/lists"
		echo "# run $run: status $status" && tail -n 3 <<<"$output"
		verifies "$work/m"
		[ "$status" != 0 ] || break
	done
	[ "$status" = 0 ]
	digests_at "$(at upstream)" <"$work/lists/base.list" | sort >"$work/upstream.digests"
	digests_in "$work/m" | sort | diff "$work/upstream.digests" -
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
