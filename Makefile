# `make help` lists the targets. Everything builds optimized: numeric Swift without it is too slow to test.
SWIFT_FLAGS ?= -c release
# Where Scripts/setup.sh puts Swift.
export PATH := $(CURDIR)/.toolchain/usr/bin:$(PATH)
# No test needs @testable, so tests link the very objects that `build` made.
TEST := python3 Scripts/check/test.py $(SWIFT_FLAGS) --disable-testable-imports
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
BENCH ?= --publish
CURVE ?= --minis --publish
QUANTIZERS ?= --publish
BIN := .build/release/pocketclip
PYTHON_TEST := .venv-test/bin/python
PYTHON_BUILD := .venv-python/bin/python

.PHONY: help setup check-setup build demo test test-fast test-numeric lint format check-layers check-scripts runtime \
        check-runtime check-limits check-isas python python-test check-docs sanitize bundle-fixtures conformance parity \
        census \
        check-exports fuzz fuzz-coverage bench bench-builds bench-formats install clean ci ci-full

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install the system packages (Debian, Ubuntu) and, if there is none, Swift into .toolchain
	@sh Scripts/setup.sh

check-setup: ## test Scripts/setup.sh without network or root
	@sh Scripts/setup.sh curl gpg gpg-agent gpgv
	@Scripts/check/test-setup.sh

build: ## build the command line
	swift build $(SWIFT_FLAGS) --product pocketclip

demo: build ## convert the trained mini to int8, verify it, classify an image
	@sh Scripts/demo.sh $(BIN)

test: ## run every test; TEST_FLAGS=--verbose prints each one
	@$(TEST) $(TEST_FLAGS)

test-fast: ## run the tests that need no large model
	@$(TEST) --skip ParityTests $(TEST_FLAGS)

test-numeric: ## run the numeric test suites on each kernel set of OpenBLAS and on the portable product
	@sh Scripts/check/test-numeric.sh

lint: ## check formatting
	swift format lint --strict --recursive Sources Tests Examples Package.swift

format: ## format the sources
	swift format --in-place --recursive Sources Tests Examples Package.swift

check-scripts: ## test the scripts that tests depend on
	@python3 -m unittest discover -s Scripts/check -p '*_tests.py'

check-layers: ## check that imports follow the layers
	@$(TEST) --filter LayeringTests

runtime: ## build dist/lib/libpocketclip.so, its header and pkg-config file; fails above the size limit
	@Scripts/build/build-runtime.sh

check-runtime: runtime build ## test the shipped library: same bits in C and Swift, after fork, under affinity, on each ISA; no allocation per call
	@Scripts/check/check-runtime.sh

check-limits: build ## run every command without threads and with little address space
	@sh Scripts/check/check-limits.sh $(BIN)

.PHONY: check-images
check-images: build ## give small image files that request much memory to embed: status, time and memory of each
	@python3 Scripts/check/check_images.py $(BIN)

.PHONY: check-json
check-json: build ## read every JSON output with a strict parser, with every Unicode scalar in it
	@python3 Scripts/check/check_json.py $(BIN)

check-isas: ## compare the kernels of every instruction set with scalar, those of other processors under qemu-user
	@sh Scripts/setup.sh qemu-user libc6-dev-arm64-cross
	@Scripts/check/check-isas.sh

sanitize: ## stress the runtime with 8 threads under the address, undefined-behaviour and thread sanitizers
	@Scripts/check/sanitize.sh

$(PYTHON_TEST):
	python3 -m venv .venv-test
	.venv-test/bin/pip install --quiet --require-hashes --no-deps -r Scripts/environments/locks/test.lock

$(PYTHON_BUILD):
	python3 -m venv .venv-python
	.venv-python/bin/pip install --quiet --require-hashes --no-deps -r Scripts/environments/locks/python.lock

dist/lib/libpocketclip.so: $(shell find Sources -name '*.swift' -o -name '*.[ch]' -o -name '*.def')
	@Scripts/build/build-runtime.sh

python: dist/lib/libpocketclip.so $(PYTHON_BUILD) ## build dist/pocketclip-*.whl, checked by mypy --strict
	@sh Scripts/build/build-python.sh $(PYTHON_BUILD)

python-test: build dist/lib/libpocketclip.so $(PYTHON_TEST) ## test the Python package over the runtime of `make runtime`
	@POCKETCLIP=$(CURDIR)/$(BIN) POCKETCLIP_LIBRARY=$(CURDIR)/dist/lib/libpocketclip.so PYTHONPATH=Python/src \
	  $(PYTHON_TEST) -m unittest discover -s Python/tests

check-docs: build dist/lib/libpocketclip.so $(PYTHON_TEST) ## run every command that the documentation prints; DOCS=--all adds the slow ones
	@python3 Scripts/check/check_docs/test_check_docs.py
	@python3 Scripts/check/check_docs/check_docs.py $(BIN) $(PYTHON_TEST) $(DOCS)

bundle-fixtures: ## rewrite the committed bundles after a change of the draft format
	@Scripts/golden/bundle-fixtures.sh

conformance: build $(PYTHON_TEST) ## check the bundles with an independent reader in Python; check NumPy's synthetic weights
	@sh Scripts/check/conformance.sh $(BIN) $(PYTHON_TEST)

