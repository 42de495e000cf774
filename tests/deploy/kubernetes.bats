#!/usr/bin/env bats
# The Helm chart and the manifests of deploy/: helm finds no error in the chart, the manifests are
# what the chart makes, and all of them fit the schemas of the Kubernetes API. "make check-deploy"
# runs it.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	chart=$top/deploy/helm/ocimirror
	tmp=$BATS_TEST_TMPDIR
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed: ci/deploy-tools"
}

# Everything that values can switch, switched.
all_on=(--set 'sync.home=git,sync.registryAuth=registries,volume.existingClaim=mirror'
	--set 'imagePullSecrets[0].name=pull,sync.args={--tolerate,gone},serve.args={--list-snapshots}')

@test "helm finds no error in the chart" {
	need helm
	helm lint --strict "$chart"
	helm lint --strict "$chart" "${all_on[@]}"
}

@test "the manifests are what the chart makes" {
	need helm
	"$top/deploy/kubernetes/make-manifests" | diff - "$top/deploy/kubernetes/mirror.yaml"
}

@test "the manifests fit the schemas of Kubernetes, old and new" {
	need helm
	need kubernetes-validate
	"$top/deploy/kubernetes/make-manifests" "${all_on[@]}" >"$tmp/all.yaml"
	for version in 1.27.0 1.37.0; do
		run kubernetes-validate -k "$version" --strict "$top/deploy/kubernetes/mirror.yaml" \
			"$tmp/all.yaml"
		[ "$status" -eq 0 ] || { echo "$output" && false; }
		[ "$(grep -c passed <<<"$output")" -eq 9 ]
	done
}
