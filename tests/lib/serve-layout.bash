# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with the tests
# A small OCI layout made by hand: blobs put by content, entries of index.json one by one. Sourced by bats files.
#
#	layout_new DIR
#	d=$(layout_blob DIR "bytes")                      digest of a stored blob
#	d=$(layout_image DIR word)                        a config, a layer, a manifest of both: the manifest's digest
#	layout_entry DIR docker.io/team/app:1 "$d"        [MEDIA-TYPE [ANNOTATIONS, JSON members]]
#	layout_publish DIR                                index.json by rename

OCI_INDEX=application/vnd.oci.image.index.v1+json
OCI_MANIFEST=application/vnd.oci.image.manifest.v1+json
DOCKER_MANIFEST=application/vnd.docker.distribution.manifest.v2+json

layout_new() {
	mkdir -p "$1/blobs/sha256"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	: >"$1/entries"
	layout_publish "$1"
}

# Stores stdin, or the words after the directory.
layout_blob() {
	local dir=$1 hex
	shift
	if [ $# -gt 0 ]; then printf '%s' "$*" >"$dir/new"; else cat >"$dir/new"; fi
	hex=$(sha256sum "$dir/new")
	hex=${hex%% *}
	mv "$dir/new" "$dir/blobs/sha256/$hex"
	echo "sha256:$hex"
}

layout_file() {
	echo "$1/blobs/${2/://}"
}

layout_size() {
	stat -c %s "$(layout_file "$1" "$2")"
}

# A descriptor: DIR DIGEST MEDIA-TYPE [MORE MEMBERS]
layout_desc() {
	printf '{"mediaType":"%s","digest":"%s","size":%s%s}' "$3" "$2" "$(layout_size "$1" "$2")" "${4:+,$4}"
}

# An image manifest: DIR WORD [MEDIA-TYPE [MORE MEMBERS]]
layout_image() {
	local dir=$1 config layer type=${3:-$OCI_MANIFEST}
	config=$(layout_blob "$dir" "{\"word\":\"$2\"}")
	layer=$(layout_blob "$dir" "layer of $2")
	layout_blob "$dir" "{\"schemaVersion\":2,\"mediaType\":\"$type\",\"config\":$(
		layout_desc "$dir" "$config" application/vnd.oci.image.config.v1+json
	),\"layers\":[$(
		layout_desc "$dir" "$layer" application/vnd.oci.image.layer.v1.tar
	)]${4:+,$4}}"
}

# An image index: DIR DIGEST... of manifests, OCI's.
layout_index() {
	local dir=$1 list=
	shift
	for d in "$@"; do list+="${list:+,}$(layout_desc "$dir" "$d" "$OCI_MANIFEST")"; done
	layout_blob "$dir" "{\"schemaVersion\":2,\"mediaType\":\"$OCI_INDEX\",\"manifests\":[$list]}"
}

# DIR REF DIGEST [MEDIA-TYPE [ANNOTATIONS]]; an empty REF leaves the name out.
layout_entry() {
	local notes=${5:-}
	if [ -n "$2" ]; then notes="\"org.opencontainers.image.ref.name\":\"$2\"${notes:+,$notes}"; fi
	printf '%s\n' "$(layout_desc "$1" "$3" "${4:-$OCI_MANIFEST}" "\"annotations\":{$notes}")" >>"$1/entries"
}

layout_index_json() {
	printf '{"schemaVersion":2,"annotations":{"dev.ocimirror.generation":"%s"},"manifests":[\n' "${2:-1}"
	sed '$!s/$/,/' "$1/entries"
	printf ']}\n'
}

# DIR [GENERATION]
layout_publish() {
	layout_index_json "$@" >"$1/index.json.new"
	mv "$1/index.json.new" "$1/index.json"
}