parity: build ## verify all nine variants against their golden files (minutes)
	@python3 Scripts/check/parity.py $(BIN)

census: build ## check that every malformed file, and those that request far more than their size, is refused in time; CENSUS='--write docs/SAFETY.md' writes the tables
	@python3 Scripts/check/census.py $(BIN) $(CENSUS)
	@python3 Scripts/check/census_amplification.py $(BIN) $(CENSUS)

check-exports: build runtime ## open exports with transformers, open_clip and ONNX Runtime; EXPORTS='--large' adds full size
	@Scripts/environments/venv-onnx.sh
	.venv-onnx/bin/python Scripts/check/check_exports.py $(EXPORTS)

.PHONY: check-onnx
check-onnx: build ## change ONNX graphs in many ways: each is refused, or gives ONNX Runtime's vectors
	@Scripts/environments/venv-onnx.sh
	.venv-onnx/bin/python Scripts/check/check_onnx.py

.PHONY: check-layouts
check-layouts: build ## read the checkpoint layouts that people have: the library's vectors, or an error whose advice works
	@Scripts/environments/venv-layouts.sh
	.venv-layouts/bin/python Scripts/check/check_layouts.py

.PHONY: check-differential
check-differential: ## compare the readers with libhdf5 and the Python libraries; DIFFERENTIAL='hdf5 --files 100000' for more, DIFFERENTIAL=tokenizers for token ids
	@Scripts/check/differential.sh $(DIFFERENTIAL)

.PHONY: check-official
check-official: build ## test Scripts/check/official.sh against a server on the loopback interface; needs no network
	@python3 Scripts/check/test_official.py $(BIN)

fuzz: ## fuzz every parser for FUZZ_SECONDS each
	@sh Scripts/check/fuzz.sh all --seconds $(FUZZ_SECONDS)

fuzz-coverage: ## list the lines of the parsers that the fuzzer's inputs reach, by folder
	@sh Scripts/check/fuzz-coverage.sh

bench: runtime build ## compare with other engines, write docs/benchmarks.md; BENCH='--case b32-image' prints one case
	@Scripts/environments/venv-peers.sh
	PYTHONPATH=Benchmarks .venv-peers/bin/python -m peers $(BENCH)

bench-builds: build ## race two builds of the library in pairs: OLD=old.so NEW=new.so RACE='--case b32-image'
	@Scripts/environments/venv-peers.sh
	PYTHONPATH=Benchmarks .venv-peers/bin/python -m peers.builds $(OLD) $(NEW) $(RACE)

.PHONY: bench-images
bench-images: build ## JPEG files to vectors, compared with decoding alone: BUNDLE=b32.pclip IMAGES='--rounds 7 --threads 2'
	@Scripts/environments/venv-test.sh
	PYTHONPATH=Benchmarks $(PYTHON_TEST) -m images $(BUNDLE) $(IMAGES)

.PHONY: bench-profile
bench-profile: ## shares of time of each operation, on one thread, with perf: PROFILE='b32.pclip rn50.pclip --batch 8'
	python3 Benchmarks/profile.py $(PROFILE)

.PHONY: bench-quantizers
bench-quantizers: build ## compare int8 with that of ONNX Runtime and OpenVINO, write docs/QUANTIZATION.md; QUANTIZERS='--model mini-vit' prints one model
	@Scripts/environments/venv-peers.sh
	PYTHONPATH=Benchmarks .venv-peers/bin/python -m peers.quantizers $(QUANTIZERS)

.PHONY: curve
curve: build ## cosine beside zero-shot decisions over precisions and bit widths; CURVE='my.pt --images FOLDER -o NAME' measures yours
	@Scripts/environments/venv-goldens.sh
	PYTHONPATH=Benchmarks .venv-goldens/bin/python -m curve $(CURVE)

.PHONY: check-curve
check-curve: build $(PYTHON_TEST) ## run the curve on a mini, without PyTorch; compare the peers' calibration items with the built-in ones
	@Scripts/check/check-curve.sh $(BIN) $(PYTHON_TEST)

bench-formats: build ## convert full-size checkpoints of every format, print the table of docs/FORMATS.md
	Benchmarks/formats/run.sh

install: dist/lib/libpocketclip.so ## build and install a static pocketclip, the runtime library and the header
	swift build -c release --product pocketclip --static-swift-stdlib --scratch-path .build-static
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 .build-static/release/pocketclip $(DESTDIR)$(PREFIX)/bin/pocketclip
	install -d $(DESTDIR)$(PREFIX)/share/doc/pocketclip
	install -m 644 LICENSE NOTICE THIRD_PARTY.md LICENSES/static-swift.txt $(DESTDIR)$(PREFIX)/share/doc/pocketclip/
	cp -R dist/lib dist/include $(DESTDIR)$(PREFIX)/

clean: ## remove built files; the downloaded .toolchain stays
	rm -rf .build .build-* dist .venv-test .venv-python

ci: ## run the checks of .ci/run
	@bash .ci/run

ci-full: ## ci, then checks that take more time or large environments: peers, exports, sanitizers, fuzzers
	@bash .ci/run --full
