# stepvm: `make`, `make check`, `make demo`; `make help` lists the rest.
#
# Every .c below src/ but main.c goes into build/libstepvm.a, which the program and the unit tests
# link with. A new source file, guest or test needs no line here. A file that is built is a line;
# V=1 shows the commands instead.

CC     ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
B      ?= build

# What gcc and clang both know: each has some by itself that the other has not.
WARNINGS := -Wall -Wextra -Wno-missing-field-initializers -Wformat=2 -Wimplicit-fallthrough \
	-Wmissing-prototypes -Wpointer-arith -Wredundant-decls -Wshadow -Wstrict-prototypes -Wundef \
	-Wunused-macros -Wvla -Wwrite-strings
override CFLAGS += -std=c11 -D_GNU_SOURCE $(WARNINGS)
ifneq ($(CI),)
override CFLAGS += -Werror
endif
CPPFLAGS += -Isrc -include base/platform.h
LDLIBS   += -pthread

# $(call say,WHAT,FILE): the line. make -s has none.
ifneq ($(filter-out 0,$(V)),)
say :=
Q   :=
else
Q   := @
say = $(if $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),,@printf '  %-7s %s\n' $(1) $(2))
endif

SOURCES := $(filter-out src/main.c,$(sort $(shell find src -name "*.c")))
OBJECTS := $(SOURCES:src/%.c=$(B)/obj/%.o)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*_test.c))
REPLAY  := $(patsubst tests/fuzz/%_fuzz.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
RSP     := $(patsubst tests/rsp/%.c,$(B)/tests/rsp/%,$(wildcard tests/rsp/*_test.c))
GUESTS  := $(basename $(notdir $(wildcard guests/*.S guests/*.c)))
# Guests are not instrumented and the same for every build of the program.
GUEST_DIR := build/guests

all: $(B)/stepvm guests

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

$(B)/stepvm: $(B)/obj/main.o $(B)/libstepvm.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libstepvm.a: $(OBJECTS)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) qcs $@ $^

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- guests: a flat image and an ELF with symbols each; lines in a source's head place it ----------
#
#	link: ADDRESS	0 unless said		bits: 16, 32 or 64	32 unless said (of C: -m16, ...)
#
# NAME.ld beside it is its linker script; guest.ld has all sections at one address.

guests: $(GUESTS:%=$(GUEST_DIR)/%.bin)

GUEST_CFLAGS := -std=c11 -Og -g -Wall -Wextra -ffreestanding -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -mgeneral-regs-only -mno-red-zone -fcf-protection=none \
	-Wno-interrupt-service-routine
guest_word = $(or $(shell sed -n 's/^[#* ]*$(1): *//p' $<),$(2))
guest_ld = $(LD) -m $(if $(filter 64,$(call guest_word,bits)),elf_x86_64,elf_i386) -nostdlib \
	--build-id=none --defsym=LINK=$(call guest_word,link,0) \
	-T $(firstword $(wildcard guests/$*.ld) guests/guest.ld) -o $@ $(@:.elf=.o)

$(GUEST_DIR)/%.elf: guests/%.S $(wildcard guests/*.ld guests/*.inc)
	@mkdir -p $(@D)
	$(call say,GUEST,$<)
	$(Q)$(CC) -m$(call guest_word,bits,32) -c -g -o $(@:.elf=.o) $<
	$(Q)$(guest_ld)

$(GUEST_DIR)/%.elf: guests/%.c $(wildcard guests/*.ld guests/*.h)
	@mkdir -p $(@D)
	$(call say,GUEST,$<)
	$(Q)$(CC) -m$(call guest_word,bits,32) $(GUEST_CFLAGS) -c -o $(@:.elf=.o) $<
	$(Q)$(guest_ld)

$(GUEST_DIR)/%.bin: $(GUEST_DIR)/%.elf
	$(call say,GUEST,$@)
	$(Q)objcopy -O binary -j .text $< $@

.PRECIOUS: $(GUEST_DIR)/%.elf

# --- tests ---------------------------------------------------------------------------------------
#
# Each source is compiled into an object of its own, so that a change in src/ costs a link. The tests
# of pure modules and the fuzz targets know src/; the others know stepvm from outside.

INCLUDES_unit    := $(CPPFLAGS) -Itests/unit
INCLUDES_fuzz    := $(CPPFLAGS)
INCLUDES_rsp     := -Itests/unit -Itests/rsp
INCLUDES_torture := -Itests/unit -Itests/rsp
INCLUDES_oracle  := -Itests/rsp
INCLUDES_engine  := $(CPPFLAGS) -Itests/unit
INCLUDES_observe := -Itests/unit -Itests/rsp
INCLUDES_history := $(CPPFLAGS) -Itests/unit
INCLUDES_bench   :=
INCLUDES_mips    := $(CPPFLAGS)

$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(INCLUDES_$(word 2,$(subst /, ,$<))) $(CFLAGS) -MMD -MP -c -o $@ $<

test_objects = $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/$(1)/*.c))
link_test = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libstepvm.a
	$(call say,LINK,$@)
	$(Q)$(link_test)

# A machine that is no part of stepvm, and the stub as a library: nothing else is linked with it.
$(B)/tests/unit/toy: $(B)/tests/unit/toy.o $(filter $(B)/obj/gdbstub/% $(B)/obj/base/%,$(OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(link_test)

# Those of run control bring a KVM along, which stands in ioctl's place: tests/unit/fake_kvm.h.
FAKE_KVM := $(filter-out %_test.o,$(filter $(B)/tests/unit/fake_%,$(call test_objects,unit)))
$(filter $(B)/tests/unit/control_% $(B)/tests/unit/fake_% $(B)/tests/unit/run_% $(B)/tests/unit/vcpu_%,$(UNIT)): $(FAKE_KVM)

$(B)/tests/rsp/%: $(B)/tests/rsp/%.o
	$(call say,LINK,$@)
	$(Q)$(link_test)

# A fuzz target that is given its corpus once; `make fuzz` has clang make up more.
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%_fuzz.o $(B)/tests/fuzz/replay.o $(B)/libstepvm.a
	$(call say,LINK,$@)
	$(Q)$(link_test)

$(B)/tests/torture/torture: $(call test_objects,torture)
	$(call say,LINK,$@)
	$(Q)$(link_test)

# The bench and the oracle need QEMU to run, not to be built: a change that breaks them shows here.
$(B)/tests/bench/bench: $(call test_objects,bench)
	$(call say,LINK,$@)
	$(Q)$(link_test) -lm

$(B)/tests/oracle/oracle: $(call test_objects,oracle)
	$(call say,LINK,$@)
	$(Q)$(link_test)

$(B)/tests/observe/observe: $(call test_objects,observe)
	$(call say,LINK,$@)
	$(Q)$(link_test)

$(B)/tests/mips/mips: $(B)/tests/mips/mips.o $(B)/libstepvm.a
	$(call say,LINK,$@)
	$(Q)$(link_test)

$(B)/tests/engine/engine: $(call test_objects,engine) $(B)/libstepvm.a
	$(call say,LINK,$@)
	$(Q)$(link_test)

$(B)/tests/history/history: $(call test_objects,history) $(B)/libstepvm.a
	$(link_test)

# A library for LD_PRELOAD that answers /dev/kvm's calls in the process, by a copy of the engine: tests/standin/README.md.
# All that it needs is compiled once more, as a library's code is, and hidden from the program that it is loaded into.
STANDIN_OBJECTS := $(patsubst %.c,$(B)/standin/%.o,$(wildcard src/interp/*.c tests/standin/*.c) \
	tests/unit/fake_calls.c tests/unit/fake_run.c tests/unit/fake_kinds.c)
STANDIN_FLAGS   := -fPIC -fvisibility=hidden -DINTERP_SLOTS_MAX=512

$(B)/standin/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit -Itests/standin $(CFLAGS) $(STANDIN_FLAGS) -MMD -MP -c -o $@ $<

$(B)/standin.so: $(STANDIN_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs -o $@.new $^
	$(Q)mv $@.new $@ # whole, for what starts meanwhile

.SECONDARY: $(foreach room,unit fuzz rsp,$(call test_objects,$(room)))

programs: $(B)/stepvm guests $(UNIT) $(REPLAY) $(RSP) $(B)/tests/torture/torture \
	$(B)/tests/bench/bench $(B)/tests/oracle/oracle $(B)/tests/mips/mips $(B)/tests/engine/engine \
	$(B)/tests/observe/observe $(B)/tests/history/history $(B)/tests/unit/toy

units: $(UNIT) $(REPLAY) $(B)/tests/unit/toy

check: programs ## all tests; those that need /dev/kvm are skipped without it
	@tests/check $(B)

check-standin: programs $(B)/standin.so ## the tests that need /dev/kvm on a stand-in for it, by the engine, where there is none
	@STANDIN=$(B)/standin.so tests/check $(B)

asan: ## all tests again under AddressSanitizer and UBSan
	$(MAKE) B=build/asan CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' check

CFLAGS_KVM := -O2 -g -DENGINE_DEFAULT=ENGINE_KVM
check-kvm: ## all tests again with KVM doing all that no test asks of the engine
	TEST_ENGINE=kvm $(MAKE) B=build/kvm CFLAGS='$(CFLAGS_KVM)' check

# FUZZ_SECONDS each, FUZZ='session monitor' for some of them; new inputs gather in build/fuzz/found.
FUZZ         ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

fuzz: guests ## libFuzzer on what takes outside input, where clang is installed; FUZZ_SECONDS=60
	+@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

build/fuzz/%: tests/fuzz/%_fuzz.c tests/fuzz/fuzz.h build/fuzz/libstepvm.a $(wildcard tests/unit/*.h)
	$(call say,LINK,$@)
	$(Q)clang $(CPPFLAGS) -std=c11 -D_GNU_SOURCE $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< \
		build/fuzz/libstepvm.a $(LDLIBS)

.PHONY: coverage units
coverage: ## which lines the unit tests and the fuzz targets come to
	+@tests/coverage

# TORTURE_FLAGS='ACTIONS GUESTS SEED'; the seed is printed.
TORTURE_FLAGS ?= 100000 1000

.PHONY: torture
torture: programs ## debuggers and guests that misbehave, at random, for long
	@STEPVM=$(B)/stepvm GUESTS=$(GUEST_DIR) $(B)/tests/torture/torture $(TORTURE_FLAGS)

# OBSERVE: how many programs; OBSERVE_SEED and OBSERVE_MODE do some again.
OBSERVE ?= 500

.PHONY: observe
observe: programs ## random programs, alone and under a debugger: the same end, and every stop in its place; OBSERVE=2000
	@STEPVM=$(B)/stepvm GUESTS=$(GUEST_DIR) $(B)/tests/observe/observe $(OBSERVE) $(OBSERVE_SEED) $(OBSERVE_MODE)

.PHONY: observe-lab
observe-lab: OBSERVE := 20
observe-lab: LAB_S := 1200
observe-lab: guests ## ... on kvm_amd and kvm_intel, in simulators; OBSERVE=20 LAB_S=1200 LAB=amd
	+@OBSERVE=$(OBSERVE) LAB_S=$(LAB_S) LAB_TESTS='^observe$$' tests/lab/check $(B) $(LAB)

demo: ## one session: gdb follows 16-bit code from its first instruction
	+@$(MAKE) -q -s all 2>/dev/null || { echo "Building stepvm and its guests, once ..." && $(MAKE) -s all; }
	@tests/demo $(B)

bench: $(B)/stepvm guests ## beside QEMU; BENCH_FLAGS='--svg FILE', or '--against OTHER/stepvm'
	@$(MAKE) --no-print-directory $(B)/tests/bench/bench $(B)/tests/bench/loop32.elf $(B)/tests/bench/loop64.elf
	@$(B)/tests/bench/bench $(B)/stepvm $(GUEST_DIR) $(B)/tests/bench/loop $(BENCH_FLAGS)

$(B)/tests/bench/loop%.elf: tests/bench/loop.S
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) -m$* -c -g -o $(@:.elf=.o) $<
	$(Q)ld -m $(if $(filter 32,$*),elf_i386,elf_x86_64) -nostdlib --build-id=none -e start -Ttext=0x1000 -o $@ $(@:.elf=.o)

MIPS_WORKS := loop16 work32 work64

mips: $(B)/tests/mips/mips $(MIPS_WORKS:%=$(B)/tests/mips/%.bin) ## the engine alone: millions of instructions a second, by mode
	@$< $(<D) $(MIPS_LEAST)

$(B)/tests/mips/work%.elf: tests/mips/work.c tests/mips/start.S
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) -m$* $(filter-out -Og,$(GUEST_CFLAGS)) -O2 -c -o $(@:.elf=.o) tests/mips/work.c
	$(Q)$(CC) -m$* -c -o $(@D)/start$*.o tests/mips/start.S
	$(Q)$(LD) -m $(if $(filter 32,$*),elf_i386,elf_x86_64) -nostdlib --build-id=none --defsym=LINK=0x100000 \
		-T guests/guest.ld -o $@ $(@D)/start$*.o $(@:.elf=.o)

$(B)/tests/mips/loop16.elf: tests/mips/loop16.S
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) -m32 -c -o $(@:.elf=.o) $<
	$(Q)$(LD) -m elf_i386 -nostdlib --build-id=none --defsym=LINK=0x7c00 -T guests/guest.ld -o $@ $(@:.elf=.o)

$(B)/tests/mips/%.bin: $(B)/tests/mips/%.elf
	objcopy -O binary -j .text $< $@

picture: all ## the picture in README.md made anew, of a session with the gdb that is here
	@tests/picture.py $(B)/stepvm $(GUEST_DIR) >$(B)/session.svg
	@mv $(B)/session.svg gdb/session.svg

beside: $(B)/stepvm guests ## the same steps of gdb in QEMU and here, as a table
	@tests/beside $(B)

# Instruction by instruction beside QEMU's own emulation; ORACLE_FLAGS='--seeds 1000'.
oracle: $(B)/stepvm guests $(B)/tests/oracle/oracle ## every step beside QEMU's TCG, where QEMU is installed
	@$(B)/tests/oracle/oracle --stepvm $(B)/stepvm --guests $(GUEST_DIR) $(ORACLE_FLAGS)

# Random instructions in every mode and the guests' own, by the interpreter and by KVM.
ENGINE_COUNT ?= 100000
ENGINE_STEPS ?= 20000
ENGINE_SEED  ?= 1

HISTORY_JUMPS = 1000
HISTORY_SEED = 1
history: guests $(B)/tests/history/history ## recordings of all guests, and jumps in them; HISTORY_JUMPS, _SEED
	@$(B)/tests/history/history $(HISTORY_JUMPS) $(HISTORY_SEED) $(GUEST_DIR)/*.bin

check-engine: guests $(B)/tests/engine/engine ## the interpreter beside KVM; ENGINE_COUNT, _STEPS, _SEED
	@$(B)/tests/engine/engine random $(ENGINE_COUNT) $(ENGINE_SEED)
	@$(B)/tests/engine/engine steps $(ENGINE_COUNT) $(ENGINE_SEED)
	@$(B)/tests/engine/engine lockstep $(ENGINE_STEPS) $(GUEST_DIR)/*.bin

check-lab: guests ## the rsp tests and gdb scripts on kvm_amd and kvm_intel, in simulators
	+@tests/lab/check $(B)

format: ## clang-format over all C
	clang-format -i $$(git ls-files '*.[ch]')

format-check: ## whether clang-format would change anything
	clang-format --dry-run -Werror $$(git ls-files '*.[ch]')

clang: ## everything built by clang, its warnings as errors
	$(MAKE) B=build/clang CC=clang CI=true programs

# musl-gcc knows its own headers alone; KVM's are the kernel's, which stand beside the libc's of the host.
musl: guests ## the program with musl as the C library, with its unit tests and one that debugs a guest
	@mkdir -p build/musl/include
	@for headers in linux asm-generic asm; do \
		ln -sfn "$$(ls -d /usr/include/$$headers /usr/include/$$(uname -m)-linux-*/$$headers 2>/dev/null | head -n 1)" \
			build/musl/include/$$headers; done
	+$(MAKE) B=build/musl CC='musl-gcc -isystem build/musl/include' CI=true build/musl/stepvm units \
		build/musl/tests/rsp/halt_test
	@tests/check build/musl unit/
	@tests/check build/musl rsp/

reproducible: ## whether two builds in different folders are the same bytes, without -g
	+@tests/reproducible

$(B)/stepvm.1: $(B)/stepvm
	$(B)/stepvm --manual >$@

SHARE          := $(DESTDIR)$(PREFIX)/share
BASH_COMPLETION = $(SHARE)/bash-completion/completions
ZSH_COMPLETION  = $(SHARE)/zsh/site-functions

# $(call quoted,PATH): one word of the shell's, whatever is in it.
quoted = '$(subst ','\'',$(1))'

install: $(B)/stepvm $(B)/stepvm.1 ## to $(DESTDIR)$(PREFIX)
	install -d $(call quoted,$(DESTDIR)$(PREFIX)/bin) $(call quoted,$(SHARE)/stepvm) \
		$(call quoted,$(SHARE)/man/man1) $(call quoted,$(BASH_COMPLETION)) $(call quoted,$(ZSH_COMPLETION))
	install -m 755 $(B)/stepvm $(call quoted,$(DESTDIR)$(PREFIX)/bin/)
	install -m 644 gdb/*.gdb gdb/*.py $(call quoted,$(SHARE)/stepvm/)
	install -m 644 $(B)/stepvm.1 $(call quoted,$(SHARE)/man/man1/)
	$(B)/stepvm --completion bash >$(call quoted,$(BASH_COMPLETION)/stepvm)
	$(B)/stepvm --completion zsh >$(call quoted,$(ZSH_COMPLETION)/_stepvm)

uninstall: ## what install put there
	rm -f $(call quoted,$(DESTDIR)$(PREFIX)/bin/stepvm) $(call quoted,$(SHARE)/man/man1/stepvm.1) \
		$(call quoted,$(BASH_COMPLETION)/stepvm) $(call quoted,$(ZSH_COMPLETION)/_stepvm)
	rm -rf $(call quoted,$(SHARE)/stepvm)

VERSION := $(shell sed -n 's/.*STEPVM_VERSION "\(.*\)"/\1/p' src/base/version.h)
DEB     := build/stepvm_$(VERSION)_amd64.deb

# What is installed needs the C library that it was built with, and nothing else to run guests.
define DEB_CONTROL
Package: stepvm
Version: $(VERSION)
Architecture: amd64
Maintainer: $(or $(DEBFULLNAME),whoever built it) <$(or $(DEBEMAIL),root@localhost)>
Depends: libc6 (>= GLIBC)
Recommends: gdb
Section: devel
Priority: optional
Description: virtual machine monitor on KVM for following bare-metal code with gdb
 It starts any bare-metal x86 image, from a few bytes of 16-bit code up, and an
 unmodified gdb follows it from the first instruction. A small PC with one CPU
 and a BIOS, for those who write boot sectors, kernels and firmware.
endef
export DEB_CONTROL

deb: $(B)/stepvm ## a Debian package of what install puts there, in build/
	@command -v dpkg-deb >/dev/null || { echo "make deb: dpkg-deb is not there; Debian's package dpkg has it" >&2; exit 1; }
	@rm -rf build/deb
	@$(MAKE) -s install PREFIX=/usr DESTDIR=build/deb
	@strip build/deb/usr/bin/stepvm
	@gzip -9n build/deb/usr/share/man/man1/stepvm.1
	@install -D -m 644 LICENSE build/deb/usr/share/doc/stepvm/copyright
	@install -d build/deb/DEBIAN
	@glibc=$$(objdump -T build/deb/usr/bin/stepvm | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1) && \
		printf '%s\n' "$$DEB_CONTROL" | sed "s/GLIBC/$${glibc#GLIBC_}/" >build/deb/DEBIAN/control
	@dpkg-deb --root-owner-group --build build/deb $(DEB) >/dev/null
	@echo "the package is $(DEB): apt-get install ./$(DEB)"

clean: ## the build folder
	rm -rf build

.PHONY: history beside mips all help guests programs check check-standin asan demo bench oracle fuzz check-lab check-kvm check-engine format format-check clang musl reproducible install uninstall deb picture clean
-include $(OBJECTS:.o=.d) $(STANDIN_OBJECTS:.o=.d) $(B)/obj/main.d $(wildcard $(B)/tests/*/*.d)
