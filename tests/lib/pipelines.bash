# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests
# shellcheck disable=SC2016  # texts of workflows
# Takes the jobs of ci/pipelines apart, and runs their scripts as the CI systems do: in a checkout
# made as theirs, with the job's variables, in the shell that they use. Needs sync.bash and yq.
#
#   git_host               makes host.git, where the lists of world() are pushed to
#   push BRANCH            pushes the commit of the lists' checkout as that branch
#   pull_request N         makes refs/pull/N/head and refs/pull/N/merge there, as GitHub does: of
#                          the lists' checkout into main
#   checkout_github REF    makes the directory work as actions/checkout does with fetch-depth 0
#   checkout_gitlab        the same as GitLab's runner: detached, with no branch but its pipeline's
#   checkout_jenkins N     the same as a multibranch pipeline: the request merged into main by it
#   github JOB N           runs the Nth step with run: of the job in work; said[EXPRESSION] has what
#                          the expressions of its env: are, and github_file the workflow
#   gitlab JOB             runs before_script and script of the job
#   jenkins STAGE          runs the sh of the stage of jenkins_file
#
# in_root: words in front of a script's shell (none), for another root directory; archive: where the
# programs are fetched from, in place of TOOLS.

pipelines=$(cd "${BASH_SOURCE[0]%/*}/../../ci/pipelines" && pwd)
github_file=github/mirror.yml
gitlab_file=gitlab/mirror.gitlab-ci.yml
jenkins_file=jenkins/Jenkinsfile
host=$BATS_TEST_TMPDIR/host.git
work=$BATS_TEST_TMPDIR/work
in_root=()
archive=https://releases.example/mirror.tar.gz
declare -gA said=()

git_host() {
	command -v yq >/dev/null || skip "yq is not installed"
	git init -q --bare -b main "$host"
	git -C team remote add origin "$host"
	push main
}

push() {
	git -C team push -q -f origin "HEAD:refs/heads/$1"
}

pull_request() {
	local merge
	git -C team push -q -f origin "HEAD:refs/pull/$1/head"
	merge=$(git -C team merge-tree --write-tree origin/main HEAD)
	merge=$(git -C team commit-tree -p origin/main -p HEAD -m "Merge $1" "$merge")
	git -C team push -q -f origin "$merge:refs/pull/$1/merge"
}

fresh_work() {
	rm -rf "$work"
	git init -q "$work"
	git -C "$work" remote add origin "$host"
}

checkout_github() {
	local name=refs/remotes/${1#refs/}
	fresh_work
	git -C "$work" fetch -q --no-tags --prune origin '+refs/heads/*:refs/remotes/origin/*' \
		'+refs/tags/*:refs/tags/*' "+$1:$name"
	case $1 in
	refs/heads/*) git -C "$work" checkout -q --force -B main refs/remotes/origin/main ;;
	*) git -C "$work" checkout -q --force --detach "$name" ;;
	esac
}

checkout_gitlab() {
	git -C team push -q -f origin HEAD:refs/pipelines/7
	fresh_work
	git -C "$work" fetch -q --prune origin +refs/pipelines/7:refs/pipelines/7
	git -C "$work" checkout -q -f --detach refs/pipelines/7
}

checkout_jenkins() {
	fresh_work
	git -C "$work" fetch -q --no-tags --force origin "+refs/pull/$1/head:refs/remotes/origin/PR-$1" \
		+refs/heads/main:refs/remotes/origin/main
	git -C "$work" checkout -q -f --detach refs/remotes/origin/main
	git -C "$work" -c user.name=Jenkins -c user.email=nobody@nowhere \
		merge -q --no-edit "refs/remotes/origin/PR-$1"
}

# environment_of JSON: the variables of env: as words NAME=VALUE, an expression replaced.
environment_of() {
	local name value
	variables=()
	while IFS=$'\t' read -r name value; do
		# shellcheck disable=SC2016 # an expression of the CI system, not of the shell
		case $value in
		'${{ '*' }}')
			value=${value#'${{ '}
			[ -v "said[${value%' }}'}]" ] ||
				{ echo "no value for $value" >&2 && return 1; }
			value=${said[${value%' }}'}]}
			;;
		esac
		case $name in
		MIRROR_DIR) value=$mirror ;;
		TOOLS) value=$archive ;;
		esac
		variables+=("$name=$value")
	done < <(jq -r '(. // {}) | to_entries[] | "\(.key)\t\(.value)"' <<<"$1")
}

# run_script SHELL...: runs the script on stdin there, with the variables, from a file as the CI
# systems do: another user could not open this pipe.
run_script() {
	cat >"$BATS_TEST_TMPDIR/script.sh"
	"${in_root[@]}" env -C "$work" "${variables[@]}" "$@" "$BATS_TEST_TMPDIR/script.sh"
}

github() {
	local file=$pipelines/$github_file step
	step=$(yq -c "{env: ((.env // {}) + (.jobs.$1.env // {}))} as \$all |
		[.jobs.$1.steps[] | select(.run)][$2] | {run, env: (\$all.env + (.env // {}))}" "$file")
	environment_of "$(jq -c .env <<<"$step")" || return
	jq -r .run <<<"$step" | run_script bash -e
}

# A variable is a word, or a map with the value; a job extends another.
gitlab() {
	local file=$pipelines/$gitlab_file
	environment_of "$(yq -c '.variables | map_values(if type == "object" then .value else . end)' \
		"$file")" || return
	variables+=("${said_gitlab[@]}")
	yq -r ".$1 | [(.before_script // [])[], .script[]] | flatten | .[]" "$file" |
		run_script bash -e -o pipefail
}

jenkins() {
	variables=("MIRROR_DIR=$mirror" "${said_jenkins[@]}")
	awk -v stage="stage('$1')" -v quotes="'''" '
		index($0, stage) { here = 1 }
		here && !on && match($0, /sh \047[^\047].*\047$/) {
			print substr($0, RSTART + 4, RLENGTH - 5); exit }
		here && index($0, "sh " quotes) { on = 1; next }
		on && index($0, quotes) { exit }
		on' "$pipelines/$jenkins_file" | run_script sh -xe
}
