#!/usr/bin/env bats
# mirror-sync --convert: lines of a list for the files of other tools.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	unset MIRROR_DIR
	cd "$BATS_TEST_TMPDIR" || return
	# what a file's converted form is: its corpus has the name of the file in front
	for file in "$top"/tests/corpus/convert/*; do
		tail -n +2 "$file" >"$(head -n 1 "$file")"
	done
}

convert() {
	"$bin/mirror-sync" --convert "$@"
}

# becomes FILE <LINES: the lines that are no comments.
becomes() {
	diff -u - <(convert "$1" 2>err | grep -v '^#')
}

# may FILE...: the converted list passes its check.
passes() {
	mkdir -p lists
	convert "$@" >lists/base.list 2>err || [ $? -eq 2 ]
	"$bin/mirror-sync" --check --worktree --lists lists
}

@test "regsync: images, repositories by expressions, ranges, platforms, referrers" {
	cat >regsync.yml <<-'END'
		version: 1
		creds: [{registry: registry:5000, tls: disabled}]
		defaults: {interval: 60m, platform: linux/amd64}
		sync:
		  - {source: busybox:latest, target: "registry:5000/library/busybox:latest", type: image}
		  - source: alpine
		    target: registry:5000/library/alpine
		    type: repository
		    tags: {allow: ["latest", '3\.\d+'], deny: ['3\.0']}
		  - source: ghcr.io/regclient/regctl
		    target: registry:5000/regclient/regctl
		    type: repository
		    platforms: [linux/amd64, linux/arm64]
		    referrers: true
		    tags: {allow: [latest, v0.4.5]}
		  - {source: postgres, target: x, type: repository, tags: {semverRange: [">=15 <17", "^13"]}}
		  - {source: quay.io/a/b, target: x, type: repository}
	END
	becomes regsync.yml <<-'END'
		docker.io/library/busybox:latest platform=linux/amd64
		docker.io/library/alpine platform=linux/amd64 match=(?!(?:3\.0)$)(?:latest|3\.\d+)
		ghcr.io/regclient/regctl:latest platform=linux/amd64,linux/arm64 referrers=yes
		ghcr.io/regclient/regctl:v0.4.5 platform=linux/amd64,linux/arm64 referrers=yes
		docker.io/library/postgres platform=linux/amd64 semver=">=15 <17 || ^13"
		quay.io/a/b platform=linux/amd64 tags=*
	END
	run -0 convert regsync.yml
	[ "$(grep -c '"target" has no equal' <<<"$output")" -eq 1 ]
	[[ $output == *'# regsync.yml:2: "creds" has no equal: log in with "docker login"'* ]]
	[[ $output == *'# regsync.yml:3: "interval" has no equal: '* ]]
	passes regsync.yml
}

@test "what cannot become a line is named in the list, counted on stderr, and status 2" {
	cat >regsync.yml <<-'END'
		sync:
		  - {source: registry.corp:5000, target: x, type: registry}
		  - {source: "alpine:{{ .Env }}", target: x, type: image}
		  - {target: x, type: image}
		  - {source: alpine, type: repository, tags: {allow: ["(3"]}}
		  - {source: alpine, type: repository, tags: {allow: ["3\nevil.example/image:1"]}}
		  - {source: alpine, type: image, hooks: {}}
	END
	run --separate-stderr -2 convert regsync.yml
	[ "$stderr" = "mirror-sync: 5 of the images could not become a line; the comments in the list \
say why" ]
	[[ $output == *'# regsync.yml:2: registry.corp:5000: type "registry" has no equal'* ]]
	[[ $output == *'# regsync.yml:3: "alpine:{{ .Env }}" has a variable'* ]]
	[[ $output == *'# regsync.yml:7: "hooks" has no equal'* ]]
	[ "$(grep -v '^#' <<<"$output")" = docker.io/library/alpine:latest ]
}

@test "regsync, skopeo: a choice of tags that is no list chooses not all of them" {
	cat >regsync.yml <<-'END'
		x: &defaults {platform: linux/amd64}
		sync:
		  - {<<: *defaults, source: redis, type: repository, tags: {allow: "7"}}
		  - {<<: *defaults, source: redis, type: repository, tags: ["7"]}
		  - {<<: *defaults, source: redis, type: repository, tags: {allow: ["8"], deny: }}
	END
	becomes regsync.yml <<<'docker.io/library/redis:8 platform=linux/amd64'
	run --separate-stderr -2 convert regsync.yml
	[ "$output" = '# regsync.yml:3: redis: "tags" has lists: allow, deny, semverRange
# regsync.yml:4: redis: "tags" has lists: allow, deny, semverRange
docker.io/library/redis:8 platform=linux/amd64' ]
	printf 'quay.io:\n  images:\n    a/b: "1.0"\n    c/d: {1: 2}\n    e/f:\n' >skopeo.yaml
	run --separate-stderr -2 convert skopeo.yaml
	[ "$output" = '# skopeo.yaml:3: "a/b": its tags are a list
# skopeo.yaml:4: "c/d": its tags are a list
quay.io/e/f tags=*' ]
}

@test "skopeo sync: tags, digests, all tags, expressions and ranges" {
	becomes skopeo.yaml <<-'END'
		registry.example.com/busybox tags=*
		registry.example.com/redis:1.0
		registry.example.com/redis:2.0
		registry.example.com/redis@sha256:0000000000000000000000000000000011111111111111111111111111111111
		registry.example.com/nginx match=1\.13\.[12]-alpine-perl
		registry.example.com/httpd match=.*(?:alpine).*
		registry.example.com/alpine semver=">= 3.12  < 4.0"
		quay.io/coreos/etcd:latest
	END
	run -0 convert skopeo.yaml
	[[ $output != *"this is a secret"* ]]
	[[ $output == *'"credentials" of registry.example.com has no equal: log in with'* ]]
	[[ $output == *'"tls-verify" of quay.io has no equal'* ]]
	passes skopeo.yaml
}

@test "a Dockerfile: FROM, COPY --from=, RUN --mount, the syntax line, and its variables" {
	becomes Dockerfile <<-'END'
		docker.io/docker/dockerfile:1.7
		docker.io/library/golang:1.23-bookworm
		quay.io/x/y:1
		ghcr.io/org/tool:2
		docker.io/library/debian:12-slim platform=linux/arm64
	END
	run --separate-stderr -2 convert Dockerfile
	[[ $output == *"# Dockerfile:14: \"\$UNKNOWN/x\" has a variable: write what it stands for"* ]]
	passes Dockerfile
}

@test "a Dockerfile: a here-document is no instruction" {
	cat >Dockerfile.here <<-'END'
		FROM alpine:3
		RUN cat <<A <<-"B" >x && \
		    true
		FROM no.example/in-a:1
		A
		FROM no.example/in-b:1
			B
		COPY --from=quay.io/x/y:1 <<'E' /x
		FROM no.example/in-e:1
		E
		ONBUILD RUN <<E
		FROM no.example/in-trigger:1
		E
		FROM debian:12
	END
	becomes Dockerfile.here <<-'END'
		docker.io/library/alpine:3
		quay.io/x/y:1
		docker.io/library/debian:12
	END
	printf 'FROM alpine:3\nRUN <<E\nFROM debian:12\n' >Dockerfile.open
	run --separate-stderr -2 convert Dockerfile.open
	[ "${lines[1]}" = '# Dockerfile.open:2: "<<E" has no end: nothing behind it was read for images' ]
	[ "${#lines[@]}" -eq 2 ]
}

@test "a Dockerfile: what a variable stands for, or that it has one" {
	cat >Dockerfile.vars <<-'END'
		# syntax=docker/dockerfile:1.9
		# escape=`
		ARG V=3.19.1 EMPTY= REG="quay.io"
		ARG CUT=${V%.*}
		FROM alpine:${V}-a
		FROM `
		  ${REG}/a/b:${UNSET:-${V}}${V:+-plus}${EMPTY:+-no}
		FROM "alpine:5"
		FROM ${V%.*}x
		FROM alpine:${V#3.}
		FROM alpine:${V/3/4}
		FROM alpine:$CUT
		FROM alpine:`$V
		FROM 'alpine:$V'
		FROM alpine:${TARGETARCH:-amd64}
		FROM $EMPTY
		FROM --platform=linux/$CUT alpine:6
	END
	becomes Dockerfile.vars <<-'END'
		docker.io/docker/dockerfile:1.9
		docker.io/library/alpine:3.19.1-a
		quay.io/a/b:3.19.1-plus
		docker.io/library/alpine:5
		docker.io/library/alpine:6
	END
	run --separate-stderr -2 convert Dockerfile.vars
	[ "$(grep -c 'has a variable: write what it stands for' <<<"$output")" -eq 7 ]
	# shellcheck disable=SC2016  # the file's variables
	[[ $output == *'# Dockerfile.vars:9: "${V%.*}x" has a variable: write what it stands for'* ]]
	# shellcheck disable=SC2016  # the file's variables
	[[ $output == *'# Dockerfile.vars:16: "$EMPTY" is empty: write the image'* ]]
	# shellcheck disable=SC2016  # the file's variables
	[[ $output == *'Dockerfile.vars:17: the platform "linux/$CUT" has a variable: left out'* ]]
	[[ $stderr == *": 8 of the images could not become a line;"* ]]
}

@test "a Dockerfile: what ONBUILD names" {
	cat >Dockerfile.trigger <<-'END'
		ONBUILD COPY --from=redis:6 /x /y
		ONBUILD RUN --mount="type=bind,source=a b,from=quay.io/x/y:2" true
		ONBUILD ARG V=1
		ONBUILD FROM debian:12 AS tool
		ONBUILD COPY --from=builder /x /y
		FROM alpine:${V:-3} AS build
		ONBUILD COPY --from=build /x /y
	END
	becomes Dockerfile.trigger <<-'END'
		docker.io/library/redis:6
		quay.io/x/y:2
		docker.io/library/debian:12
		docker.io/library/alpine:3
	END
	run --separate-stderr -2 convert Dockerfile.trigger
	[[ $output == *'# Dockerfile.trigger:5: "builder" is a stage of the build that uses '* ]]
	[[ $stderr == *": 1 of the images could not become a line;"* ]]
}

@test "Kubernetes objects, compose files, values of charts, and text" {
	becomes pod.yaml <<-'END'
		docker.io/library/busybox:1.36
		docker.io/library/nginx:1.27
		ghcr.io/o/t@sha256:0000000000000000000000000000000011111111111111111111111111111111
	END
	becomes values.yaml <<<"docker.io/bitnami/redis:7.4.1-debian-12-r0"
	printf 'services:\n  db:\n    image: postgres:17\n' >compose.yml
	becomes compose.yml <<<"docker.io/library/postgres:17"
	printf '# ours\r\nalpine:3.20\r\ndocker://quay.io/a/b:1  # why\nnginx\n' >images.txt
	becomes images.txt <<-'END'
		docker.io/library/alpine:3.20
		quay.io/a/b:1
		docker.io/library/nginx:latest
	END
	cat >addresses.txt <<-'END'
		https://hub.docker.com/_/nginx
		quay.io/repository/x/y
		https://ghcr.io/org/app:1
		https://hub.docker.com/u/grafana
		docker://alpine:3
	END
	run --separate-stderr -2 convert addresses.txt
	diff -u - <(sed -e 's/^# addresses.txt:\([0-9]*\): "[^"]*": /\1 /' \
		-e "s/\(not an image's\): .*/\1/" <<<"$output") <<-'END'
		1 a reference has no "https://": write "docker.io/library/nginx"
		2 the address of a web page: write "quay.io/x/y"
		3 a reference has no "https://": write "ghcr.io/org/app:1"
		4 the address of a web page that is not an image's
		docker.io/library/alpine:3
	END
	odd=$(printf 'c/d\xc2\xa0:1')
	printf '\xef\xbb\xbfalpine:3\n  - image: "redis:8",\nFROM a/b:1 AS x\n-\n%s\n' "$odd" >copied.txt
	run --separate-stderr -2 convert copied.txt
	diff -u - <(sed 's/ is not a repository name .*/ is no name/' <<<"$output") <<-END
		docker.io/library/alpine:3
		docker.io/library/redis:8
		# copied.txt:3: left out: AS x
		docker.io/a/b:1
		# copied.txt:4: "-": "-" is no name
		# copied.txt:5: "$odd": the character U+00A0, a no-break space, has no place in it
	END
	passes pod.yaml values.yaml compose.yml images.txt
	# each image once
	[ "$(convert compose.yml compose.yml | wc -l)" -eq 1 ]
}

