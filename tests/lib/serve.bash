# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with the tests
# serve - starts mirror-serve on a port that the kernel picks, asks it, and stops it.
#
#	serve_start [OPTION...] MIRROR          then $url, $server (its pid) and $server_log (its stderr)
#	get /v2/… [CURL OPTION...]              then $code, $head and $body (files)
#	raw 'GET / HTTP/1.1\r\n…'               what comes back for these bytes, until the server closes
#	serve_stop                              SIGTERM; $stopped is its exit status
#
# Nothing here sleeps: ready is a line, and so is a reload.

bin=${BIN:-${BASH_SOURCE[0]%/*}/../../build}
head=${BATS_TEST_TMPDIR:-/tmp}/head
body=${BATS_TEST_TMPDIR:-/tmp}/body

serve_start() {
	local line pipe=$BATS_TEST_TMPDIR/ready
	server_log=$BATS_TEST_TMPDIR/server.log
	rm -f "$pipe" && mkfifo "$pipe"
	: >"$server_log"
	"$bin/mirror-serve" --listen 127.0.0.1:0 "$@" >"$pipe" 2>"$server_log" 3>&- &
	server=$!
	read -r line <"$pipe" || return 1
	url=${line#listening on }
	address=${url#http://}
	[ "$url" != "$line" ]
}

serve_stop() {
	[ -n "${server:-}" ] || return 0
	kill -TERM "$server" 2>/dev/null
	stopped=0
	wait "$server" || stopped=$?
	server=
}

# await PATTERN: a line of the server's log that matches is there, or comes.
await() {
	local line tail
	exec {tail}< <(exec tail -n +1 -f "$server_log" 3>&-)
	while read -r -t 30 -u "$tail" line; do
		if [[ $line == *$1* ]]; then
			kill $!
			exec {tail}<&-
			return 0
		fi
	done
	kill $!
	echo "# not in the log: $1"
	return 1
}

get() {
	local path=$1
	shift
	code=$(curl -s --path-as-is -D "$head" -o "$body" -w '%{http_code}' "$@" "$url$path")
	tr -d '\r' <"$head" >"$head.lines" && mv "$head.lines" "$head"
}

# has 'Name: value': the head of the last answer has this line; has_no 'Name': it has none of that name.
has() {
	grep -qxF -- "$1" "$head" || { echo "# no \"$1\" in:" && sed 's/^/# /' "$head" && return 1; }
}

has_no() {
	! grep -qi -- "^$1:" "$head" || { sed 's/^/# /' "$head" && return 1; }
}

# is CODE [ERROR-CODE]: of the last answer.
is() {
	[ "$code" = "$1" ] || { echo "# $code instead of $1: $(cat "$body")" && return 1; }
	[ -z "${2:-}" ] || grep -qF "{\"errors\":[{\"code\":\"$2\",\"message\":" "$body" ||
		{ echo "# no $2: $(cat "$body")" && return 1; }
}

# connect NAME: a connection of our own; its descriptor is in $NAME.
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
