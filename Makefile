# SPDX-License-Identifier: MIT
# One Makefile, everything below $(B). Variants live side by side:
#   make B=build/asan SANITIZE=address,undefined check
#   make B=build/clang CC=clang WERROR=1

B ?= build
comma := ,
CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr
DESTDIR ?=
SYSCONFDIR ?= /etc
DATADIR ?= $(PREFIX)/share/otpd
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= /usr/lib/systemd/system
PAMDIR ?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)/security
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNIX_CHKPWD ?= /usr/sbin/unix_chkpwd
WERROR ?=
SANITIZE ?=
V ?=
BOOT_CACHE ?= /var/cache/pam-emailotp-boot
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')
cc-option = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c - -o /dev/null 2>/dev/null && echo '$(1)')

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wformat=2 -Wundef -Wvla -Wcast-qual -Wcast-align -Wwrite-strings -Wpointer-arith \
	-Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes \
	-Wmissing-declarations -Wredundant-decls -Wnull-dereference \
	-Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion -Wdate-time \
	-Wno-missing-field-initializers -Wno-overlength-strings \
	$(call cc-option,-Wduplicated-cond) $(call cc-option,-Wduplicated-branches) \
	$(call cc-option,-Wlogical-op) $(call cc-option,-Walloca) \
	$(call cc-option,-Wstack-usage=16384) $(if $(WERROR),-Werror)
# Behind the caller's flags: a level of theirs is replaced without a warning.
FORTIFY := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
HARDEN := -fstack-protector-strong -fno-common -fno-strict-overflow \
	$(call cc-option,-fstack-clash-protection) $(call cc-option,-fcf-protection) \
	$(if $(SANITIZE),,$(call cc-option,-ftrivial-auto-var-init=zero) \
	$(call cc-option,-fzero-call-used-regs=used-gpr))
SAN := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DOTPD_SANITIZED)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. -I$(B) $(WARN) $(HARDEN) $(SAN) -fPIC -MMD -MP \
	$(CPPFLAGS) $(CFLAGS) $(FORTIFY)
LDFLAGS_ALL = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SAN) $(LDFLAGS)

SYSTEMD := $(shell pkg-config --exists libsystemd && echo yes)
CPPFLAGS += $(if $(SYSTEMD),-DHAVE_SYSTEMD)
LIBS_SYSTEMD := $(if $(SYSTEMD),-lsystemd)
LIBS_otpd := -lsqlite3 -luv -ljansson -lsodium -lconfuse -lseccomp $(LIBS_SYSTEMD)
LIBS_mail := -lm -lcurl -luv -ljansson -lsodium -lconfuse -lseccomp $(LIBS_SYSTEMD)
LIBS_ctl := -ljansson -lsodium -lresolv

objects = $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard $(1))))
UTIL := $(call objects,otpd/util/*.c)
PROTO := $(call objects,otpd/proto/*.c)
IDL := $(B)/obj/otpd/proto/idl.o
CONFIG := $(call objects,otpd/config/*.c)
SANDBOX := $(call objects,otpd/sandbox/*.c)
VARLINK := $(call objects,otpd/varlink/*.c) $(IDL)
CORE := $(call objects,otpd/core/*.c) $(B)/obj/otpd/core/common_passwords.o
STORE := $(call objects,otpd/store/*.c)
SERVER := $(call objects,otpd/server/*.c otpd/account/*.c)
MAIL := $(call objects,otpd/mail/*.c otpd/mail/*/*.c)
HOST := $(call objects,otpd/host/*.c)
CTL := $(call objects,otpd/ctl/*.c otpd/ctl/*/*.c) $(HOST)
ADDRESS := $(B)/obj/otpd/core/address.o
# The objects that the module shares with the daemons: libc only.
MODULE := $(call objects,pam_emailotp/*.c) $(B)/obj/otpd/util/text.o \
	$(B)/obj/otpd/util/parse.o $(B)/obj/otpd/proto/outcome.o
OTPD := $(B)/obj/otpd/otpd.o $(SERVER) $(STORE) $(CORE) $(VARLINK) $(SANDBOX) $(CONFIG) \
	$(PROTO) $(UTIL)
OTPD_MAIL := $(MAIL) $(VARLINK) $(SANDBOX) $(CONFIG) $(ADDRESS) $(PROTO) $(UTIL)
OTPCTL := $(CTL) $(B)/obj/pam_emailotp/options.o $(ADDRESS) \
	$(B)/obj/otpd/core/language.o $(B)/obj/otpd/core/event.o \
	$(PROTO) $(UTIL)
PROGRAMS := $(B)/otpd $(B)/otpd-mail $(B)/otpctl $(B)/pam_emailotp.so

.DELETE_ON_ERROR:
.PHONY: all
all: $(PROGRAMS) ## build everything into build/

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(B)/obj/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(B)/obj/pam_emailotp/password.o: CPPFLAGS += -DUNIX_CHKPWD='"$(UNIX_CHKPWD)"'

# The interface files, as strings.
$(B)/gen/otpd/proto/idl.c: $(wildcard otpd/proto/*.varlink)
	@mkdir -p $(@D)
	$(Q){ echo '#include "otpd/proto/idl.h"'; for f in $(sort $^); do \
		name=$$(basename $$f .varlink | sed 's/.*\.//' | tr A-Z a-z); \
		echo "const char idl_$$name[] ="; \
		sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; echo ';'; done; } >$@

# The list of common passwords, as an array.
$(B)/gen/otpd/core/common_passwords.c: otpd/core/common_passwords.txt
	@mkdir -p $(@D)
	$(Q){ echo '#include "otpd/core/common_passwords.h"'; \
		echo 'const char *const common_passwords[] = {'; \
		sed -n '/^[^#]/{s/[\\"]/\\&/g;s/.*/"&",/p}' $<; echo '};'; \
		echo 'const size_t common_passwords_count ='; \
		echo 'sizeof(common_passwords) / sizeof(common_passwords[0]);'; } >$@