@test "Kubernetes: every kind of container, lists, several documents, definitions of resources" {
	cat >objects.yaml <<-'END'
		apiVersion: batch/v1
		kind: CronJob
		spec:
		  jobTemplate:
		    spec:
		      template:
		        spec:
		          initContainers: [{name: i, image: "init:1"}]
		          containers: [{name: c, image: "main:1"}]
		          ephemeralContainers: [{name: e, image: "debug:1"}]
		          volumes: [{name: v, image: {reference: "quay.io/vol/ume:1"}}]
		---
		kind: List
		items: [{kind: Pod, spec: {containers: [{image: "list:1"}]}}]
		---
		---
		kind: CustomResourceDefinition
		properties: {image: {type: string, properties: {repository: {type: string}}}}
		---
		kind: Prometheus
		spec: {image: "quay.io/prometheus/prometheus:v2"}
	END
	becomes objects.yaml <<-'END'
		docker.io/library/init:1
		docker.io/library/main:1
		docker.io/library/debug:1
		quay.io/vol/ume:1
		docker.io/library/list:1
		quay.io/prometheus/prometheus:v2
	END
	run --separate-stderr -0 convert objects.yaml
	[ "${#lines[@]}" -eq 6 ]
}

@test "values of charts: anchors, merge keys, null, false, and the names of other tools" {
	cat >merged.yaml <<-'END'
		default: &default {registry: quay.io, repository: base/x, tag: "1"}
		a: {image: *default}
		b: {image: {<<: *default, tag: "2"}}
		c: {image: {<<: [*default], repository: y, registry: null, digest: ~}}
		d: {image: null}
		e: {image: ~, x: {image: ""}, y: {image: false}}
		f: {image: &image "postgres:17"}
		g: {image: *image}
		h: {image: {name: "ruby:3", entrypoint: [""]}}
		i: &i {image: "self:1", i: *i}
		j: {image: {<<: &m {<<: *m}}}
		k: {image: {name: ruby}}
	END
	becomes merged.yaml <<-'END'
		quay.io/base/x:1
		quay.io/base/x:2
		docker.io/library/y:1
		docker.io/library/postgres:17
		docker.io/library/ruby:3
		docker.io/library/self:1
	END
	run --separate-stderr -2 convert merged.yaml
	[ "${#lines[@]}" -eq 7 ]
	[ "${lines[6]}" = \
		'# merged.yaml:12: "ruby" has no tag here: charts take their own version then' ]
}

