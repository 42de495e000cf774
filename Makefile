# One page: three programs, one library, their tests. `make help` says what there is.

VERSION  = 0.1.0
PREFIX   = /usr/local
DESTDIR  =
BUILD    = build
CC       = gcc
CFLAGS   = -O2 -g
LDFLAGS  =
JOBS    := $(shell nproc)
TIME     = 60

progs    = sync publish serve
WARNINGS = -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla \
           -Wpointer-arith -Wwrite-strings -Wundef -Werror=switch -Werror=switch-enum
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DMIRROR_VERSION='"$(VERSION)"' -I. $(WARNINGS) $(HARDEN) $(CFLAGS) \
           $(if $(CI),-Werror)
LINK     = $(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -Wl,--as-needed -Wl,-z,relro,-z,now -o $@ \
           $(filter %.o,$^) $(filter-out $(lib),$(filter %.a,$^)) $(lib)
# mirror-serve links neither libcurl nor libgit2: what it is made of must not need them
LIBS     = -ljansson -lcrypto -lpcre2-8
LIBS_sync = -lcurl -lgit2 -lyaml
LIBS_publish = -lcurl -larchive
LIBS_serve = -lssl -lcrypt -lseccomp
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE

obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
lib      = $(BUILD)/liboci.a
rooms    = $(progs:%=$(BUILD)/lib%.a)
units    = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.t,$(wildcard tests/unit/*.c))
fuzzers  = $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
replays  = $(fuzzers:%=$(BUILD)/tests/fuzz/%.t)
tools    = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c)) $(BUILD)/tests/model/model
preloads = $(patsubst tests/preload/%.c,$(BUILD)/tests/preload/%.so,$(wildcard tests/preload/*.c))
sources  = $(wildcard $(addsuffix /*.c,oci/* $(progs) tests/unit tests/fuzz tests/tools tests/preload tests/model))
headers  = $(wildcard $(addsuffix /*.h,oci/* $(progs) tests tests/unit tests/fuzz tests/tools tests/model))
scripts  = $(shell git ls-files -z -- ci deploy tests .ci | xargs -0 grep -lE '^\#!.*\b(sh|bash|bats)$$')

all: $(progs:%=$(BUILD)/mirror-%) ## the three programs, in build/

define room
$(BUILD)/mirror-$(1): $(BUILD)/$(1)/main.o $(BUILD)/lib$(1).a $(lib)
	@echo "  LINK $$@"
	@$$(LINK) $$(LIBS_$(1)) $$(LIBS)
$(BUILD)/lib$(1).a: $(call obj,$(filter-out $(1)/main.c,$(wildcard $(1)/*.c)))
# a room's own modules under test
$(filter $(BUILD)/tests/unit/$(1)_%,$(units)): $(BUILD)/lib$(1).a
endef
$(foreach p,$(progs),$(eval $(call room,$(p))))
$(lib): $(call obj,$(wildcard oci/*/*.c))

$(BUILD)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
# rewritten, and so everything rebuilt, when the compiler or its flags are others than last time
$(BUILD)/flags: always
	@$(shell mkdir -p $(@D))$(file >$@.new,$(CC) $(ALL_CFLAGS) $(LDFLAGS)) cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/tests/unit/%.t: $(BUILD)/tests/unit/%.o $(lib)
	@$(LINK) $(LIBS_sync) $(LIBS_publish) $(LIBS_serve) $(LIBS)
$(BUILD)/tests/fuzz/%.t: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(rooms) $(lib)
	@$(LINK) $(LIBS_sync) $(LIBS_serve) $(LIBS)
$(BUILD)/tests/fuzz/%.fuzz: $(BUILD)/tests/fuzz/%.o $(rooms) $(lib)
	@$(LINK) -fsanitize=fuzzer $(LIBS_sync) $(LIBS_serve) $(LIBS)
$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(lib)
	@$(LINK) $(LIBS_sync) $(LIBS)
