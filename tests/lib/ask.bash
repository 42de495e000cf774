# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests
# Starts mirror-serve and sends it requests.
#
#   serve_start [OPTION...] MIRROR     starts it as `server` of servers.bash; sets $url, $address
#   mirror_of_one DIR [GENERATION]     a mirror of docker.io/library/alpine:1; its digest in $one
#   await PATTERN                      waits until a line of its log matches
#   get /v2/… [CURL OPTION...]         sends a GET; sets $code, and $head and $body (files)
#   has 'Name: value'; has_no 'Name'   the last answer has this header line; has no such header
#   is CODE [ERROR-CODE]               the last answer has this status and error code
#   connect NAME                       opens a connection; its descriptor is in $NAME
#   ask_on DESCRIPTOR                  sends a request there; whether the answer is the right one
#   half_head NAME...                  opens connections with half a head each, which are not idle
#   rest_of_head DESCRIPTOR            sends the rest of it; the answer's first line is in $line
#   raw 'GET / HTTP/1.1\r\n…'          sends these bytes; prints the answer until the server closes

# shellcheck source=tests/lib/layout.bash
source "${BASH_SOURCE[0]%/*}/layout.bash"
# shellcheck source=tests/lib/servers.bash
source "${BASH_SOURCE[0]%/*}/servers.bash"

head=$BATS_TEST_TMPDIR/head
body=$BATS_TEST_TMPDIR/body

serve_start() {
	serve server "$@" || return
	url=$server_url
	address=${url#*://}
}

mirror_of_one() {
	layout_new "$1"
	one=$(layout_untagged "$1" one)
	layout_entry "$1" docker.io/library/alpine:1 "$one"
	layout_publish "$1" "${2:-1}"
}

await() {
	log_has "$server_err" "$1"
}

get() {
	local path=$1
	shift
	code=$(curl -s --path-as-is -D "$head" -o "$body" -w '%{http_code}' "$@" "$url$path")
	tr -d '\r' <"$head" >"$head.lines" && mv "$head.lines" "$head"
}

has() {
	grep -qxF -- "$1" "$head" || { echo "# no \"$1\" in:" && sed 's/^/# /' "$head" \
		&& return 1; }
}

has_no() {
	! grep -qi -- "^$1:" "$head" || { sed 's/^/# /' "$head" && return 1; }
}

is() {
	[ "$code" = "$1" ] || { echo "# $code instead of $1: $(cat "$body")" && return 1; }
	[ -z "${2:-}" ] || grep -qF "{\"errors\":[{\"code\":\"$2\",\"message\":" "$body" ||
		{ echo "# no $2: $(cat "$body")" && return 1; }
}

connect() {
	eval "exec {$1}<>/dev/tcp/${address%:*}/${address##*:}"
}

ask_on() {
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$1" && read -r line <&"$1" \
		&& [[ $line == "HTTP/1.1 200"* ]] || return
	while read -r line <&"$1" && [ "$line" != $'\r' ]; do :; done
	read -r line <&"$1" && [ "$line" = "{}" ]
}

# A server with one thread has read that half when it has answered another address.
half_head() {
	local name
	for name; do
		connect "$name"
		eval "printf 'GET /v2/ HTTP/1.1\r\nHo' >&\$$name"
		curl -s --interface 127.0.0.2 "$url/" >/dev/null
	done
}

rest_of_head() {
	printf 'st: m\r\n\r\n' >&"$1"
	read -r line <&"$1"
}

raw() {
	local socket
	connect socket
	# shellcheck disable=SC2059 # the escapes are meant
	printf "$1" >&"$socket"
	timeout 30 cat <&"$socket"
	exec {socket}<&-
}