$(B)/otpd: $(OTPD)
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(LIBS_otpd)

$(B)/otpd-mail: $(OTPD_MAIL)
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(LIBS_mail)

$(B)/otpctl: $(OTPCTL)
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ctl)

$(B)/pam_emailotp.so: $(MODULE) pam_emailotp/pam_emailotp.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(LDFLAGS_ALL) $(if $(SANITIZE),,-Wl,-z,defs) \
		-Wl,--version-script=pam_emailotp/pam_emailotp.map \
		$(call cc-option,-Wl$(comma)--no-undefined-version) -o $@ $(MODULE) -lpam


# Archives of everything but the programs' mains, for tests: the linker takes what a test
# names and what that needs, and nothing else. The programs have names in common, so a test
# is about one of them.
$(B)/test/libbase.a: $(CORE) $(VARLINK) $(SANDBOX) $(CONFIG) $(PROTO) $(UTIL)
$(B)/test/libotpd.a: $(SERVER) $(STORE)
$(B)/test/libmail.a: $(filter-out %/otpd_mail.o,$(MAIL))
$(B)/test/libctl.a: $(filter-out %/otpctl.o,$(CTL)) $(B)/obj/pam_emailotp/options.o
$(B)/test/libpam.a: $(call objects,pam_emailotp/*.c)
TEST_LIBS := $(patsubst %,$(B)/test/lib%.a,otpd mail ctl pam base)
$(TEST_LIBS):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The program that a test is about, by its name.
about = $(or $(if $(filter message% mail% report,$(1)),mail),$\
	$(if $(filter csv table advice wrap run edit setup pamstack pamwalk sshd doctor%,$(1)),ctl),$\
	$(if $(filter wire options result box,$(1)),pam),otpd)
LIBS_test := -lcheck -lsubunit -lcurl -lsqlite3 -luv -ljansson -lsodium -lconfuse -lseccomp \
	$(LIBS_SYSTEMD) -lpam -lm -lrt -lpthread -lresolv
link_test = $(CC) $(LDFLAGS_ALL) $(2) -o $@ $(filter %.o,$^) $(B)/test/lib$(call about,$(1)).a \
	$(B)/test/libbase.a $(LIBS_test)
$(B)/tests/unit/test_no_memory $(B)/tests/unit/test_message_no_memory: LDFLAGS_ALL += \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
$(B)/tests/unit/test_recover $(B)/tests/unit/test_enrol_login: LDFLAGS_ALL += \
	-Wl,--wrap=sqlite3_step,--wrap=password_compare
UNIT := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/test_*.c tests/batch/test_*.c)))

$(B)/tests/%: $(B)/obj/tests/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(call link_test,$(patsubst test_%,%,$(notdir $*)))

.PHONY: unit-tests
unit-tests: $(UNIT)


# The tests of the module inside libpam. -rdynamic: the drivers stand in for syslog(3).
# ASan stands in for crypt_r(3) only where libcrypt is there when the program starts.
LIBS_sanitized := $(if $(SANITIZE),-Wl$(comma)--no-as-needed -lcrypt)
PAM_HOST := $(call objects,tests/pam/host*.c tests/pam/fake_otpd.c)
$(B)/tests/pam/test_pam_table: $(B)/obj/tests/pam/test_pam_table.o $(PAM_HOST) \
	$(call objects,tests/pam/rows_*.c)
$(B)/tests/pam/test_pam_faults: $(B)/obj/tests/pam/test_pam_faults.o $(PAM_HOST)
$(B)/tests/pam/threads: $(call objects,tests/pam/threads.c tests/pam/fake_otpd.c)
$(B)/tests/pam/test_pam_table $(B)/tests/pam/test_pam_faults $(B)/tests/pam/threads:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -rdynamic $(LDFLAGS_ALL) -o $@ $^ -lpam -ldl -lpthread $(LIBS_sanitized)
$(B)/tests/pam/pam_authtok.so: $(B)/obj/tests/pam/pam_authtok.o
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -o $@ $^ -lpam
$(B)/obj/tests/pam/test_pam_faults.o: CPPFLAGS += $(if $(SANITIZE),-DSANITIZED)

.PHONY: pam-tests
pam-tests: $(B)/pam_emailotp.so $(B)/tests/pam/test_pam_table $(B)/tests/pam/test_pam_faults \
	$(B)/tests/pam/pam_authtok.so $(B)/tests/pam/threads

# ---- fuzzing

# Each harness in two forms: for libFuzzer, and with a main that replays the corpus.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
$(B)/fuzz/replay_%: $(B)/obj/tests/fuzz/replay_main.o $(B)/obj/tests/fuzz/fuzz_%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)$(call link_test,$*)
$(B)/fuzz/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)$(call link_test,$*,-fsanitize=fuzzer)

.PHONY: replays fuzzers
.PRECIOUS: $(B)/obj/%.o
replays: $(FUZZ:%=$(B)/fuzz/replay_%)
fuzzers: $(FUZZ:%=$(B)/fuzz/fuzz_%)

# ---- testing

SAN_B := $(B)/asan
TSAN_B := $(B)/tsan
# High-entropy addresses break the shadow memory of older ThreadSanitizers.
TSAN_RUN := setarch -R env \
	TSAN_OPTIONS=halt_on_error=1:suppressions=$(CURDIR)/tests/pam/tsan.supp
test-programs: $(PROGRAMS) unit-tests pam-tests replays $(B)/tests/tokens/token_tool
.PHONY: test-programs sanitized

sanitized:
	$(Q)$(MAKE) --no-print-directory B=$(SAN_B) SANITIZE=address,undefined CFLAGS='-O1 -g' \
		test-programs
	$(Q)$(MAKE) --no-print-directory B=$(TSAN_B) SANITIZE=thread CFLAGS='-O1 -g' \
		$(TSAN_B)/tests/batch/test_batch $(TSAN_B)/tests/pam/threads \
		$(TSAN_B)/pam_emailotp.so

# What is run on a build: $(1) is its directory, $(2) stands before the names.
on_build = \
	$(2)unit tests/programs $(1)/tests/unit : \
	$(2)batch $(1)/tests/batch/test_batch : \
	$(2)pam-table $(1)/tests/pam/test_pam_table $(1)/pam_emailotp.so \
		$(1)/tests/pam/pam_authtok.so : \
	$(2)pam-password tests/pam/password.sh $(1)/tests/pam/test_pam_table \
		$(1)/pam_emailotp.so $(1)/tests/pam/pam_authtok.so : \
	$(2)pam-faults $(1)/tests/pam/test_pam_faults $(1)/pam_emailotp.so \
		$(1)/tests/pam/pam_authtok.so : \
	$(2)pam-threads $(1)/tests/pam/threads $(1)/pam_emailotp.so : \
	$(2)corpora tests/fuzz/replay $(1)/fuzz : \
	$(2)ctl env OTPCTL=$(1)/otpctl /usr/bin/python3 tests/ctl/run.py : \
	$(2)mail env OTPD_MAIL=$(1)/otpd-mail /usr/bin/python3 tests/mail/run.py
# What it takes no sanitizer to find.
on_plain_build = $(call on_build,$(B),) : \
	units tests/units/run.py : \
	tokens env TOKEN_TOOL=$(B)/tests/tokens/token_tool /usr/bin/python3 tests/tokens/run.py : \
	web-clients tests/web/clients.py : \
	packaging /usr/bin/python3 tests/packaging/run.py

.PHONY: test check check-build check-system prove lint fuzz pictures
check-build: unit-tests replays ## of these, those that need nothing but the compiler
	$(Q)LOGS=$(B)/logs tests/run unit tests/programs $(B)/tests/unit : \
		batch $(B)/tests/batch/test_batch : corpora tests/fuzz/replay $(B)/fuzz
check: test-programs ## the tests of the plain build that need no ssh and no sudo
	$(Q)LOGS=$(B)/logs tests/run $(on_plain_build)
check-system: $(PROGRAMS) ## real sshd, sudo and SMTP; T=word for some of it
	$(Q)$(AS_ROOT) env B=$(B) T='$(T)' tests/system/run
lint: ## what a machine can check in the sources
	$(Q)tests/lint/run
test: test-programs sanitized ## everything, about ten minutes
	@mkdir -p $(B)/logs
	$(Q)$(AS_ROOT) env LOGS=$(B)/logs tests/run lint tests/lint/run : \
		builds tests/builds $(B) : export tests/pam/export.sh $(B)/pam_emailotp.so : \
		$(on_plain_build) : system env B=$(B) tests/system/run : \
		$(call on_build,$(SAN_B),asan-) : \
		asan-system env B=$(SAN_B) tests/system/run : \
		tsan-batch $(TSAN_RUN) $(TSAN_B)/tests/batch/test_batch : \
		tsan-pam-threads timeout -k 10 600 $(TSAN_RUN) $(TSAN_B)/tests/pam/threads \
		$(TSAN_B)/pam_emailotp.so

pictures: $(B)/otpd-mail ## every mail in headless Chromium, into build/pictures
	$(Q)B=$(B) /usr/bin/python3 tests/pictures/pictures.py $(PICTURES)

FUZZ_S ?= 60
KILLS ?= 1000
HOSTILE ?= 1000000
BACKUPS ?= 100
# Of each of 64 threads: 10,048.
SIGN_INS ?= 157
fuzz: ## libFuzzer on every harness for FUZZ_S seconds; extends the corpora
	$(Q)$(MAKE) --no-print-directory B=$(B)/fuzzers CC=clang CFLAGS='-O1 -g' \
		SANITIZE=fuzzer-no-link,address,undefined fuzzers
	$(Q)for f in $(FUZZ); do mkdir -p tests/fuzz/corpus/$$f; \
		$(B)/fuzzers/fuzz/fuzz_$$f -max_total_time=$(FUZZ_S) -print_final_stats=1 \
		tests/fuzz/corpus/$$f || exit 1; done
prove: test-programs sanitized ## the heavy tests: KILLS=1000, HOSTILE=1000000, BACKUPS=100, FUZZ_S=60 each
	$(Q)$(AS_ROOT) env B=$(B) KILLS=$(KILLS) HOSTILE=$(HOSTILE) BACKUPS=$(BACKUPS) \
		tests/system/run --prove
	$(Q)HOSTILE=$(HOSTILE) $(B)/tests/unit/test_message
	$(Q)$(AS_ROOT) $(B)/tests/pam/threads $(B)/pam_emailotp.so $(SIGN_INS)
	$(Q)$(AS_ROOT) $(TSAN_RUN) $(TSAN_B)/tests/pam/threads $(TSAN_B)/pam_emailotp.so \
		$(SIGN_INS)
	$(Q)$(MAKE) --no-print-directory boot SUITE=bookworm
	$(Q)$(MAKE) --no-print-directory boot SUITE=trixie
	$(Q)$(MAKE) --no-print-directory fuzz

# ---- speed

BENCH := $(call objects,tests/bench/*.c)
$(B)/bench: $(BENCH) $(STORE) $(CORE) $(PROTO) $(UTIL)
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ -lsqlite3 -ljansson -lsodium -lpam -lm \
		-lssl -lcrypto
# An otpd whose passwords cost nothing, so that the rest of a sign-in can be measured.
$(B)/obj/bench/password.o: otpd/core/password.c
	@mkdir -p $(@D)
	$(call say,CC,$< (cheap))
	$(Q)$(CC) $(CFLAGS_ALL) -DPASSWORD_MEMORY_KIB=8 -DPASSWORD_PASSES=1 -c -o $@ $<
$(B)/bench-otpd: $(filter-out %/core/password.o,$(OTPD)) $(B)/obj/bench/password.o
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(LIBS_otpd)
.PHONY: bench
bench: $(PROGRAMS) $(B)/bench $(B)/bench-otpd ## speed and memory, beside the peers
	$(Q)tests/bench/peers $(B)
	$(Q)$(AS_ROOT) $(B)/bench --build $(B)

# ---- demo

.PHONY: demo demo-shell
demo: $(PROGRAMS) ## watch a real ssh login ask for a mailed code
	$(Q)$(AS_ROOT) env B=$(B) /usr/bin/python3 tests/demo/demo.py
demo-shell: $(PROGRAMS) ## the same, left running for you to try
	$(Q)$(AS_ROOT) env B=$(B) /usr/bin/python3 tests/demo/demo.py --shell

# ---- installing

UNITS := $(wildcard conf/*.service conf/*.socket conf/*.timer)
.PHONY: install
install: $(PROGRAMS) ## install below $(DESTDIR)$(PREFIX); configuration files are kept
	install -D -m 755 $(B)/otpd $(DESTDIR)$(SBINDIR)/otpd
	install -D -m 755 $(B)/otpd-mail $(DESTDIR)$(SBINDIR)/otpd-mail
	install -D -m 755 $(B)/otpctl $(DESTDIR)$(BINDIR)/otpctl
	install -D -m 644 $(B)/pam_emailotp.so $(DESTDIR)$(PAMDIR)/pam_emailotp.so
	for f in templates/*; do install -D -m 644 $$f $(DESTDIR)$(DATADIR)/$$f; done
	install -D -m 644 conf/otpctl.bash $(DESTDIR)$(COMPLETIONDIR)/otpctl
	for f in otpd mail; do test -e $(DESTDIR)$(SYSCONFDIR)/otpd/$$f.conf || \
		install -D -m 644 conf/$$f.conf $(DESTDIR)$(SYSCONFDIR)/otpd/$$f.conf; done
	for f in $(UNITS); do \
		install -D -m 644 $$f $(DESTDIR)$(UNITDIR)/$${f#conf/}; done
	install -D -m 644 conf/otpd.sysusers $(DESTDIR)/usr/lib/sysusers.d/otpd.conf
	install -D -m 644 conf/otpd.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/otpd.conf
	for f in $(wildcard conf/apparmor/*); do \
		install -D -m 644 $$f $(DESTDIR)$(SYSCONFDIR)/apparmor.d/$${f##*/}; done
	for d in fail2ban logcheck; do test ! -d conf/$$d || for f in $$(cd conf && \
		find $$d -type f); do install -D -m 644 conf/$$f \
		$(DESTDIR)$(SYSCONFDIR)/$$f; done; done
	for f in $(wildcard conf/grafana/*); do \
		install -D -m 644 $$f $(DESTDIR)$(DATADIR)/$${f#conf/}; done
	for f in $$(cd conf && find examples -type f ! -name '*.pyc'); do \
		install -D -m 644 conf/$$f $(DESTDIR)$(DATADIR)/$$f; done
	for f in man/*.[578]; do \
		install -D -m 644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f#man/}; done

.PHONY: uninstall
uninstall: ## take away what install put there, but not configuration and data
	rm -f $(DESTDIR)$(SBINDIR)/otpd $(DESTDIR)$(SBINDIR)/otpd-mail \
		$(DESTDIR)$(BINDIR)/otpctl $(DESTDIR)$(PAMDIR)/pam_emailotp.so \
		$(DESTDIR)$(COMPLETIONDIR)/otpctl $(DESTDIR)/usr/lib/sysusers.d/otpd.conf \
		$(DESTDIR)/usr/lib/tmpfiles.d/otpd.conf
	rm -rf $(DESTDIR)$(DATADIR)/templates $(DESTDIR)$(DATADIR)/examples \
		$(DESTDIR)$(DATADIR)/grafana
	for f in $(wildcard conf/apparmor/*); do \
		rm -f $(DESTDIR)$(SYSCONFDIR)/apparmor.d/$${f##*/}; done
	cd conf && for f in $$(find . -path './fail2ban/*' -type f -o \
		-path './logcheck/*' -type f); do rm -f $(DESTDIR)$(SYSCONFDIR)/$$f; done
	for f in $(UNITS); do rm -f $(DESTDIR)$(UNITDIR)/$${f#conf/}; done
	for f in man/*.[578]; do rm -f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f#man/}; done

# ---- packaging

.PHONY: deb deb-check boot
deb: ## packages for this Debian, of what is committed, into build/deb
	$(Q)packaging/deb $(B)/deb
deb-check: ## built twice to the byte, lintian, piuparts
	$(Q)packaging/check $(B)/deb-check
boot: ## the packages on freshly booted machines; SUITE=bookworm or trixie, T=word
	$(Q)$(AS_ROOT) env SUITE='$(SUITE)' T='$(T)' BOOT_CACHE='$(BOOT_CACHE)' tests/boot/run

.PHONY: clean help
clean: ## remove build/
	$(AS_ROOT) rm -rf $(B)
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
