# shellcheck shell=bash disable=SC2034  # what is set is for the tests
# Makes OCI image layouts with printf and sha256sum. Tests serve them, sync from them, or start a
# mirror from them.
#
#   layout_new DIR                   makes an empty layout
#   layout_image DIR REF TEXT        tags an image with one layer, TEXT; prints its digest
#   layout_multi DIR REF TEXT        tags an index of linux/amd64 and linux/arm64; prints its digest
#   layout_manifest DIR REF TYPE     tags the manifest from stdin; prints its digest
#   layout_untag DIR REF             removes the tag
#
# The same TEXT gives the same digest, so a test can move a tag and move it back. The functions
# above are made of these:
#
#   layout_blob DIR [TEXT]           stores TEXT, or stdin; prints its digest
#   layout_file DIR DIGEST           prints the path of a blob
#   layout_size DIR DIGEST           prints its size
#   layout_desc DIR DIGEST TYPE [MEMBERS]
#                                    prints its descriptor
#   layout_untagged DIR TEXT [TYPE [MEMBERS]]
#                                    stores an image without platform and tag; prints its digest
#   layout_index DIR DIGEST...       stores an index of such images; prints its digest
#   layout_entry DIR REF DIGEST [TYPE [NOTES]]
#                                    adds an entry (without a name if REF is empty) to DIR/entries
#   layout_publish DIR [GENERATION]  replaces index.json by one with all entries, by rename
#
# DIR/entries has one entry per line. A running mirror-serve reads a changed layout some time later:
# after layout_served DIR PID LOG, each change waits until the server has read it.

OCI_MANIFEST=application/vnd.oci.image.manifest.v1+json
OCI_INDEX=application/vnd.oci.image.index.v1+json
OCI_CONFIG=application/vnd.oci.image.config.v1+json
OCI_LAYER=application/vnd.oci.image.layer.v1.tar
DOCKER_MANIFEST=application/vnd.docker.distribution.manifest.v2+json

layout_new() {
	mkdir -p "$1/blobs/sha256" "$1/blobs/sha512"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	: >"$1/entries"
	layout_publish "$1"
}

# ---- blobs ----

layout_blob() {
	local new hex
	new=$(mktemp "$1/new.XXXXXX")
	if [ $# -gt 1 ]; then printf '%s' "$2" >"$new"; else cat >"$new"; fi
	hex=$(sha256sum <"$new")
	hex=${hex%% *}
	mv "$new" "$1/blobs/sha256/$hex"
	echo "sha256:$hex"
}

layout_file() {
	echo "$1/blobs/${2/://}"
}

layout_size() {
	stat -c %s "$(layout_file "$1" "$2")"
}

layout_desc() {
	printf '{"mediaType":"%s","digest":"%s","size":%s%s}' "$3" "$2" "$(layout_size "$1" "$2")" \
		"${4:+,$4}"
}

# ---- manifests ----

# DIR TYPE CONFIG LAYER [MEMBERS]: stores the texts CONFIG and LAYER; prints a manifest of both.
layout_compose() {
	local config layer
	config=$(layout_blob "$1" "$3")
	layer=$(layout_blob "$1" "$4")
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]%s}' "$2" \
		"$(layout_desc "$1" "$config" "$OCI_CONFIG")" \
			"$(layout_desc "$1" "$layer" "$OCI_LAYER")" "${5:+,$5}"
}

layout_untagged() {
	layout_compose "$1" "${3:-$OCI_MANIFEST}" "{\"word\":\"$2\"}" "layer of $2" "${4:-}" \
		| layout_blob "$1"
}

layout_index() {
	local dir=$1 list='' d
	shift
	for d in "$@"; do list+="${list:+,}$(layout_desc "$dir" "$d" "$OCI_MANIFEST")"; done
	layout_blob "$dir" "{\"schemaVersion\":2,\"mediaType\":\"$OCI_INDEX\",\"manifests\":[$list]}"
}

# DIR TEXT ARCH: prints the manifest of an image for that architecture.
layout_describe() {
	local layer="layer of $2 for $3" diff_id
	diff_id=$(printf %s "$layer" | sha256sum)
	layout_compose "$1" "$OCI_MANIFEST" \
		"{\"architecture\":\"$3\",\"os\":\"linux\",\"config\":{\"Labels\":{\"text\":\"$2\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:${diff_id%% *}\"]}}" \
		"$layer"
}

# ---- tags ----

layout_entry() {
	local notes=${5:-}
	if [ -n "$2" ]; then notes="\"org.opencontainers.image.ref.name\":\"$2\"${notes:+,$notes}"; fi
	printf '%s\n' "$(layout_desc "$1" "$3" "${4:-$OCI_MANIFEST}" "\"annotations\":{$notes}")" \
		>>"$1/entries"
}

layout_index_json() {
	printf '{"schemaVersion":2,"mediaType":"%s",%s"manifests":[\n' "$OCI_INDEX" \
		"${2:+\"annotations\":{\"dev.ocimirror.generation\":\"$2\"\},}"
	sed '$!s/$/,/' "$1/entries"
	printf ']}\n'
}

layout_publish() {
	local number=${2:-} pid log
	if [ -e "$1/served" ]; then
		read -r number pid log <"$1/served"
		echo "$((number + 1)) $pid $log" >"$1/served"
	fi
	layout_index_json "$1" "$number" >"$1/index.json.new"
	mv "$1/index.json.new" "$1/index.json"
	[ -z "${pid:-}" ] || ! kill -0 "$pid" 2>/dev/null || log_has "$log" "generation $number:"
}

layout_served() {
	echo "1 $2 $3" >"$1/served"
}

# FILE PATTERN: waits until a line of the log matches.
log_has() {
	local line tail
	exec {tail}< <(exec tail -n +1 -f "$1" 3>&-)
	while read -r -t 30 -u "$tail" line; do
		if [[ $line == *$2* ]]; then
			kill $!
			exec {tail}<&-
			return 0
		fi
	done
	kill $!
	echo "# not in the log: $2" >&2
	return 1
}

# DIR REF: removes the entry of that name.
layout_forget() {
	grep -vF "\"org.opencontainers.image.ref.name\":\"$2\"" "$1/entries" >"$1/entries.new" \
		|| true
	mv "$1/entries.new" "$1/entries"
}

layout_untag() {
	layout_forget "$@"
	layout_publish "$1"
}

# DIR REF TYPE DIGEST: tags a stored manifest; prints its digest.
layout_tag() {
	layout_forget "$1" "$2"
	layout_entry "$1" "$2" "$4" "$3"
	layout_publish "$1"
	echo "$4"
}

layout_manifest() {
	layout_tag "$@" "$(layout_blob "$1")"
}

layout_image() {
	layout_describe "$1" "$3" amd64 | layout_manifest "$1" "$2" "$OCI_MANIFEST"
}

layout_child() {
	local d
	d=$(layout_describe "$1" "$2" "$3" | layout_blob "$1")
	layout_desc "$1" "$d" "$OCI_MANIFEST" \
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"$3\"}"
}

layout_multi() {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' "$OCI_INDEX" \
		"$(layout_child "$1" "$3" amd64)" "$(layout_child "$1" "$3" arm64)" |
		layout_manifest "$1" "$2" "$OCI_INDEX"
}
