# Trapeze: one Makefile, no recursion. MODE=release|debug|asan|cov|fuzz; output in build/MODE,
# guest programs (the same for every mode) in build/guest.
#
#   make            build everything            make check    build and run every test
#   make demo       install, build, open        make lint     layers, format, static analysis
#   make bench      measure                     make install  PREFIX=/usr/local
#   make pairs      measure what the interpreter's pairs are made of

MODE ?= release
PREFIX ?= /usr/local
V ?=

ifeq ($(origin CC),default)
CC := clang
endif
GUEST_CC ?= clang
GUEST_LD ?= ld.lld

B := build/$(MODE)
G := build/guest
GEN := build/gen

ifeq ($(filter $(MODE),release debug asan cov fuzz),)
$(error MODE=$(MODE) is none of release, debug, asan, cov, fuzz)
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# ---- host ----------------------------------------------------------------------------------

# Lua's name differs from system to system (tools/install-deps looks for the same).
LUA := $(firstword $(foreach p,lua5.4 lua-5.4 lua54 lua,$(shell \
           pkg-config --exists '$(p) >= 5.4 $(p) < 5.5' 2>/dev/null && echo $(p))) lua5.4)
PKGS := ncursesw $(LUA) libedit libelf jansson libzstd
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wpointer-arith -Wwrite-strings
CFLAGS_release := -O2 -g
CFLAGS_debug := -O0 -g3
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_cov := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_cov := --coverage
LDFLAGS_fuzz := -fsanitize=address,undefined

CPPFLAGS += -I. -I$(GEN) -D_POSIX_C_SOURCE=200809L -D_DARWIN_C_SOURCE -DTRAPEZE_SHARE='"$(PREFIX)/share/trapeze"'
CFLAGS += -std=c11 $(WARN) $(CFLAGS_$(MODE)) $(PKG_CFLAGS)
LDFLAGS += $(LDFLAGS_$(MODE))
LDLIBS += $(PKG_LIBS) -lm

HOST_DIRS := base isa trace machine world script tui cli
HOST_SRC := $(filter-out cli/main.c,$(foreach d,$(HOST_DIRS),$(wildcard $(d)/*.c)))
HOST_OBJ := $(HOST_SRC:%.c=$(B)/%.o)
LIB := $(B)/libtrapeze.a
PROGRAM := $(B)/trapeze

TEST_SRC := $(filter-out tests/fuzz/%,$(wildcard tests/*.c tests/*/*.c))
TEST_OBJ := $(TEST_SRC:%.c=$(B)/%.o)
TEST_SUITES := $(sort $(filter tests/%,$(foreach f,$(TEST_SRC),$(if $(findstring /test_,$(f)),$(f)))))
CHECKER := $(B)/tests/check

# The monitor's pure parts run on the host too, for unit tests: every vmm/*.c that is not
# bound to the simulated processor (those live in vmm/arch_*.c and vmm/*.S).
VMM_PURE := $(filter-out vmm/arch_%.c,$(wildcard vmm/*.c vmm/*/*.c))
VMM_PURE_OBJ := $(VMM_PURE:%.c=$(B)/%.o)

# ---- guest ---------------------------------------------------------------------------------

GUEST_HEADER := $(GEN)/xrings.h
HANDLERS := $(GEN)/handlers.def
GUEST_FLAGS := --target=riscv32-unknown-elf -march=rv32im -mabi=ilp32 -ffreestanding -nostdlib \
               -fno-pic -mno-relax -g -O2 -I. -I$(GEN) -Wall -Wextra -Werror -Wshadow \
               -fno-builtin -ffunction-sections -fdata-sections -fdebug-prefix-map=$(CURDIR)=.
GUEST_CFLAGS := $(GUEST_FLAGS) -std=c11
GUEST_LDFLAGS := -m elf32lriscv --gc-sections --no-dynamic-linker -z noexecstack

GUESTS :=
include $(wildcard guests/guests.mk guests/micro/micro.mk guests/hostile/hostile.mk vmm/vmm.mk tests/programs/programs.mk)

# ---- goals ---------------------------------------------------------------------------------

.PHONY: all guests check lint bench demo install clean fuzz
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAM) guests
guests: $(GUESTS)

