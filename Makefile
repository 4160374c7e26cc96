# SPDX-License-Identifier: MIT
#
# Vigil is built by GNU make from this one file.
#
# Targets:
#
#   all        the command, the libraries, the examples (the default)
#   deps       install what demo and test need: with apt-get, as root or by sudo
#   demo       show a busy server in `vigil top`; printed if not on a terminal
#   test       build and run every test, on all processors (JOBS=1: one after the
#              other); the last line is "N passed, N failed"
#   bench      build the benchmarks and run them; BENCH_ARGS are handed on
#   lint       formatting, static analysis, shell scripts, who includes whom,
#              what completions know
#   fuzz       run every fuzz target FUZZ_SECONDS long
#   readers    export TRACE in every form and have it read by what it is meant for,
#              fetched from PyPI and crates.io
#   install    headers, libraries, command, pages, completions below PREFIX
#   uninstall  remove what install put there
#   clean      remove BUILD
#
# demo, test, lint and fuzz first do what deps does, each for itself.
#
# Variables, with what they are when not given:
#
#   V=              1: show whole command lines, and what passing tests print
#   DEV=            1: warnings are errors
#   SAN=            address, undefined, thread, or address,undefined: sanitized
#   BUILD=build     where results go; build-san-NAME with SAN=NAME
#   CC=cc           gcc or clang; CFLAGS, CPPFLAGS, LDFLAGS add to our own flags
#   DESTDIR=        install below this directory, as if it were /
#   PREFIX=/usr/local
#   BINDIR, INCLUDEDIR, LIBDIR, DATADIR, MANDIR, BASHDIR, ZSHDIR, FISHDIR
#                   below PREFIX, where Debian looks for such files
#   TESTS=          programs for test to run: TESTS="hot table"; default: all
#   BENCH_ARGS=     such as --json
#   DEMO_SECONDS=   how long demo loads its server at most: 600, or 4 off a terminal
#   FUZZ_SECONDS=60
#   TRACE=          the folder of a trace, for readers
#
# Results: build/vigil build/libvigil.so build/libvigil.a build/libvigil-lttng.so
# (only where LTTng's headers are) build/examples/* build/bench build/tests/*

VERSION := $(shell awk '$$2 == "VIGIL_VERSION" { gsub("\"", ""); print $$3 }' include/vigil/vigil.h)
SONAME = libvigil.so.0

V =
DEV =
SAN =
CFLAGS = -O2 -g
BUILD = build$(if $(SAN),-san-$(subst $(comma),-,$(SAN)))
comma = ,

PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
INCLUDEDIR = $(PREFIX)/include
LIBDIR = $(PREFIX)/lib
DATADIR = $(PREFIX)/share
MANDIR = $(DATADIR)/man
BASHDIR = $(DATADIR)/bash-completion/completions
ZSHDIR = $(DATADIR)/zsh/vendor-completions
FISHDIR = $(DATADIR)/fish/vendor_completions.d

TESTS =
BENCH_ARGS =
DEMO_SECONDS =
FUZZ_SECONDS = 60
TRACE =

# ---- What is built from what ----

LIB_SRCS = $(filter-out $(LTTNG_SRCS),$(wildcard libtrace/*.c))
LTTNG_SRCS = $(wildcard libtrace/tracepoints_lttng*.c)
CONSOLE_SRCS = $(filter-out console/main.c $(TRACE_WITHOUT) $(PROTO_WITHOUT), \
		 $(wildcard console/*.c console/*/*.c))
