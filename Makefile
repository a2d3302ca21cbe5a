# stepvm: `make`, `make check`, `make demo`; `make help` lists the rest.
#
# Every .c below src/ but main.c goes into build/libstepvm.a, which the program and the unit tests
# link with. A new source file, guest or test needs no line here.

CC     ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
B      ?= build

override CFLAGS += -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -Wshadow \
	-Wvla -Wmissing-prototypes
ifneq ($(CI),)
override CFLAGS += -Werror
endif
CPPFLAGS += -Isrc
LDLIBS   += -pthread

SOURCES := $(filter-out src/main.c,$(wildcard src/*.c src/*/*.c))
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
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libstepvm.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- guests: a flat image and an ELF with symbols each; lines in a source's head place it ----------
#
#	link: ADDRESS	0 unless said		bits: 16, 32 or 64	32 unless said (of C: -m16, ...)

guests: $(GUESTS:%=$(GUEST_DIR)/%.bin)

GUEST_CFLAGS := -std=c11 -Og -g -Wall -Wextra -ffreestanding -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -mgeneral-regs-only -mno-red-zone -fcf-protection=none \
	-Wno-interrupt-service-routine
guest_word = $(or $(shell sed -n 's/^[#* ]*$(1): *//p' $<),$(2))
guest_ld = $(LD) -m $(if $(filter 64,$(call guest_word,bits)),elf_x86_64,elf_i386) -nostdlib \
	--build-id=none --defsym=LINK=$(call guest_word,link,0) \
	-T guests/guest.ld -o $@ $(@:.elf=.o)

$(GUEST_DIR)/%.elf: guests/%.S guests/guest.ld
	@mkdir -p $(@D)
	$(CC) -m$(call guest_word,bits,32) -c -g -o $(@:.elf=.o) $<
	$(guest_ld)

