#!/usr/bin/env bats
# What the manifests of deploy/kubernetes give to the programs is what the programs take, and every
# pod is as restricted as the strictest Pod Security Standard wants it. tests/deploy has the rest.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	manifests=$top/deploy/kubernetes/mirror.yaml
}

# Prints the words below "args:" behind the command of a program.
arguments() {
	sed -n "/command: \[$1\]/,/ports:\|securityContext:/s/^ *- \(--[a-z-]*\)\$/\1/p" "$manifests"
}

@test "the programs have the options that the manifests give them" {
	for program in mirror-serve mirror-sync; do
		[ "$(arguments $program | wc -l)" -ge 2 ]
		for option in $(arguments $program); do
			"$bin/$program" --help | grep -q -e "^  $option\b" ||
				{ echo "$program has no $option" && false; }
		done
	done
}

@test "every pod is restricted" {
	pods=$(grep -c 'containers:' "$manifests")
	[ "$pods" -eq 2 ]
	for line in 'runAsNonRoot: true' 'type: RuntimeDefault' 'allowPrivilegeEscalation: false' \
		'readOnlyRootFilesystem: true' 'drop: \[ALL\]' 'automountServiceAccountToken: false'; do
		[ "$(grep -c "^ *$line\$" "$manifests")" -eq "$pods" ] || { echo "$line" && false; }
	done
}