@test "YAML that would take minutes or gigabytes is refused at once, by its line" {
	yes -- '[' | head -n 100000 | tr -d '\n' >deep.yaml
	yes -- '- ' | head -n 30000 | tr -d '\n' >blocks.yaml
	yes -- 'a: &a x' | head -n 10001 >anchors.yaml
	yes -- '%TAG !a! x' | head -n 10001 >tags.yaml
	yes -- '---' | head -n 1001 >documents.yaml
	yes -- '- ' | head -n 1000001 >nodes.yaml
	for row in "deep|line 1: lists and mappings within each other, deeper than 64" \
		"blocks|line 1: lists and mappings within each other, deeper than 64" \
		"anchors|line 10001: more than 10000 anchors and aliases" \
		"tags|line 10001: more than 10000 anchors and aliases" \
		"documents|more than 1000 documents" \
		"nodes|line *: more than 1000000 words of YAML"; do
		run --separate-stderr -1 timeout 60 "$bin/mirror-sync" --convert "${row%%|*}.yaml"
		[ "$output" = "" ]
		# shellcheck disable=SC2053  # a pattern
		[[ $stderr == "mirror-sync: ${row%%|*}.yaml: "${row#*|}* ]] || { echo "$stderr" && false; }
	done
	# 9 to the power of 60 nodes, if aliases were copies
	{
		echo 'a0: &a0 {image: "x:1"}'
		for i in $(seq 60); do
			b="*a$((i - 1))"
			echo "a$i: &a$i [$b, $b, $b, $b, $b, $b, $b, $b, $b]"
			echo "m$i: &m$i {<<: [$b, $b, $b, $b, $b, $b, $b, $b, $b]}"
		done
		echo 'z: {image: {<<: *m60}}'
	} >bomb.yaml
	[ "$(timeout 60 "$bin/mirror-sync" --convert bomb.yaml)" = docker.io/library/x:1 ]
}

@test "a file that cannot be read, or has no image: nothing is printed, status 1" {
	echo 'a: [' >broken.yaml
	echo 'a: 1' >other.yaml
	for row in "broken.yaml|broken.yaml: line * is no YAML" "other.yaml|other.yaml: no image found" \
		"none.txt|*No such file"; do
		run --separate-stderr -1 convert pod.yaml "${row%%|*}"
		[ "$output" = "" ]
		# shellcheck disable=SC2053  # a pattern
		[[ $stderr == "mirror-sync: "${row#*|}* ]]
	done
	run --separate-stderr -1 convert
	[[ $stderr == *"--convert needs a FILE"* ]]
	run --separate-stderr -1 convert --check pod.yaml
	[[ $stderr == *"--convert and --check do not go together"* ]]
}
