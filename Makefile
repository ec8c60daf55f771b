# SPDX-License-Identifier: GPL-3.0-or-later
# make            build            make check      build and test
# make demo       a first report   make lint       style, floors, analysers
# make cluster    a study on a Slurm of its own (root)
# make browser    reports in a real browser
# make receivers  exports, read by what they are for
# make latex      tables, in papers that LaTeX compiles
# make rig        in virtual machines with real kernel interfaces
# make trixie     build and tests on the next Debian, in a tree of their own
# make coverage   do intervals hold the truth?
# make install DESTDIR= PREFIX=/usr/local          VARIANT=release|debug|san
VERSION := 0.1.0
VARIANT ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
B := build/$(VARIANT)

# "make rig SHELL=1" means a shell in a guest, not the shell of make.
ifeq ($(SHELL),1)
override SHELL := /bin/sh
RIG_SHELL := shell
endif

ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
# WITH_CURL=0 leaves the instruments out that are read over HTTP.
WITH_CURL ?= 1
# WITH_GPIOD=0 leaves meters out whose pulses come in by a GPIO line.
WITH_GPIOD ?= 1
# WITH_LIBUSB=0 leaves meters out that are asked over USB without a driver.
WITH_LIBUSB ?= 1
# WITH_SQLITE=0 leaves studies out, WITH_RMATH=0 what needs distributions.
WITH_SQLITE ?= 1
WITH_RMATH ?= 1
# WITH_ARCHIVE=0 leaves out packing and reading archives.
WITH_ARCHIVE ?= 1
# WITH_HTML=0 leaves out reports as pages, and what draws their charts.
WITH_HTML ?= 1
JS_DIR ?= /usr/share/javascript
DYGRAPHS_JS := $(JS_DIR)/dygraphs/dygraph.min.js
CHART_JS := $(firstword $(wildcard $(JS_DIR)/chart.js/chart.min.js \
	$(JS_DIR)/chart.js/Chart.min.js) $(JS_DIR)/chart.js/chart.min.js)
PKGS := jansson libconfuse nettle $(if $(filter 1,$(WITH_CURL)),libcurl) \
	$(if $(filter 1,$(WITH_GPIOD)),libgpiod) \
	$(if $(filter 1,$(WITH_LIBUSB)),libusb-1.0) \
	$(if $(filter 1,$(WITH_SQLITE)),sqlite3) \
	$(if $(filter 1,$(WITH_RMATH)),libRmath) \
	$(if $(filter 1,$(WITH_ARCHIVE)),libarchive)

# Which of its two APIs.  (GPIOD_API is a macro of the older one's header.)
EP_GPIOD := $(shell $(PKG_CONFIG) --atleast-version=2.0 libgpiod 2>/dev/null && echo 2 || echo 1)

ifeq ($(filter $(VARIANT),release debug san),)
$(error VARIANT=$(VARIANT): use release, debug or san)
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
	-Wold-style-definition -Wpointer-arith -Wcast-align -Wcast-qual \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
	-Wswitch-enum -Wdouble-promotion -Wfloat-equal -Wredundant-decls \
	-Wnull-dereference
ifeq ($(DEV),1)
WARN += -Werror
endif

OPT_release := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPT_debug   := -O0 -g3 -fstack-protector-strong
OPT_san     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
LINK_san    := -fsanitize=address,undefined

CPPFLAGS += -D_GNU_SOURCE -I. -DEP_WITH_CURL=$(WITH_CURL) \
	-DEP_WITH_GPIOD=$(WITH_GPIOD) -DEP_GPIOD=$(EP_GPIOD) \
	-DEP_WITH_LIBUSB=$(WITH_LIBUSB) \
	-DEP_WITH_SQLITE=$(WITH_SQLITE) -DEP_WITH_RMATH=$(WITH_RMATH) \
	-DEP_WITH_HTML=$(WITH_HTML) -DEP_WITH_ARCHIVE=$(WITH_ARCHIVE) \
	-DEP_DYGRAPHS_JS='"$(DYGRAPHS_JS)"' -DEP_CHART_JS='"$(CHART_JS)"' \
	-DEP_VERSION='"$(VERSION)"' \
	-DEP_SHARE_DIR='"$(PREFIX)/share/edgeprof"'
