# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests
# A mirror with public and private images, and a server with users. To be loaded behind ask.bash.
#
#   access_files           writes $users, $groups and $key: ann and bob, of team-a and team-b
#   access_mirror          makes $dir: docker.io/library/alpine:3.19 is public,
#                          docker.io/team/app:1 of team-a, quay.io/org/tool:1 of team-b
#   access_start [OPT...]  serves it to them
#   token USER:PASSWORD    prints the token that the endpoint gives; `token ''` an anonymous one
#   sign USER SECONDS      prints a token that ends then, made with $key as a server makes it

users=$BATS_TEST_TMPDIR/htpasswd
groups=$BATS_TEST_TMPDIR/groups
key=$BATS_TEST_TMPDIR/token-key

access_files() {
	# bcrypt with the least cost: this tests no strength
	htpasswd -nbBC 4 ann secret >"$users"
	htpasswd -nbBC 4 bob hunter2 >>"$users"
	printf 'team-a: ann\nteam-b: bob\n' >"$groups"
	printf '%s\n' 0123456789abcdef0123456789abcdef >"$key"
	chmod 600 "$users" "$key"
}

access_mirror() {
	layout_new "$dir"
	public=$(layout_untagged "$dir" public)
	hidden=$(layout_untagged "$dir" hidden)
	other=$(layout_untagged "$dir" other)
	hidden_layer=$(layout_blob "$dir" "layer of hidden")
	public_layer=$(layout_blob "$dir" "layer of public")
	layout_entry "$dir" docker.io/library/alpine:3.19 "$public"
	layout_entry "$dir" docker.io/team/app:1 "$hidden" "$OCI_MANIFEST" \
		'"dev.ocimirror.private":"team-a"'
	layout_entry "$dir" quay.io/org/tool:1 "$other" "$OCI_MANIFEST" \
		'"dev.ocimirror.private":"team-b"'
	layout_publish "$dir" 7
}

access_start() {
	access_files
	access_mirror
	serve_start --htpasswd "$users" --groups "$groups" "$@" "$dir"
}

token() {
	local login=()
	[ -z "$1" ] || login=(-u "$1")
	curl -sf "${login[@]}" "$url/v2/_ocimirror/token?service=mirror-serve${2-&scope=repository:x:pull}" \
		| jq -r .token
}

# base64url of stdin, without padding
base64url() {
	base64 -w 0 | tr -d = | tr +/ -_
}

# hmac KEY-IN-HEX: of stdin, in hex
hmac() {
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -d ' ' -f 1
}

sign() {
	local text secret id front
	text=$(printf %s "$(head -n 1 "$key")" | od -An -v -tx1 | tr -d ' \n')
	secret=$(printf %s 'mirror-serve token key' | hmac "$text")
	id=$(printf %s 'mirror-serve token key id' | hmac "$text")
	front="${id:0:8}.$2.$(printf %s "$1" | base64url)"
	printf '%s.%s' "$front" "$(printf %s "$front" | hmac "$secret" | tr a-f A-F | basenc --base16 -d | base64url)"
}
