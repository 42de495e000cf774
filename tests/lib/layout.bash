# OCI image layouts made on the spot, with printf and sha256sum: what tests serve as an upstream, or start a
# mirror from.
#
#   layout_init DIR
#   layout_image DIR REF TEXT             a one-layer image of that content; prints its digest
#   layout_multi DIR REF TEXT             an index of linux/amd64 and linux/arm64; prints its digest
#   layout_manifest DIR REF TYPE          any manifest from stdin; prints its digest
#   layout_untag DIR REF
#
# The same TEXT gives the same digests, so moving a tag and moving it back is easy to write. Entries are kept one a
# line in DIR/.entries, and index.json is replaced by rename after each change.

OCI_MANIFEST=application/vnd.oci.image.manifest.v1+json
OCI_INDEX=application/vnd.oci.image.index.v1+json
DOCKER_MANIFEST=application/vnd.docker.distribution.manifest.v2+json

layout_init() {
	mkdir -p "$1/blobs/sha256" "$1/blobs/sha512"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	: >"$1/.entries"
	layout_write_index "$1"
}

# stdin becomes a blob; prints "digest size".
layout_blob() {
	local tmp hex
	tmp=$(mktemp "$1/blobs/tmp.XXXXXX")
	cat >"$tmp"
	hex=$(sha256sum <"$tmp" | cut -d ' ' -f 1)
	echo "sha256:$hex $(stat -c %s "$tmp")"
	mv "$tmp" "$1/blobs/sha256/$hex"
}

layout_write_index() {
	{
		printf '{"schemaVersion":2,"mediaType":"%s","manifests":[' "$OCI_INDEX"
		cut -f 2 "$1/.entries" | paste -sd , -
		printf ']}'
	} >"$1/index.json.new"
	mv "$1/index.json.new" "$1/index.json"
}

# layout_tag DIR REF TYPE DIGEST SIZE
layout_tag() {
	layout_untag "$1" "$2" keep
	printf '%s\t{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}\n' \
		"$2" "$3" "$4" "$5" "$2" >>"$1/.entries"
	layout_write_index "$1"
}

layout_untag() {
	awk -F '\t' -v ref="$2" '$1 != ref' "$1/.entries" >"$1/.entries.new"
	mv "$1/.entries.new" "$1/.entries"
	[ -n "${3:-}" ] || layout_write_index "$1"
}

layout_manifest() {
	local made
	made=$(layout_blob "$1")
	layout_tag "$1" "$2" "$3" "${made% *}" "${made#* }"
	echo "${made% *}"
}

# The manifest of a one-layer image, on stdout: layout_describe DIR TEXT ARCH
layout_describe() {
	local layer config
	layer=$(printf 'layer of %s for %s' "$2" "$3" | layout_blob "$1")
	config=$(printf '{"architecture":"%s","os":"linux","config":{"Labels":{"text":"%s"}},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
		"$3" "$2" "${layer% *}" | layout_blob "$1")
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%s}]}' \
		"$OCI_MANIFEST" "${config% *}" "${config#* }" "${layer% *}" "${layer#* }"
}

layout_image() {
	layout_describe "$1" "$3" amd64 | layout_manifest "$1" "$2" "$OCI_MANIFEST"
}

layout_child() {
	local made
	made=$(layout_describe "$1" "$2" "$3" | layout_blob "$1")
	printf '{"mediaType":"%s","digest":"%s","size":%s,"platform":{"os":"linux","architecture":"%s"}}' \
		"$OCI_MANIFEST" "${made% *}" "${made#* }" "$3"
}

layout_multi() {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' "$OCI_INDEX" \
		"$(layout_child "$1" "$3" amd64)" "$(layout_child "$1" "$3" arm64)" |
		layout_manifest "$1" "$2" "$OCI_INDEX"
}
