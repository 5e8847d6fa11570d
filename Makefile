# leadscore: build, try, test, install. `make help` lists the targets.

SWIFT ?= swift
PREFIX ?= /usr/local
SIZE ?= small
# The Swift runtime goes into the program, so that the installed file runs on machines without a toolchain; and so does
# that of C++, on which it stands, where there is an archive of it: a command starts in three quarters of the time then.
ARCHIVES := .build/archives
RELEASE_FLAGS := -c release --static-swift-stdlib -Xlinker -L$(ARCHIVES) -Xswiftc -Xclang-linker -Xswiftc -static-libgcc
ifeq ($(shell uname -s),Darwin)
RELEASE_FLAGS := -c release
endif
BIN := .build/release
# What the benchmark measures against, beside the sqlite3 shell.
RUNS ?= 3
BENCH_VENV := .build/bench-venv
BENCH_PEER := duckdb==2.0.0
SOURCES := Package.swift Sources Tests

.DEFAULT_GOAL := help
.PHONY: help build demo test lint format bench profile install uninstall clean prepare archives

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prepare: # See that the headers of SQLite, zlib and libyaml are there
	@sh Sources/CSQLite/prepare.sh

archives: # See that the linker finds the archive of C++'s runtime before the shared library
	@mkdir -p $(ARCHIVES); for compiler in clang cc; do \
	  path=$$($$compiler -print-file-name=libstdc++.a 2>/dev/null); \
	  if test -f "$$path"; then ln -sf "$$path" $(ARCHIVES)/; break; fi; done

build: prepare archives ## Build the release program, .build/release/leadscore
	$(SWIFT) build $(RELEASE_FLAGS) --product leadscore
	$(SWIFT) build $(RELEASE_FLAGS) --product ScoreBench

demo: build ## Make a sample database and walk through it, in under a minute after the build
	@BIN=$(BIN) sh examples/demo/demo.sh

test: prepare ## Run all tests
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

lint: ## Check the format of all Swift files
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format: ## Format all Swift files
	$(SWIFT) format --in-place --recursive $(SOURCES)

bench: build ## Measure beside SQLite and DuckDB (SIZE=tiny|small|medium|large, RUNS=3)
	@test -x $(BENCH_VENV)/bin/python3 && $(BENCH_VENV)/bin/python3 -c 'import duckdb' 2>/dev/null || \
	  { python3 -m venv $(BENCH_VENV) && $(BENCH_VENV)/bin/pip install --quiet $(BENCH_PEER); } || \
	  echo 'make bench: no $(BENCH_PEER) here; its rows stay empty' >&2
	@python=$(BENCH_VENV)/bin/python3; test -x $$python || python=python3; \
	  $(BIN)/ScoreBench run --size $(SIZE) --runs $(RUNS) --python $$python --json .build/bench-$(SIZE).json

profile: build ## Count instructions by kind of work and part of the program (SIZE=tiny|small; needs valgrind)
	@$(BIN)/ScoreBench workload .build/profile-$(SIZE) --size $(SIZE)
	@python3 examples/bench/instructions.py $(BIN)/leadscore .build/profile-$(SIZE) .build/profile

install: build ## Install the program into PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN)/leadscore $(DESTDIR)$(PREFIX)/bin/leadscore

uninstall: ## Remove the program from PREFIX
	rm -f $(DESTDIR)$(PREFIX)/bin/leadscore

clean: ## Remove everything that was built
	rm -rf .build demo
