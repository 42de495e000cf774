#!/usr/bin/env bats
# The alerts and the dashboard of deploy/: each alert fires as promtool plays it, and each metric
# that they name is one that mirror-serve tells of a mirror with a full sync behind it.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	load ../lib/sync
	load ../lib/tls
}

teardown() {
	stop_all
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "every alert fires when it should, and is silent before" {
	need promtool
	cd "$top/deploy/prometheus"
	promtool check rules mirror.rules.yml
	run promtool test rules mirror.test.yml mirror-days.test.yml
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	sed -n 's/.*- alert: //p' mirror.rules.yml | while read -r alert; do
		grep -q "alertname: $alert\$" ./*.test.yml || { echo "no test: $alert" && false; }
	done
}

# Fills $BATS_TEST_TMPDIR/told with the names of /metrics.
metrics() {
	world
	layout_image "$up" docker.io/library/alpine:1 one >/dev/null
	list up.example/library/alpine:1
	sync
	cert main
	serve server --admin 127.0.0.1:0 --tls-cert "$at/main.pem" --tls-key "$at/main.key" "$mirror"
	admin=$(sed -n 's/^admin on //p' <<<"$server_urls")
	[ -n "$admin" ]
	get_metrics
}

get_metrics() {
	curl -sfk "$server_url/v2/" -o /dev/null
	curl -sf "$admin/metrics" | sed -n 's/^\(mirror_[a-z_]*\).*/\1/p' | sort -u \
		>"$BATS_TEST_TMPDIR/told"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/told")" -ge 15 ]
}

@test "every metric of the alerts and the dashboard is told by mirror-serve" {
	metrics
	grep -v '^ *#' "$top/deploy/prometheus/mirror.rules.yml" |
		cat - <(jq -r '.. | .expr? // empty' "$top/deploy/grafana/mirror.json") |
		grep -o 'mirror_[a-z_]*' | sort -u >"$BATS_TEST_TMPDIR/named"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/named")" -ge 15 ]
	run comm -13 "$BATS_TEST_TMPDIR/told" "$BATS_TEST_TMPDIR/named"
	[ -z "$output" ] || { echo "not told: $output" && false; }
}

@test "the dashboard is what Grafana imports: panels with a title, a place and a query each" {
	jq -e '(.panels | length) >= 10 and .uid == "ocimirror" and (.schemaVersion | type) == "number"
		and ([.panels[] | (.title != "") and (.gridPos | length) == 4
			and ([.targets[].expr | . != ""] | all)] | all)
		and ([.panels[].id] | unique | length) == (.panels | length)' \
		"$top/deploy/grafana/mirror.json"
}