$(BUILD)/tests/model/model: $(call obj,$(wildcard tests/model/*.c)) $(lib)
	@$(LINK) $(LIBS)

# what tests put in front of the C library; it has no sanitizer of its own
$(BUILD)/tests/preload/%.so: tests/preload/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(CC) -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -fPIC -shared -o $@ $<

tests: all $(units) $(replays) $(tools) $(preloads) ## everything that the tests run, without running them

# The environment of whoever calls (proxies, credentials, git settings) stays outside.
test_env := env -i PATH="$$PATH" HOME="$$HOME" USER="$${USER:-root}" TERM=dumb LANG=C.UTF-8 TMPDIR="$${TMPDIR:-/tmp}" \
	GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

# A crash under a sanitizer exits with 99: no status of ours, and never taken for one. Tests wait for programs much of the
# time, so one more than cores runs at once; the longest begin first.
check: ## all tests under ASan and UBSan; T='tests/cli/20-*.bats' runs only those
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/asan CFLAGS='-O1 -g $(SANITIZE)' tests
	@! find tests -name '*.bats' ! -perm -u+x | grep . || { echo "these are not executable" >&2; false; }
	@$(test_env) BIN=$(CURDIR)/build/asan ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1 LSAN_OPTIONS=exitcode=99 \
		UBSAN_OPTIONS=exitcode=99:print_stacktrace=1 prove -e '' -f -o -j$$(($(JOBS) + 1)) $(or $(T),tests/exchanges/play \
		tests/model/run $(wildcard tests/interop/*.bats tests/cli/*.bats) $(patsubst $(BUILD)/%,build/asan/%,$(units) $(replays)))

check-plain: tests ## the tests of what a sanitizer hides
	@$(test_env) BIN=$(CURDIR)/$(BUILD) prove -e '' -f -o $(wildcard tests/plain/*.bats)

lint: ## the rules of STYLE.md, as far as a machine can keep them; ALL=1: clang's analyzer for tests, too
	@$(MAKE) -s --no-print-directory -k -j$(JOBS) -Otarget lint-includes lint-size lint-format lint-shell \
		lint-cppcheck lint-pipelines $(sources:%.c=build/lint/%.o)
	@echo "lint: clean"
lint-includes:
	@ci/check-includes $(headers) $(sources)
lint-size:
	@ci/check-size $(sources) $(headers) $(scripts) $(wildcard tests/*/*.bash)
lint-format:
	@clang-format --dry-run -Werror $(headers) $(sources)
lint-shell:
	@shellcheck -x -S info $(filter-out %.bats,$(scripts)) $(wildcard tests/*/*.bash)
	@shellcheck -x -S info -e SC2154,SC2119,SC2120 $(filter %.bats,$(scripts)) # bats sets variables and calls functions
lint-cppcheck:
	@mkdir -p build/lint/cppcheck
	@cppcheck -q --cppcheck-build-dir=build/lint/cppcheck --error-exitcode=1 --inline-suppr --std=c11 -I. \
		--enable=warning,performance,portability --suppress=arrayIndexThenCheck \
		'-Djson_object_foreach(o,k,v)=while (next(o, &k, &v))' -D_GNU_SOURCE -DMIRROR_VERSION='"0"' $(sources)
lint-pipelines:
	@CI=$(CI) ci/check-pipelines build/lint
# gcc's analyzer (but its search for uninitialised values, which scoped structs confuse; clang's does not mind) and
# clang-tidy: per file, and only when it or a header of its changed. Tests are passed over by clang's analyzer, which
# takes two minutes for them, unless ALL is set.
build/lint/%.o: %.c .clang-tidy Makefile
	@mkdir -p $(@D)
	@gcc $(ALL_CFLAGS) -Werror -fanalyzer -Wno-analyzer-use-of-uninitialized-value -MMD -MP -c -o $@.tmp -MF $(@:.o=.d) -MT $@ $<
	@clang-tidy --quiet --warnings-as-errors='*' $(if $(ALL),,$(if $(filter tests/%,$<),--checks=-clang-analyzer-*)) \
		$< -- $(ALL_CFLAGS) 2>$@.log || { cat $@.log; rm $@.tmp; false; }
	@mv $@.tmp $@

fuzz: ## make fuzz MODULE=ref TIME=60: libFuzzer; what it finds goes into tests/corpus/ref/
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/fuzz CC=clang \
		CFLAGS='-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link' build/fuzz/tests/fuzz/$(MODULE).fuzz
	@mkdir -p build/fuzz/corpus/$(MODULE) tests/corpus/$(MODULE)
	build/fuzz/tests/fuzz/$(MODULE).fuzz -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=tests/corpus/$(MODULE)/ build/fuzz/corpus/$(MODULE) tests/corpus/$(MODULE)

MAN        = share/man/man1
COMPLETION = share/bash-completion/completions
PIPELINES  = share/mirror/pipelines
VERBS      = $(BUILD)/mirror-publish --help | sed -n '/^Verbs:/,/^$$/s/^  \([a-z]*\) .*/\1/p'
install: all ## PREFIX=/usr/local DESTDIR=: programs, man pages, completion for bash, pipelines
	@install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin $(MAN) $(COMPLETION) $(PIPELINES))
	@cp -R ci/pipelines/. $(DESTDIR)$(PREFIX)/$(PIPELINES)
	@chmod -R u=rwX,go=rX $(DESTDIR)$(PREFIX)/$(PIPELINES)
	@set -e; for p in $(progs:%=mirror-%); do \
		install $(BUILD)/$$p $(DESTDIR)$(PREFIX)/bin/$$p; \
		$(BUILD)/$$p --man >$(BUILD)/$$p.1; $(BUILD)/$$p --completion >$(BUILD)/$$p.completion; \
		install -m 644 $(BUILD)/$$p.1 $(DESTDIR)$(PREFIX)/$(MAN)/$$p.1; \
		install -m 644 $(BUILD)/$$p.completion $(DESTDIR)$(PREFIX)/$(COMPLETION)/$$p; done; \
	for v in $$($(VERBS)); do \
		$(BUILD)/mirror-publish $$v --man >$(BUILD)/$$v.1; \
		install -m 644 $(BUILD)/$$v.1 $(DESTDIR)$(PREFIX)/$(MAN)/mirror-publish-$$v.1; done
uninstall: ## PREFIX= DESTDIR=: removes what install put there
	@rm -f $(foreach p,$(progs:%=mirror-%),$(addprefix $(DESTDIR)$(PREFIX)/,bin/$(p) $(MAN)/$(p).1 $(COMPLETION)/$(p)))
	@rm -f $(DESTDIR)$(PREFIX)/$(MAN)/mirror-publish-*.1
	@rm -rf $(DESTDIR)$(PREFIX)/$(PIPELINES)

# What the programs need at run time, as Debian 12 names it.
PACKAGES = libarchive13 libcurl4 libjansson4 libgit2-1.5 libpcre2-8-0 libcrypt1 libseccomp2 libssl3 libyaml-0-2 ca-certificates git
ARCHIVE  = mirror-$(VERSION)-$(shell uname -m).tar.gz
dist: all ## build/mirror-VERSION-MACHINE.tar.gz: what install makes, to be unpacked in /usr/local
	@rm -rf $(BUILD)/dist
	@$(MAKE) -s --no-print-directory install PREFIX= DESTDIR=$(BUILD)/dist
	@printf '%s\n' $(PACKAGES) >$(BUILD)/dist/share/mirror/packages
	@chmod 644 $(BUILD)/dist/share/mirror/packages
	@tar -C $(BUILD)/dist --sort=name --owner=0 --group=0 --numeric-owner --mtime='@$(shell git log -1 --format=%ct)' \
		-czf $(BUILD)/$(ARCHIVE) bin share
	@echo "  DIST $(BUILD)/$(ARCHIVE)"

deb: all ## build/ocimirror_VERSION_ARCH.deb: a Debian package, with systemd units (docs/deploying.md)
	@deploy/debian/make-deb $(BUILD) $(VERSION)

BASE       = docker.io/library/debian:12-slim
BUILDAH    = buildah
BUILDFLAGS =
image-context: deb
	@install -D -m 644 $(BUILD)/ocimirror_$(VERSION)_$(shell dpkg --print-architecture).deb $(BUILD)/image/ocimirror.deb
image: image-context ## a container image ocimirror:VERSION, by buildah from deploy/Containerfile; BASE=IMAGE
	@$(BUILDAH) bud -q $(BUILDFLAGS) --build-arg BASE=$(BASE) -f deploy/Containerfile -t ocimirror:$(VERSION) $(BUILD)/image

check-deploy: tests ## the checks of deploy/ that fetch packages: ci/deps deploy installs what they need
	@ci/deploy-tools
	@env -i PATH="$(CURDIR)/build/tools/bin:$$PATH" HOME="$$HOME" USER="$${USER:-root}" TERM=dumb LANG=C.UTF-8 \
		TMPDIR="$${TMPDIR:-/tmp}" BIN=$(CURDIR)/$(BUILD) prove -e '' $(or $(T),$(wildcard tests/deploy/*.bats))

clean: ## removes build/
	rm -rf build
help: ## what you are reading
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

.PHONY: all always tests check check-plain lint fuzz install uninstall dist deb image-context image check-deploy clean help
.SECONDARY:
.DELETE_ON_ERROR:
.SUFFIXES:
-include $(shell find $(BUILD) build/lint -type f -name '*.d' 2>/dev/null)
