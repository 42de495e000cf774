#!/usr/bin/env bats
# The systemd units of deploy/systemd/: systemd reads them, finds little to attack in them, and the
# command lines in them are ones that the programs take.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(cd "${BIN:-$top/build}" && pwd)
	tmp=$BATS_TEST_TMPDIR
	units=$top/deploy/systemd
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "the exposure of each service is at most 2.0, as systemd counts it" {
	need systemd-analyze
	for unit in "$units"/*.service; do
		run systemd-analyze security --no-pager --offline=true --threshold=20 "$unit"
		[ "$status" -eq 0 ] || { echo "$output" && false; }
	done
}

# systemd ends with 0 when it ignores a line, so what counts is that it says nothing. It wants the
# programs to be there.
@test "systemd understands every line of every unit" {
	need systemd-analyze
	for unit in "$units"/*.{service,socket,timer}; do
		sed "s|/usr/bin/mirror-|$bin/mirror-|" "$unit" >"$tmp/${unit##*/}"
	done
	for unit in "$tmp"/*.{service,socket,timer}; do
		run systemd-analyze verify --man=no "$unit"
		[ "$status" -eq 0 ]
		[ -z "$output" ] || { echo "$output" && false; }
	done
}

@test "the user of the units is the one that sysusers.d makes" {
	need systemd-sysusers
	run systemd-sysusers --dry-run --root="$tmp" "$units/ocimirror.sysusers"
	[ "$status" -eq 0 ]
	[[ $output == *"user '_mirror'"* ]]
	for unit in "$units"/*.service; do
		grep -qx User=_mirror "$unit"
		grep -qx Group=_mirror "$unit"
	done
}

# Prints what a service runs, with the options that its file in /etc/default suggests.
command_line() {
	local line
	# shellcheck disable=SC2016  # $SERVE_OPTIONS is the unit's
	line=$(sed -n 's/^ExecStart=//p' "$units/$1.service")
	echo "${line/\$*_OPTIONS/$(sed -n 's/^#[A-Z]*_OPTIONS=//p' "$units/$1.default")}"
}

# An option that does not exist is what a program complains of before anything else.
@test "the programs take the options that the files for /etc/default suggest" {
	for unit in mirror-serve mirror-sync mirror-verify; do
		read -ra words <<<"$(command_line "$unit")"
		[ "${#words[@]}" -ge 4 ]
		[ "${words[0]}" = "/usr/bin/${unit/verify/publish}" ]
		run "$bin/${words[0]##*/}" "${words[@]:1}" --no-such-option
		[ "$status" -eq 1 ]
		[[ $output == *no-such-option* ]]
	done
}

@test "a service reads the file of /etc/default that bears its name, and nothing enables a sync or a verify" {
	for unit in mirror-serve mirror-sync mirror-verify; do
		grep -qx "EnvironmentFile=-/etc/default/$unit" "$units/$unit.service"
		[ -f "$units/$unit.default" ]
	done
	! grep -q WantedBy "$units"/mirror-{sync,verify}.service
}