$(B)/%.o: %.c Makefile $(GUEST_HEADER) | $(HANDLERS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter tests/%,$<),$(CHECK_CFLAGS) -I$(B)/gen) -MMD -MP -c $< -o $@

$(LIB): $(HOST_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(PROGRAM): $(B)/cli/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# The guests' header is printed from isa/*.def by a program that includes them.
build/tool/gen-guest-header: tools/gen-guest-header.c $(wildcard isa/*.def)
	@mkdir -p $(@D)
	$(call say,HOST,$@)
	$(Q)$(CC) -std=c11 $(WARN) -I. -O1 $< -o $@

$(GUEST_HEADER): build/tool/gen-guest-header
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$< > $@

# The interpreter's handlers and pairs, from isa/*.def and what was measured.
build/tool/gen-handlers: tools/gen-handlers.c isa/instructions.def isa/formats.def
	@mkdir -p $(@D)
	$(call say,HOST,$@)
	$(Q)$(CC) -std=c11 $(WARN) -I. -O1 $< -o $@

$(HANDLERS): build/tool/gen-handlers machine/pairs.profile
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$^ > $@

$(G)/%.o: %.c Makefile $(GUEST_HEADER)
	@mkdir -p $(@D)
	$(call say,GCC,$<)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(G)/%.o: %.S Makefile $(GUEST_HEADER)
	@mkdir -p $(@D)
	$(call say,GAS,$<)
	$(Q)$(GUEST_CC) $(GUEST_FLAGS) -MMD -MP -c $< -o $@

# ---- tests ---------------------------------------------------------------------------------

# A test file tests/isa/test_decode.c defines `Suite *suite_isa_decode(void)`; the list is
# made from the names, so that a new file is never forgotten.
$(B)/gen/suites.def: $(TEST_SRC) Makefile
	@mkdir -p $(@D)
	$(Q)for f in $(TEST_SUITES); do \
	    n=$${f#tests/}; d=$${n%/*}; s=$${n##*/test_}; echo "SUITE($${d}_$${s%.c})"; \
	done > $@

$(TEST_OBJ): $(B)/gen/suites.def

# Tests let allocations fail (tests/alloc.h).
CHECK_WRAP := $(if $(filter Linux,$(shell uname)),\
              $(foreach f,malloc calloc realloc aligned_alloc strdup,-Wl,--wrap=$(f)))

$(CHECKER): $(TEST_OBJ) $(VMM_PURE_OBJ) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(CHECK_WRAP) $^ $(CHECK_LIBS) $(LDLIBS) -o $@

# SUITE=isa_decode runs one suite. The time limit is for tests that hang, not for slow computers.
# HARD=1 shakes what rarely moves (tests/machine/harness.h). MODE=cov prints the line coverage
# after all suites.
# The suites are shared out among JOBS processes.
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
SHARES := $(if $(SUITE),1,$(shell seq 1 $(JOBS)))

# A second make sees what the first has installed.
check: tools-present
	$(Q)$(MAKE) --no-print-directory check-now

.PHONY: check-now
check-now: all $(CHECKER)
	$(if $(filter cov,$(MODE)),$(Q)find $(B) -name '*.gcda' -delete)
	$(Q)export TRAPEZE=$(PROGRAM) TRAPEZE_HOME=. CK_FORK=yes CK_DEFAULT_TIMEOUT=300 \
	    $(if $(HARD),TRAPEZE_HARD=1) $(if $(SUITE),CK_RUN_SUITE=$(SUITE)); \
	printf '%s\n' $(SHARES) | xargs -P $(JOBS) -I % env CHECK_SHARE=%/$(words $(SHARES)) $(CHECKER)
	$(if $(SUITE),,$(if $(filter cov,$(MODE)),$(Q)CC=$(CC) tools/coverage))

.PHONY: tools-present
tools-present:
	$(Q)tools/install-deps --quiet

# ---- fuzzing -------------------------------------------------------------------------------

# Each tests/fuzz/fuzz_NAME.c is a libFuzzer target (clang's), run for FUZZ_SECONDS from the
# inputs in tests/fuzz/NAME and what earlier runs found. FUZZ=asm runs one.
FUZZ_SECONDS ?= 60
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/isa/elf.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

fuzz:
	$(Q)$(MAKE) --no-print-directory MODE=fuzz CC=clang $(FUZZ:%=fuzz-%)
	$(Q)$(MAKE) --no-print-directory fuzz-random

# Random programs: over a million unprivileged instructions against qemu-riscv32, and privileged
# ones in lockstep with the model of tests/reference; hostile guests under every technique.
.PHONY: fuzz-random
fuzz-random: all $(CHECKER)
	$(call say,FUZZ,random)
	$(Q)TRAPEZE_SEEDS=100 CK_RUN_SUITE=machine_random $(CHECKER)
	$(Q)TRAPEZE_SEEDS=10000 CK_TIMEOUT_MULTIPLIER=20 CK_RUN_SUITE=machine_lockstep $(CHECKER)
	$(Q)TRAPEZE_SEEDS=10000 CK_RUN_SUITE=vmm_hostile $(CHECKER)

fuzz-%: $(B)/tests/fuzz/fuzz_%
	@mkdir -p $(B)/corpus/$*
	$(call say,FUZZ,$*)
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -timeout=20 -max_len=4096 -print_final_stats=1 \
	    -artifact_prefix=$(B)/fuzz-$*- $(if $(wildcard tests/fuzz/$*.dict),-dict=tests/fuzz/$*.dict) \
	    $(B)/corpus/$* $(wildcard tests/fuzz/$*)

# ---- the rest ------------------------------------------------------------------------------

demo:
	$(Q)tools/install-deps --quiet demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(PROGRAM) tui scenarios/trap-and-emulate.lua

lint: tools-present
	$(Q)$(MAKE) --no-print-directory lint-now

.PHONY: lint-now
lint-now: all
	$(Q)LINT_FLAGS='$(subst ',,$(CPPFLAGS)) -std=c11 $(WARN) $(PKG_CFLAGS)' tools/lint