EP_CFLAGS := -std=c11 -g $(OPT_$(VARIANT)) -fno-common -fPIE \
	-ffp-contract=off $(WARN) $(CFLAGS)
EP_LDFLAGS := -pie -Wl,-z,relro,-z,now $(LINK_$(VARIANT)) $(LDFLAGS)
# Evaluated when first used, so that "make deps" runs before they exist.
HAS_PKGS = $(shell $(PKG_CONFIG) --exists $(PKGS) && \
	echo '\#include <perfmon/pfmlib.h>' | $(CC) $(CPPFLAGS) -E - >/dev/null && echo yes)
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(if $$(HAS_PKGS),,$$(error \
	of gcc, pkg-config and the headers of $(PKGS) libpfm4 \
	something is missing; "make deps" installs it))$$(patsubst \
	-I%/R/include,-isystem%/R/include,$$(shell \
	$(PKG_CONFIG) --cflags $(PKGS))))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKG_LIBS)
LIBS = $(PKG_LIBS) -lpfm -lm -lpthread -ldl

FLOORS := base drivers sensors runners profiler
NO_CURL := $(if $(filter 1,$(WITH_CURL)),,drivers/http% sensors/plug% \
	sensors/homeassistant% profiler/export/push% \
	tests/unit/test_http% tests/unit/test_plug% \
	tests/unit/test_homeassistant%)
NO_GPIOD := $(if $(filter 1,$(WITH_GPIOD)),,drivers/gpio% sensors/gpio_pulse% \
	tests/unit/test_gpio% tests/unit/support_gpiod%)
NO_SQLITE := $(if $(filter 1,$(WITH_SQLITE)),,profiler/study/store% \
	profiler/study/execut% profiler/study/collect% \
	profiler/study/task% profiler/study/slurm% profiler/study/parallel% \
	profiler/cli/sweep% \
	tests/unit/test_store% tests/unit/support_store%)
NO_HTML := $(if $(filter 1,$(WITH_HTML)),,profiler/report/html% \
	tests/unit/test_html%)
NO_ARCHIVE := $(if $(filter 1,$(WITH_ARCHIVE)),,profiler/export/archive% \
	tests/unit/test_archive%)
LIB_SRCS := $(filter-out profiler/cli/main.c runners/demo/% $(NO_CURL) $(NO_GPIOD) $(NO_SQLITE) \
	$(NO_HTML) $(NO_ARCHIVE), \
	$(sort $(wildcard base/*.c drivers/*.c sensors/*.c runners/*.c \
	profiler/*/*.c)))
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/%.o)
HEADERS := $(sort $(wildcard base/*.h drivers/*.h sensors/*.h runners/*.h \
	runners/demo/*.h profiler/*/*.h))
