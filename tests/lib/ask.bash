# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests
# mirror-serve, started and asked.
#
#   serve_start [OPTION...] MIRROR          the program `server` of servers.bash; then $url, $address
#   await PATTERN                           a line of its log that matches is there, or comes
#   get /v2/… [CURL OPTION...]              then $code, $head and $body (files)
#   has 'Name: value'; has_no 'Name'        the head of the last answer has this line; none of that name
#   is CODE [ERROR-CODE]                    of the last answer
#   connect NAME                            a connection of our own; its descriptor is in $NAME
#   raw 'GET / HTTP/1.1\r\n…'               what comes back for these bytes, until the server closes

# shellcheck source=tests/lib/layout.bash
source "${BASH_SOURCE[0]%/*}/layout.bash"
# shellcheck source=tests/lib/servers.bash
source "${BASH_SOURCE[0]%/*}/servers.bash"

head=$BATS_TEST_TMPDIR/head
body=$BATS_TEST_TMPDIR/body

serve_start() {
	serve server "$@" || return
	url=$server_url
	address=${url#http://}
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
	grep -qxF -- "$1" "$head" || { echo "# no \"$1\" in:" && sed 's/^/# /' "$head" && return 1; }
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

raw() {
	local socket
	connect socket
	# shellcheck disable=SC2059 # the escapes are meant
	printf "$1" >&"$socket"
	timeout 30 cat <&"$socket"
	exec {socket}<&-
}