bench: all
	$(Q)bench/run

# Measures machine/pairs.profile again, of which the interpreter's pairs are made.
.PHONY: pairs
pairs: all
	$(Q)bench/run --pairs

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/trapeze
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/trapeze
	cp -R scenarios lua-scripts $(DESTDIR)$(PREFIX)/share/trapeze/
	install -d $(DESTDIR)$(PREFIX)/share/trapeze/include
	install -m 644 $(GUEST_HEADER) isa/boot.h isa/hypercall.h isa/paging.h $(DESTDIR)$(PREFIX)/share/trapeze/include/
	install -d $(DESTDIR)$(PREFIX)/share/trapeze/guests
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(PROGRAM) help --man > $(DESTDIR)$(PREFIX)/share/man/man1/trapeze.1
	$(PROGRAM) help --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/trapeze
	$(PROGRAM) help --completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_trapeze
	for f in $(filter-out $(G)/tests/%,$(GUESTS)); do install -m 644 $$f $(DESTDIR)$(PREFIX)/share/trapeze/guests/; done

clean:
	rm -rf build

# For editors: one entry a source, all with the same flags.
compile_commands.json: Makefile
	$(Q)for f in $(HOST_SRC) cli/main.c; do \
	    printf '{"directory": "%s", "file": "%s", "command": "%s"},\n' '$(CURDIR)' $$f \
	        "$(CC) $(subst ",\\\",$(CPPFLAGS) $(CFLAGS)) -c $$f"; \
	done | sed '1s/^/[/; $$s/,$$/]/' > $@

-include $(HOST_OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(VMM_PURE_OBJ:.o=.d) $(B)/cli/main.d
-include $(shell find $(G) -name '*.d' 2>/dev/null)