HTTPD_SRCS = $(wildcard examples/httpd/*.c)
RT_SRCS = $(wildcard examples/rt/*.c)
RT_HTTPD_SRCS = $(wildcard examples/rt_httpd/*.c) examples/httpd/parse.c
BENCH_SRCS = $(wildcard tests/bench/*.c)

OBJCOPY ?= objcopy
LIB_OBJS = $(LIB_SRCS:%.c=$(BUILD)/obj/%.o)
LTTNG_OBJS = $(LTTNG_SRCS:%.c=$(BUILD)/obj/%.o)
PROTOS = $(patsubst %.proto,$(BUILD)/proto/%.pb-c,$(wildcard console/*/*.proto))
CONSOLE_OBJS = $(CONSOLE_SRCS:%.c=$(BUILD)/obj/%.o) $(if $(HAVE_PROTOBUF),$(PROTOS:%=%.o))
HTTPD_OBJS = $(HTTPD_SRCS:%.c=$(BUILD)/obj/%.o)
RT_OBJS = $(RT_SRCS:%.c=$(BUILD)/obj/%.o)
BENCH_OBJS = $(BENCH_SRCS:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/tests/bench/subject-disabled.o

HAVE_LTTNG := $(shell $(CC) -include lttng/tracepoint.h -E -xc /dev/null >/dev/null 2>&1 && echo yes)
# Reading traces wants babeltrace2, recording them LTTng's control library: where one
# is missing, a file that says so takes the place of those that use it.
HAVE_BABELTRACE := $(shell pkg-config --exists babeltrace2 2>/dev/null && echo yes)
HAVE_LTTNG_CTL := $(shell pkg-config --exists lttng-ctl 2>/dev/null && echo yes)
TRACE_WITHOUT = $(if $(HAVE_BABELTRACE),console/trace/no_ctf.c,$(wildcard console/trace/ctf*.c)) \
		$(if $(HAVE_LTTNG_CTL),console/trace/no_session.c,$(wildcard console/trace/session*.c))
TRACE_LIBS := $(if $(HAVE_BABELTRACE),$(shell pkg-config --libs babeltrace2)) \
	      $(if $(HAVE_LTTNG_CTL),$(shell pkg-config --libs lttng-ctl))
# Perfetto's and pprof's forms want protobuf-c and its compiler.
HAVE_PROTOBUF := $(shell pkg-config --exists libprotobuf-c 2>/dev/null && \
			 command -v protoc-c >/dev/null && echo yes)
PROTO_WITHOUT = $(if $(HAVE_PROTOBUF),console/export/no_proto.c, \
		  $(wildcard console/export/proto_*.c) \
		  console/export/export_perfetto.c console/export/export_pprof.c)
PROTO_LIBS := $(if $(HAVE_PROTOBUF),$(shell pkg-config --libs libprotobuf-c))
LIBS = $(BUILD)/libvigil.so $(BUILD)/libvigil.a \
       $(if $(HAVE_LTTNG),$(if $(LTTNG_SRCS),$(BUILD)/libvigil-lttng.so))
COMMAND = $(patsubst console/main.c,$(BUILD)/vigil,$(wildcard console/main.c))
# Programs on the runtime in examples/rt; those that use SQLite only where it is.
RT_EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(filter-out $(SQLITE_WITHOUT), \
	      $(wildcard examples/patterns/*.c examples/bugs/*.c)))
EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c)) $(RT_EXAMPLES)
HAVE_SQLITE := $(shell pkg-config --exists sqlite3 2>/dev/null && echo yes)
SQLITE_WITHOUT = $(if $(HAVE_SQLITE),,$(SQLITE_SRCS))
SQLITE_SRCS = examples/patterns/repository.c
BENCH = $(if $(BENCH_SRCS),$(BUILD)/bench)

TEST_PROGRAMS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*.c))
TEST_HELPERS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/helpers/*.c)) \
	       $(patsubst %.c,$(BUILD)/tests/boardcat,$(wildcard tests/describe/boardcat.c))
FUZZERS = $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))
# What reads traces, for the fuzz target of that name.
TRACE_READER = $(wildcard $(addprefix console/trace/,apply.c beside.c ctf*.c feed.c keep.c \
	       pack.c process.c recording.c slice.c statedump.c trace.c \
	       trace_child.c))

all: $(LIBS) $(COMMAND) $(EXAMPLES)

.PHONY: all deps demo test bench lint fuzz readers install uninstall clean programs FORCE
.DELETE_ON_ERROR:
.SECONDARY:

# ---- How ----

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
SANITIZE = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
OWN_CFLAGS = -std=c11 -pthread $(WARNINGS) $(if $(DEV),-Werror) $(SANITIZE)
OWN_CPPFLAGS = -D_GNU_SOURCE -Iinclude -I. $(DISABLE)

COMPILE = $(CC) $(OWN_CPPFLAGS) $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS)
LINK = $(CC) -pthread $(SANITIZE) $(CFLAGS) $(LDFLAGS)

NCURSES_LIBS := $(shell pkg-config --libs ncursesw 2>/dev/null || echo -lncursesw -ltinfo)
LIB_LIBS = -ldl
CONSOLE_LIBS = $(NCURSES_LIBS) $(TRACE_LIBS) $(PROTO_LIBS) -lm

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' $(1) $@)

# Holds the flags of the last build: other flags build all again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(LDFLAGS)' | cmp -s - $@ || echo '$(COMPILE) $(LDFLAGS)' >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(PIC) -MMD -MP -c -o $@ $<

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)

# protoc-c's own code, with protobuf-c's idea of warnings.
$(BUILD)/proto/%.pb-c.c $(BUILD)/proto/%.pb-c.h: %.proto
	$(call say,PROTO)
	@mkdir -p $(BUILD)/proto
	$(Q)protoc-c --c_out=$(BUILD)/proto $<

$(BUILD)/proto/%.pb-c.o: $(BUILD)/proto/%.pb-c.c $(BUILD)/flags
	$(call say,CC)
	$(Q)$(COMPILE) -w -I$(BUILD)/proto -c -o $@ $<

# A static pattern: one without a recipe would add nothing.
PROTO_OBJS = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard console/export/proto_*.c))
$(PROTO_OBJS): private OWN_CPPFLAGS += -I$(BUILD)/proto/console/export
$(PROTO_OBJS): $(BUILD)/obj/console/export/proto_%.o: $(BUILD)/proto/console/export/%.pb-c.h

# ---- The libraries ----

# One relocatable object is made of them, which link-time optimisation cannot.
$(LIB_OBJS): private PIC = -fPIC -fvisibility=hidden -fno-lto
$(LTTNG_OBJS): private PIC = -fPIC

$(BUILD)/libvigil.so.$(VERSION): $(LIB_OBJS) libtrace/libvigil.map
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,libtrace/libvigil.map \
		-Wl,-z,nodelete \
		$(if $(SAN),,-Wl,-z,defs) -o $@ $(LIB_OBJS) $(LIB_LIBS)

$(BUILD)/$(SONAME): $(BUILD)/libvigil.so.$(VERSION)
	$(Q)ln -sf $(<F) $@

$(BUILD)/libvigil.so: $(BUILD)/$(SONAME)
	$(Q)ln -sf $(<F) $@

# One object in which only vigil_* is global: an archive of the objects as they
# are would put names like pool_take into every program.
$(BUILD)/libvigil.a: $(LIB_OBJS)
	$(call say,AR)
	$(Q)$(LD) -r -o $(BUILD)/libvigil.o $(LIB_OBJS)
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='vigil_*' $(BUILD)/libvigil.o
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(BUILD)/libvigil.o

$(BUILD)/libvigil-lttng.so: $(LTTNG_OBJS)
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-soname,$(@F).0 -o $@ $^ -llttng-ust $(LIB_LIBS)

# ---- The command and the examples ----

# The inside of the library: replays apply events with the functions that wrote them.
$(BUILD)/vigil: $(BUILD)/obj/console/main.o $(CONSOLE_OBJS) $(BUILD)/libtrace.a
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $(CONSOLE_LIBS) $(LIB_LIBS)

$(BUILD)/examples/httpd: $(HTTPD_OBJS)
$(BUILD)/examples/rt_httpd: $(RT_HTTPD_SRCS:%.c=$(BUILD)/obj/%.o)
$(RT_EXAMPLES) $(BUILD)/examples/rt_httpd: $(BUILD)/libexamplert.a
$(patsubst %.c,$(BUILD)/%,$(SQLITE_SRCS)): private LIB_LIBS += -lsqlite3
$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o $(BUILD)/libvigil.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o %rt.a,$^) $(BUILD)/libvigil.a $(LIB_LIBS)

# ---- Tests, benchmarks, fuzz targets ----

# What tests link: the insides of all three, without their main.
INSIDES = $(BUILD)/libconsole.a $(BUILD)/libhttpd.a $(BUILD)/libexamplert.a $(BUILD)/libtrace.a
$(BUILD)/libconsole.a: $(CONSOLE_OBJS)
$(BUILD)/libhttpd.a: $(HTTPD_OBJS)
$(BUILD)/libexamplert.a: $(RT_OBJS)
$(BUILD)/libtrace.a: $(LIB_OBJS)
$(INSIDES):
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# Sanitized tests bring a runner of their own; it says why.
TEST_RUNNER = $(if $(SAN),$(BUILD)/obj/tests/support/runner.o)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TEST_RUNNER) $(INSIDES)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcriterion $(CONSOLE_LIBS) $(LIB_LIBS)

$(BUILD)/tests/helpers/rt_load: $(BUILD)/libexamplert.a
$(BUILD)/tests/helpers/%: $(BUILD)/obj/tests/helpers/%.o $(BUILD)/libvigil.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o %rt.a,$^) $(BUILD)/libvigil.a $(LIB_LIBS)

# Knows a board by its description alone, so it cannot see our headers.
$(BUILD)/obj/tests/describe/boardcat.o: private OWN_CPPFLAGS = -D_GNU_SOURCE
$(BUILD)/tests/boardcat: $(BUILD)/obj/tests/describe/boardcat.o
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

# The program under test comes twice, the second time without instrumentation.
$(BUILD)/obj/tests/bench/subject-disabled.o: private DISABLE = -DVIGIL_DISABLE
$(BUILD)/obj/tests/bench/subject-disabled.o: tests/bench/subject.c $(BUILD)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# So do whole programs on the examples' runtime.
DISABLED = $(BUILD)/disabled/rt_load $(BUILD)/disabled/rt_httpd
$(BUILD)/disabled/obj/%.o: private DISABLE = -DVIGIL_DISABLE
$(BUILD)/disabled/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

-include $(wildcard $(BUILD)/disabled/obj/*/*.d $(BUILD)/disabled/obj/*/*/*.d)

$(BUILD)/disabled/rt_load: $(BUILD)/disabled/obj/tests/helpers/rt_load.o
$(BUILD)/disabled/rt_httpd: $(patsubst %.c,$(BUILD)/disabled/obj/%.o, \
			    examples/rt_httpd.c $(RT_HTTPD_SRCS))
$(DISABLED): $(RT_SRCS:%.c=$(BUILD)/disabled/obj/%.o)
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^

$(BUILD)/bench: $(BENCH_OBJS) $(BUILD)/libconsole.a $(BUILD)/libtrace.a \
		| $(LIBS) $(COMMAND) $(DISABLED) $(BUILD)/examples/rt_httpd \
		$(patsubst %,$(BUILD)/tests/helpers/%,trace_load poll_storm rt_load)
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $(CONSOLE_LIBS) $(LIB_LIBS)

# Compiled with the library in one go, for the fuzzer to see its branches.
$(BUILD)/fuzz/trace: $(TRACE_READER) $(wildcard console/trace/*.h)
$(BUILD)/fuzz/trace: private LIB_LIBS += $(TRACE_LIBS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIB_SRCS) $(wildcard include/vigil/* libtrace/*.h)
	$(call say,FUZZ)
	@mkdir -p $(@D)
	$(Q)clang $(OWN_CPPFLAGS) $(CPPFLAGS) -std=c11 -pthread -O1 -g $(WARNINGS) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^) $(LIB_LIBS)

programs: all $(TEST_PROGRAMS) $(TEST_HELPERS)

# ---- What people call ----

# demo, test, lint and fuzz start make anew: what was just installed may change what is built.

deps:
	@tests/deps.sh build test demo

demo:
	@tests/deps.sh build demo
	@$(MAKE) --no-print-directory all
	@DEMO_SECONDS='$(DEMO_SECONDS)' tests/demo.sh $(BUILD)

test:
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory programs
	@VERBOSE='$(V)' tests/run $(BUILD) \
		$(or $(TESTS),$(patsubst tests/%.c,%,$(wildcard tests/*.c)))

bench: $(BENCH)
	@$(BUILD)/bench $(BENCH_ARGS)

lint:
	@tests/deps.sh build lint
	@$(MAKE) --no-print-directory $(COMMAND)
	@tests/lint.sh $(BUILD)

fuzz:
	@tests/deps.sh build fuzz
	@$(MAKE) --no-print-directory $(FUZZERS)
	@tests/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(notdir $(FUZZERS))

readers: $(COMMAND)
	@tests/export-readers.sh $(BUILD)/vigil $(TRACE)

# ---- Installation ----

PAGES1 = $(wildcard console/*.1)
PAGES3 = $(wildcard libtrace/*.3)
PAGES5 = $(wildcard libtrace/*.5)
HEADERS = $(wildcard include/vigil/*)

# Every call that the headers declare as NAME.3:PAGE: the page whose NAME section has
# it, or has it without _at; vigil(3) has sites. The rest is of the reader or of the
# layout, whose pages say that their header is the manual.
define LINKS3_AWK
BEGIN { rest["reader.h"] = "vigil_reader.3"; rest["board.h"] = "../man5/vigil_board.5" }
FNR == 1 { file = FILENAME; sub(".*/", "", file) }
/^\.Sh/ { is_name = $$2 == "NAME" }
/^\.Nm/ && is_name || /^\.Fn/ && file == "vigil.3" { page[$$2] = file }
FILENAME ~ /[.]h$$/ {
	for (line = $$0; match(line, /vigil_[a-z0-9_]*[a-z0-9]\(/);) {
		call = substr(line, RSTART, RLENGTH - 1)
		line = substr(line, RSTART + RLENGTH)
		bare = call
		sub(/_at$$/, "", bare)
		to = call in page ? page[call] : bare in page ? page[bare] : rest[file]
		if (to && to != call ".3" && !done[call]++)
			print call ".3:" to
	}
}
endef
LINKS3 = $(shell awk '$(LINKS3_AWK)' $(PAGES3) $(filter %.h,$(HEADERS)))

install: all
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(INCLUDEDIR)/vigil $(LIBDIR)/pkgconfig \
		$(MANDIR)/man1 $(MANDIR)/man3 $(MANDIR)/man5 $(BASHDIR) $(ZSHDIR) $(FISHDIR))
	install -m 755 $(BUILD)/vigil $(DESTDIR)$(BINDIR)
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/vigil
	install -m 644 $(BUILD)/libvigil.a $(BUILD)/libvigil.so.$(VERSION) $(DESTDIR)$(LIBDIR)
	$(if $(HAVE_LTTNG),install -m 644 $(BUILD)/libvigil-lttng.so \
		$(DESTDIR)$(LIBDIR)/libvigil-lttng.so.0)
	ln -sf libvigil.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libvigil.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		libtrace/vigil.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/vigil.pc
	$(if $(PAGES1),install -m 644 $(PAGES1) $(DESTDIR)$(MANDIR)/man1)
	$(if $(PAGES3),install -m 644 $(PAGES3) $(DESTDIR)$(MANDIR)/man3)
	cd $(DESTDIR)$(MANDIR)/man3 && for link in $(LINKS3); do \
		ln -sf "$${link#*:}" "$${link%%:*}"; done
	$(if $(PAGES5),install -m 644 $(PAGES5) $(DESTDIR)$(MANDIR)/man5)
	install -m 644 console/completions/vigil.bash $(DESTDIR)$(BASHDIR)/vigil
	install -m 644 console/completions/_vigil $(DESTDIR)$(ZSHDIR)
	install -m 644 console/completions/vigil.fish $(DESTDIR)$(FISHDIR)
	$(if $(DESTDIR),,-ldconfig 2>/dev/null)

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/vigil $(DESTDIR)$(LIBDIR)/pkgconfig/vigil.pc \
		$(addprefix $(DESTDIR)$(LIBDIR)/libvigil,.a .so .so.0 .so.$(VERSION) -lttng.so.0) \
		$(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(PAGES1))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man3/,$(notdir $(PAGES3))) \
		$(foreach link,$(LINKS3),$(DESTDIR)$(MANDIR)/man3/$(firstword $(subst :, ,$(link)))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(PAGES5))) \
		$(DESTDIR)$(BASHDIR)/vigil $(DESTDIR)$(ZSHDIR)/_vigil $(DESTDIR)$(FISHDIR)/vigil.fish
	rm -rf $(DESTDIR)$(INCLUDEDIR)/vigil

clean:
	rm -rf $(BUILD)
