# Leadline. `make` alone lists what there is.

SWIFT ?= swift
# A module imports only what it declares, and so only from the floors below its own.
BUILD_FLAGS := -c release --explicit-target-dependency-import-check error
# Tests use what is public, so that they run on the very objects that ship.
LEADLINE := .build/release/leadline

.DEFAULT_GOAL := help
.PHONY: help install build test conformance fuzz demo lint format race emulate arm64 lanes rolling allocations \
    c-client python-client clean

help: ## this list
	@echo "Leadline: predictive lead scoring as fast infrastructure."
	@echo
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1	/' | expand -t 24
	@echo
	@echo "  make demo LEADS=leads.csv LABEL=converted [POSITIVE=yes] [ID=lead_id] [DATE=created]"
	@echo "            [EXCLUDE='column,another'] [MISSING='unknown,n/a'] [BATCH=2000]"
	@echo "                        the same on your own leads"

install: ## install the Debian packages that are missing
	@.ci/install

build: install ## build the release binary: .build/release/leadline
	$(SWIFT) build $(BUILD_FLAGS)

test: install ## run all tests
	$(SWIFT) test $(BUILD_FLAGS) --disable-testable-imports

conformance: install ## compare models that others trained with their libraries, by format
	@.ci/conformance

fuzz: install ## try all that reads files or a peer's bytes with broken ones, FUZZ_SECONDS (60) each
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' .ci/fuzz

demo: build ## train, serve over TLS HTTP/2, score thousands of leads, and stop
	@LEADLINE='$(LEADLINE)' LEADS='$(LEADS)' LABEL='$(LABEL)' POSITIVE='$(POSITIVE)' ID='$(ID)' DATE='$(DATE)' \
	    EXCLUDE='$(EXCLUDE)' MISSING='$(MISSING)' .ci/demo

lint: ## check the form of the code
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format: ## put the code in form
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

race: install ## the snapshot exchange under the thread sanitizer
	.ci/race

emulate: install ## the tests on emulated processors: without AVX, and with AVX2
	.ci/emulate $(TARGETS)

arm64: install ## the evaluator on an emulated arm64 processor, bit for bit
	.ci/arm64

lanes: install ## the intrinsics of AVX-512 and AVX2 against plain C
	.ci/lanes

rolling: build ## rolling restarts and publications behind HAProxy, under load
	@LEADLINE='$(LEADLINE)' .ci/rolling

allocations: build ## what a request allocates, beside a budget
	@LEADLINE='$(LEADLINE)' .ci/allocations

c-client: build ## leadline.h and its tests; examples in C, Java and Rust against a server
	@LEADLINE='$(LEADLINE)' .ci/c-client

python-client: build ## install the Python client in an environment of its own and test it against the binary
	@LEADLINE='$(LEADLINE)' .ci/python-client

clean: ## remove what was built and what the demo made
	rm -rf .build .build-* demo
