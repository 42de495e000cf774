# shellcheck shell=bash
# Makes mirrors as mirror-sync would have left them after runs on given days, for the tests of
# mirror-publish. Needs layout.bash.
#
#   mirror_init DIR                    makes an empty mirror, generation 0
#   mirror_sync DIR DAY [REF TEXT]...  publishes as a sync at 08:00 of DAY (as in 2026-11-05) that
#                                      finds the images with these texts under the references
#   mirror_digest TEXT                 prints the digest of the image with that text
#   mirror_entry DIR REF               prints the entry in index.json as JSON
#   mirror_means DIR REF               prints the TEXT of an entry that mirror_sync made
#   mirror_generation DIR              prints the number of the published generation

mirror_init() {
	mkdir -p "$1/blobs/sha256" "$1/.mirror/generations"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	printf '{"schemaVersion":2,"manifests":[],"annotations":{"dev.ocimirror.generation":"0"}}' \
		>"$1/index.json"
	cp "$1/index.json" "$1/.mirror/generations/0.json"
	: >"$1/.mirror/journal.jsonl"
	mirror_texts=$1.texts
	: >"$mirror_texts"
}

mirror_digest() {
	awk -v text="$1" '$2 == text { print $1; exit }' "$mirror_texts"
}

mirror_generation() {
	jq -r '.annotations["dev.ocimirror.generation"]' "$1/index.json"
}

mirror_entry() {
	jq -c --arg ref "$2" '.manifests[] | '\
'select(.annotations["org.opencontainers.image.ref.name"] == $ref)' \
		"$1/index.json"
}

mirror_means() {
	local digest
	digest=$(mirror_entry "$1" "$2" | jq -r .digest)
	awk -v digest="$digest" '$1 == digest { print $2; exit }' "$mirror_texts"
}

# Moves one reference, and keeps its old content under a snapshot name of the day.
mirror_move() { # DIR DAY REF DIGEST SIZE GENERATION
	jq -c --arg ref "$3" --arg digest "$4" --argjson size "$5" --arg at "$2T08:00:00Z" --arg \
		day "${2//-/}" \
		--arg type "$OCI_MANIFEST" '
		def name: .annotations["org.opencontainers.image.ref.name"];
		def named($n): .annotations["org.opencontainers.image.ref.name"] = $n
			| .annotations["io.containerd.image.name"] = $n;
		(.manifests | map(select(name == $ref)) | first) as $old
		| ({mediaType: $type, digest: $digest, size: $size, annotations: {
			"dev.ocimirror.source": (($ref | sub(":[^:/]*$"; "")) + "@" + $digest),
			"dev.ocimirror.synced": $at, "dev.ocimirror.list": "base.list:1@c0ffee"}} | named($ref)) as $new
		| .manifests |= map(select(name != $ref)) + [$new]
		| if $old and $old.digest != $digest then
			.manifests += [$old | named($ref + "." + $day) | .annotations += {
				"dev.ocimirror.snapshot-of": $ref, "dev.ocimirror.snapshot-at": $at,
				"dev.ocimirror.snapshot-by": "sync"} | del(.annotations["dev.ocimirror.held"])]
		  else . end
		| .manifests |= sort_by(name)' "$1/index.json" >"$1/index.json.new"
	jq -nc --arg ref "$3" --arg new "$4" --arg time "$2T08:00:00Z" --argjson generation "$6" \
		--arg old "$(mirror_entry "$1" "$3" | jq -r .digest)" \
		'{$generation, $time, $ref, $old, $new, why: "sync", who: "Ann", list: "base.list:1", commit: "c0ffee"}
		| if .old == "" then del(.old) else . end' >>"$1/.mirror/journal.jsonl"
	mv "$1/index.json.new" "$1/index.json"
}

mirror_sync() {
	local dir=$1 day=$2 next made
	next=$(($(mirror_generation "$dir") + 1))
	shift 2
	while [ $# -gt 0 ]; do
		made=$(layout_describe "$dir" "$2" amd64 | layout_blob "$dir")
		echo "$made $2" >>"$mirror_texts"
		mirror_move "$dir" "$day" "$1" "$made" "$(layout_size "$dir" "$made")" "$next"
		shift 2
	done
	jq -c --arg next "$next" --arg at "${day}T08:00:00Z" --arg named "sprint-$next" '.annotations += {
		"dev.ocimirror.generation": $next, "dev.ocimirror.created": $at, "dev.ocimirror.made-by": "sync",
		"dev.ocimirror.label": $named, "dev.ocimirror.list-commit": "c0ffee"}' \
		"$dir/index.json" >"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	cp "$dir/index.json" "$dir/.mirror/generations/$next.json"
}
