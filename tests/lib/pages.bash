# shellcheck shell=bash
# Commands that stand in a page of the documents, for tests that run them.
#
#   block FILE HEADING N   prints the Nth block of commands behind the heading

block() {
	awk -v heading="$2" -v n="$3" '
		/^## / { here = $0 == "## " heading }
		here && /^```sh$/ { i++; on = 1; next }
		/^```$/ { on = 0 }
		on && i == n' "$1"
}
