# make help says what there is. One page: three programs, one library, their tests.

VERSION  = 0.1.0
PREFIX   = /usr/local
DESTDIR  =
BUILD    = build
CC       = gcc
CFLAGS   = -O2 -g
LDFLAGS  =

progs    = sync publish serve
WARNINGS = -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla \
           -Wpointer-arith -Wwrite-strings -Wundef
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DMIRROR_VERSION='"$(VERSION)"' -I. $(WARNINGS) $(HARDEN) $(CFLAGS) \
           $(if $(CI),-Werror)
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE
LIBS     = -ljansson -lcrypto -lpcre2-8
# mirror-serve links neither libcurl nor libgit2 (a test runs ldd)
LIBS_sync = -lcurl -lgit2

obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
lib      = $(BUILD)/liboci.a
units    = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.t,$(wildcard tests/unit/*.c))
fuzzers  = $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
replays  = $(fuzzers:%=$(BUILD)/tests/fuzz/%.t)
tools    = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))

all: $(progs:%=$(BUILD)/mirror-%)

$(lib): $(call obj,$(wildcard oci/*.c))
	@rm -f $@
	@$(AR) rcs $@ $^

define program
$(BUILD)/mirror-$(1): $(call obj,$(wildcard $(1)/*.c)) $(lib)
	@echo "  LINK $$@"
	@$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -pie -Wl,--as-needed -Wl,-z,relro,-z,now -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS)
endef
$(foreach p,$(progs),$(eval $(call program,$(p))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%.t: $(BUILD)/tests/unit/%.o $(lib)
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -Wl,--as-needed -o $@ $(filter-out $(lib),$^) $(lib) $(LIBS_sync) $(LIBS)
# serve's own modules under test
$(BUILD)/tests/unit/serve_%.t: $(BUILD)/tests/unit/serve_%.o $(filter-out $(BUILD)/serve/main.o,$(call obj,$(wildcard serve/*.c))) $(lib)
$(BUILD)/tests/unit/sync_%.t: $(BUILD)/tests/unit/sync_%.o $(filter-out $(BUILD)/sync/main.o,$(call obj,$(wildcard sync/*.c))) $(lib)

$(BUILD)/tests/fuzz/%.t: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(filter-out $(BUILD)/serve/main.o,$(call obj,$(wildcard serve/*.c))) $(lib)
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -Wl,--as-needed -o $@ $(filter-out $(lib),$^) $(lib) $(LIBS_sync) $(LIBS)

$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(lib)
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -Wl,--as-needed -o $@ $(filter-out $(lib),$^) $(lib) $(LIBS_sync) $(LIBS)

tests: all $(units) $(replays) $(tools)

.PHONY: all tests clean
.SECONDARY:
clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