UNIT_SRCS := $(filter-out $(NO_CURL) $(NO_GPIOD) $(NO_SQLITE) $(NO_HTML) $(NO_ARCHIVE),$(sort $(wildcard tests/unit/test_*.c)))
UNIT_BINS := $(UNIT_SRCS:%.c=$(B)/%)
SUPPORT_SRCS := $(filter-out $(NO_GPIOD) $(NO_SQLITE),$(sort $(wildcard tests/unit/support_*.c)))
SUPPORT_OBJS := $(SUPPORT_SRCS:%.c=$(B)/%.o)
# One program per file; each may use the library and tests/sim/support.
SIM_BINS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/sim/*.c)))
SIM_SUPPORT_SRCS := $(sort $(wildcard tests/sim/support/*.c))
SIM_SUPPORT_OBJS := $(SIM_SUPPORT_SRCS:%.c=$(B)/%.o)
# What programs load by themselves (a library that stands for a vendor's).
SIM_LIBS := $(patsubst %.c,$(B)/%.so,$(sort $(wildcard tests/sim/lib/*.c)))
SIM_LIB_OBJS := $(SIM_LIBS:.so=.pic.o) $(patsubst %,$(B)/tests/sim/support/%.pic.o,\
	profile nvml_sim)
BENCH_BINS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/*.c)))
FUZZ_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS := $(FUZZ_SRCS:%.c=$(B)/%)
FUZZ_CLANG := $(FUZZ_SRCS:tests/fuzz/%.c=build/fuzz/%)
DEMO_SRCS := $(sort $(wildcard runners/demo/*.c))
DEMO_OBJS := $(DEMO_SRCS:%.c=$(B)/%.o)
MAN := $(patsubst docs/%.scd,$(B)/man/%,$(sort $(wildcard docs/*.scd)))
ifeq ($(shell command -v scdoc),)
MAN := no-man
endif

all: $(B)/edgeprof $(B)/infer $(MAN)

no-man:
	@echo "the man pages are left out: scdoc is missing; \"make deps\" installs it"

# A build id that changes with the code, so that derived files made by another
# build are known to be outdated.
$(B)/build_id: FORCE
	@mkdir -p $(@D)
	@printf '%s-%s\n' '$(VERSION)' \
		"$$(cat $(LIB_SRCS) $(HEADERS) | cksum | tr ' ' '-')" >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/base/version.o: CPPFLAGS += -DEP_BUILD='"$(shell cat $(B)/build_id 2>/dev/null)"'
$(B)/base/version.o: $(B)/build_id
# Another PREFIX, so that what is installed looks for its boards there.
$(B)/share_dir: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)/share/edgeprof' | cmp -s - $@ || \
		echo '$(PREFIX)/share/edgeprof' >$@
$(B)/sensors/board_find.o $(B)/drivers/perf_arch.o: $(B)/share_dir
FORCE:

# What is embedded as it is.
$(B)/runners/suite.o: $(wildcard runners/suites/*.csv)
$(B)/profiler/report/html_assets.o: $(wildcard profiler/report/html/*) \
	$(DYGRAPHS_JS) $(CHART_JS)
$(DYGRAPHS_JS) $(CHART_JS):
	@echo "$@ is missing; \"make deps\" installs it, WITH_HTML=0 builds without" >&2
	@false

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(EP_CFLAGS) -MMD -MP -c $< -o $@

# The transformer's inner loops are what the demo is about.
$(B)/runners/demo/%.o: EP_CFLAGS += -O3

$(B)/libedgeprof.a: $(LIB_OBJS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/edgeprof: $(B)/profiler/cli/main.o $(B)/libedgeprof.a
	$(CC) $(EP_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/infer: $(DEMO_OBJS)
	$(CC) $(EP_LDFLAGS) -o $@ $^ -lm -lpthread

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(SUPPORT_OBJS) $(B)/libedgeprof.a
	$(CC) $(EP_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka
# Simulated devices whose driver is an ioctl.
UMOCKDEV_SIMS := $(B)/tests/sim/vcio $(B)/tests/sim/i2c $(B)/tests/sim/usbtmc $(B)/tests/sim/fnirsi \
	$(B)/tests/sim/powerz
$(UMOCKDEV_SIMS:=.o): EP_CFLAGS += $(shell $(PKG_CONFIG) --cflags umockdev-1.0 2>/dev/null)
$(UMOCKDEV_SIMS): LIBS += $(shell $(PKG_CONFIG) --libs umockdev-1.0 2>/dev/null)
$(B)/tests/sim/%: $(B)/tests/sim/%.o $(SIM_SUPPORT_OBJS) $(B)/libedgeprof.a
	$(CC) $(EP_LDFLAGS) -o $@ $^ $(LIBS)
$(B)/%.pic.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(EP_CFLAGS) -fPIC -MMD -MP -c $< -o $@
$(B)/tests/sim/lib/%.so: $(B)/tests/sim/lib/%.pic.o \
		$(filter $(B)/tests/sim/support/%,$(SIM_LIB_OBJS))
	$(CC) $(LINK_$(VARIANT)) $(LDFLAGS) -shared -o $@ $^ -lm
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libedgeprof.a
	$(CC) $(EP_LDFLAGS) -o $@ $^ $(LIBS)
# Without libFuzzer the corpus is replayed by a main of our own.
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/libedgeprof.a
	$(CC) $(EP_LDFLAGS) -o $@ $^ $(LIBS)
build/fuzz/%: tests/fuzz/%.c $(LIB_SRCS) $(HEADERS)
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(PKG_CFLAGS) -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined \
		-o $@ $< $(LIB_SRCS) $(LIBS)

$(B)/man/%: docs/%.scd
	@mkdir -p $(@D)
	scdoc <$< >$@.new && mv $@.new $@

deps:
	@sh .ci/deps build

deps-check:
	@sh .ci/deps check

deps-lint:
	@sh .ci/deps lint

deps-cluster:
	@sh .ci/deps cluster

deps-rig:
	@sh .ci/deps rig

deps-trixie:
	@sh .ci/deps trixie

deps-browser:
	@sh .ci/deps browser

deps-receivers:
	@sh .ci/deps receivers

deps-latex:
	@sh .ci/deps latex

demo: deps
	@$(MAKE) --no-print-directory -s VARIANT=$(VARIANT) all
	@sh runners/demo/demo.sh $(B)

tests: all $(UNIT_BINS) $(SIM_BINS) $(SIM_LIBS) $(FUZZ_BINS) \
	$(B)/tests/bench/make_hour

check: deps-check
	@$(MAKE) --no-print-directory VARIANT=$(VARIANT) tests
	@sh tests/run.sh $(B)

lint: deps-lint
	@sh tests/lint/run.sh

cluster: deps-cluster
	@$(MAKE) --no-print-directory VARIANT=release all
	@sh tests/cluster/run.sh build/release

# Reports in a real browser; screenshots are in build/browser.
browser: deps-browser
	@$(MAKE) --no-print-directory VARIANT=release all build/release/tests/bench/make_hour
	@sh tests/browser/run.sh build/release

# Exports, judged by promtool, InfluxDB, OTLP's definitions and Perfetto's format.
receivers: deps-receivers
	@$(MAKE) --no-print-directory VARIANT=release all
	@sh tests/receivers/run.sh build/release

# Tables in papers; these and their pictures are in build/latex.
latex: deps-latex
	@$(MAKE) --no-print-directory VARIANT=release all build/release/tests/sim/make_run
	@sh tests/latex/run.sh build/release

# A Raspberry Pi 5, Jetsons, a PC: virtual machines with Debian's own kernel.
# SHELL=1 with ARCH=arm64|amd64 drops into one.
rig: deps-rig
	@$(MAKE) --no-print-directory VARIANT=release all build/release/tests/sim/um_meter
	@ARCH=$(ARCH) sh tests/rig/run.sh build/release $(or $(RIG_SHELL),$(ARCH))

# The last commit, built and tested on Debian trixie; SUITE=forky the one after.
SUITE ?= trixie
trixie: deps-trixie
	@sh tests/trixie/run.sh $(SUITE)

bench: deps-check
	@$(MAKE) --no-print-directory VARIANT=release all \
		$(patsubst %.c,build/release/%,$(wildcard tests/bench/*.c tests/sim/*.c))
	@sh tests/bench/run.sh build/release

# What the intervals promise, over 10000 simulated runs of each scenario.
coverage: deps-check
	@$(MAKE) --no-print-directory VARIANT=release build/release/tests/unit/test_coverage
	@EDGEPROF_COVERAGE_RUNS=10000 build/release/tests/unit/test_coverage

# T seconds for each target.
T ?= 60
fuzz: deps-lint
	@$(MAKE) --no-print-directory $(FUZZ_CLANG)
	@sh tests/fuzz/run.sh $(T)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/share/edgeprof/boards \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5
	install -m 0755 $(B)/edgeprof $(DESTDIR)$(PREFIX)/bin/
	install -m 0755 $(B)/infer $(DESTDIR)$(PREFIX)/bin/edgeprof-demo-infer
	install -m 0644 runners/edgeprof.h $(DESTDIR)$(PREFIX)/include/
	install -m 0644 $(filter-out %.md,$(wildcard boards/*)) \
		$(DESTDIR)$(PREFIX)/share/edgeprof/boards/
	set -e; for m in $(filter-out no-man,$(MAN)); do \
		install -m 0644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/; \
	done

clean:
	rm -rf build

.PHONY: all no-man deps deps-check deps-lint deps-cluster deps-browser deps-latex \
	deps-receivers deps-rig deps-trixie demo tests check lint cluster browser latex receivers \
	rig trixie bench fuzz install clean FORCE
.SECONDARY:
-include $(LIB_OBJS:.o=.d) $(DEMO_OBJS:.o=.d) $(SUPPORT_OBJS:.o=.d) \
	$(SIM_SUPPORT_OBJS:.o=.d) $(SIM_LIB_OBJS:.o=.d) \
	$(UNIT_BINS:=.d) $(SIM_BINS:=.d) $(BENCH_BINS:=.d) $(FUZZ_BINS:=.d) \
	$(B)/profiler/cli/main.d $(B)/tests/fuzz/replay.d