$(GUEST_DIR)/%.elf: guests/%.c guests/guest.ld $(wildcard guests/*.h)
	@mkdir -p $(@D)
	$(CC) -m$(call guest_word,bits,32) $(GUEST_CFLAGS) -c -o $(@:.elf=.o) $<
	$(guest_ld)

$(GUEST_DIR)/%.bin: $(GUEST_DIR)/%.elf
	objcopy -O binary -j .text $< $@

.PRECIOUS: $(GUEST_DIR)/%.elf

# --- tests ---------------------------------------------------------------------------------------

$(B)/tests/unit/%: tests/unit/%.c $(B)/libstepvm.a tests/unit/check.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(B)/libstepvm.a $(LDLIBS)

$(B)/tests/rsp/%: tests/rsp/%.c $(wildcard tests/rsp/*.h) tests/unit/check.h
	@mkdir -p $(@D)
	$(CC) -Itests/unit -Itests/rsp $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LDLIBS)

# The bench and the oracle need QEMU to run, not to be built: a change that breaks them shows here.
programs: $(B)/stepvm guests $(UNIT) $(RSP) $(B)/tests/bench/bench $(B)/tests/oracle/oracle

# A fuzz target that is given its corpus once; `make fuzz` has clang make up more.
$(B)/tests/fuzz/%: tests/fuzz/%_fuzz.c tests/fuzz/replay.c tests/fuzz/fuzz.h $(B)/libstepvm.a \
		$(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(B)/libstepvm.a $(LDLIBS)

programs: $(REPLAY)

TORTURE := $(wildcard tests/torture/*.c)

$(B)/tests/torture/torture: $(TORTURE) $(wildcard tests/torture/*.h tests/rsp/*.h) tests/unit/check.h
	@mkdir -p $(@D)
	$(CC) -Itests/unit -Itests/rsp $(CFLAGS) $(LDFLAGS) -o $@ $(TORTURE) $(LDLIBS)

programs: $(B)/tests/torture/torture

units: $(UNIT) $(REPLAY)

check: programs ## all tests; those that need /dev/kvm are skipped without it
	@tests/check $(B)

asan: ## all tests again with AddressSanitizer and UBSan
	$(MAKE) B=build/asan CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' check

# FUZZ_SECONDS each, FUZZ='session monitor' for some of them; new inputs gather in build/fuzz/found.
FUZZ         ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

fuzz: guests ## libFuzzer on what takes outside input, where clang is installed; FUZZ_SECONDS=60
	+@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

build/fuzz/%: tests/fuzz/%_fuzz.c tests/fuzz/fuzz.h build/fuzz/libstepvm.a $(wildcard tests/unit/*.h)
	clang $(CPPFLAGS) -std=c11 -D_GNU_SOURCE $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< \
		build/fuzz/libstepvm.a $(LDLIBS)

.PHONY: coverage units
coverage: ## which lines the unit tests and the fuzz targets come to
	+@tests/coverage

# TORTURE_FLAGS='ACTIONS GUESTS SEED'; the seed is printed.
TORTURE_FLAGS ?= 100000 1000

.PHONY: torture
torture: programs ## debuggers and guests that misbehave, at random, for long
	@STEPVM=$(B)/stepvm GUESTS=$(GUEST_DIR) $(B)/tests/torture/torture $(TORTURE_FLAGS)

demo: all ## one session: gdb follows 16-bit code from its first instruction
	@tests/demo $(B)

bench: $(B)/stepvm guests ## beside QEMU, where qemu-system-x86 is installed; BENCH_FLAGS='--svg FILE'
	@$(MAKE) --no-print-directory $(B)/tests/bench/bench $(B)/tests/bench/loop32.elf $(B)/tests/bench/loop64.elf
	@$(B)/tests/bench/bench $(B)/stepvm $(GUEST_DIR) $(B)/tests/bench/loop $(BENCH_FLAGS)

BENCH := $(wildcard tests/bench/*.c)

$(B)/tests/bench/bench: $(BENCH) $(wildcard tests/bench/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(BENCH) $(LDLIBS) -lm

$(B)/tests/bench/loop%.elf: tests/bench/loop.S
	@mkdir -p $(@D)
	$(CC) -m$* -c -g -o $(@:.elf=.o) $<
	ld -m $(if $(filter 32,$*),elf_i386,elf_x86_64) -nostdlib --build-id=none -e start -Ttext=0x1000 -o $@ $(@:.elf=.o)

beside: $(B)/stepvm guests ## the same steps of gdb in QEMU and here, as a table
	@tests/beside $(B)

# Instruction by instruction beside QEMU's own emulation; ORACLE_FLAGS='--seeds 1000'.
ORACLE := $(wildcard tests/oracle/*.c)

oracle: $(B)/stepvm guests $(B)/tests/oracle/oracle ## every step beside QEMU's TCG, where QEMU is installed
	@$(B)/tests/oracle/oracle --stepvm $(B)/stepvm --guests $(GUEST_DIR) $(ORACLE_FLAGS)

$(B)/tests/oracle/oracle: $(ORACLE) $(wildcard tests/oracle/*.h) tests/rsp/rsp.h
	@mkdir -p $(@D)
	$(CC) -Itests/rsp $(CFLAGS) $(LDFLAGS) -o $@ $(ORACLE) $(LDLIBS)

check-lab: guests ## the rsp tests and gdb scripts on kvm_amd and kvm_intel, in simulators
	+@tests/lab/check $(B)

format: ## clang-format over all C
	clang-format -i $$(git ls-files '*.[ch]')

$(B)/stepvm.1: $(B)/stepvm
	$(B)/stepvm --manual >$@

install: $(B)/stepvm $(B)/stepvm.1 ## to $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/stepvm \
		$(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/stepvm $(DESTDIR)$(PREFIX)/bin/
	install -m 644 gdb/* $(DESTDIR)$(PREFIX)/share/stepvm/
	install -m 644 $(B)/stepvm.1 $(DESTDIR)$(PREFIX)/share/man/man1/

uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/stepvm $(DESTDIR)$(PREFIX)/share/man/man1/stepvm.1
	rm -rf $(DESTDIR)$(PREFIX)/share/stepvm

clean: ## the build folder
	rm -rf build

.PHONY: beside all help guests programs check asan demo bench oracle fuzz check-lab format install uninstall clean
-include $(OBJECTS:.o=.d) $(B)/obj/main.d $(UNIT:=.d) $(RSP:=.d)
