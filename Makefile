# Reprise: build, test and open the studio. `make` alone lists what there is.

LIBRARIES := libncurses-dev libopenblas-dev libsndfile1-dev libasound2-dev libespeak-ng-dev espeak-ng-data \
             libsoxr-dev libxxhash-dev libsqlite3-dev pkg-config
TEST_TOOLS := tmux ncurses-term util-linux python3 python3-pyte strace qemu-user libc6-dev-arm64-cross openmpi-bin

VOICE ?= samples/slt
REPRISE := .build/release/reprise
BENCH_ENVIRONMENT := .build/bench-environment
TEST_ENVIRONMENT := .build/test-environment

.PHONY: help studio build install stage deb package test crash-states interop sanitize interruptions two-hosts bench packages test-packages clean portable

help:
	@echo "make studio   install what is missing, build, open the studio on $(VOICE), training (VOICE=… for another)"
	@echo "make test     install what is missing, build, run all tests"
	@echo "make interruptions COUNT=1000   build, interrupt training that often at random, compare with training straight"
	@echo "make build    install what is missing, build $(REPRISE)"
	@echo "make install  build, install under $(PREFIX) (PREFIX=… for elsewhere, DESTDIR=… to pack it)"
	@echo "make deb      build, make a Debian package of it in .build"
	@echo "make crash-states EFFORT=250   power losses and damage by the hundred thousand, in memory"
	@echo "make two-hosts train on two network namespaces as two hosts, kill one, cut the cable; needs root"
	@echo "make sanitize the kernels' tests with addresses and undefined behaviour checked"
	@echo "make interop  read exported checkpoints, voices and adapters with the stock libraries of Python"
	@echo "make bench    build, install PyTorch in a throw-away environment, print how many times as fast $(REPRISE) is"
	@echo "make clean    remove what was built"

studio: build
	$(REPRISE) $(VOICE)

build: packages
	swift build -c release --product reprise

# The program lives in lib/reprise with the parts of Swift that it needs: no toolchain is wanted where it runs.
PREFIX ?= /usr/local
DESTDIR ?=
PLACE := $(DESTDIR)$(PREFIX)
install: build
	@$(MAKE) --no-print-directory stage

stage:
	install -d $(PLACE)/bin $(PLACE)/lib/reprise $(PLACE)/share/reprise $(PLACE)/share/man/man1 \
		$(PLACE)/share/bash-completion/completions $(PLACE)/share/zsh/site-functions $(PLACE)/share/fish/vendor_completions.d \
		$(PLACE)/share/doc/reprise
	install -s -m 755 $(REPRISE) $(PLACE)/lib/reprise/reprise
	ldd $(REPRISE) | awk '$$3 ~ "/swift/linux/" { print $$3 }' | xargs install -m 644 -t $(PLACE)/lib/reprise
	ln -sfn ../lib/reprise/reprise $(PLACE)/bin/reprise
	cp -R themes $(PLACE)/share/reprise/
	tar -c --exclude=checkpoints --exclude='journal.sqlite*' --exclude=takes --exclude=.lock samples | \
		tar -x -C $(PLACE)/share/reprise --no-same-owner
	ln -sfn ../../share/reprise/samples $(PLACE)/lib/reprise/samples
	install -m 644 LICENSE README.md $(PLACE)/share/doc/reprise
	$(REPRISE) manual | gzip -9n >$(PLACE)/share/man/man1/reprise.1.gz
	$(REPRISE) --generate-completion-script bash >$(PLACE)/share/bash-completion/completions/reprise
	$(REPRISE) --generate-completion-script zsh >$(PLACE)/share/zsh/site-functions/_reprise
	$(REPRISE) --generate-completion-script fish >$(PLACE)/share/fish/vendor_completions.d/reprise.fish

# What the program is linked with, and the data that espeak-ng reads.
VERSION := 1.0.0
DEPENDS := libncursesw6, libopenblas0, libsndfile1, libasound2, libespeak-ng1, espeak-ng-data, libsoxr0, libxxhash0, \
           libsqlite3-0, libstdc++6, libc6
PACKAGE := .build/reprise_$(VERSION)_$(shell dpkg --print-architecture).deb
deb: build
	@$(MAKE) --no-print-directory package

package: STAGE := .build/package
package:
	rm -rf $(STAGE)
	@$(MAKE) --no-print-directory stage DESTDIR=$(STAGE) PREFIX=/usr
	install -d $(STAGE)/DEBIAN
	printf 'Package: reprise\nVersion: $(VERSION)\nArchitecture: %s\nMaintainer: Reprise\nSection: sound\nPriority: optional\nDepends: %s\nInstalled-Size: %s\nDescription: Terminal studio that trains voice-cloning models on a CPU\n Trains a few-shot voice-cloning model on an ordinary CPU and never loses a step of it.\n' \
		"$$(dpkg --print-architecture)" '$(DEPENDS)' "$$(du -sk $(STAGE) | cut -f 1)" >$(STAGE)/DEBIAN/control
	dpkg-deb --root-owner-group -Zgzip --build $(STAGE) $(PACKAGE)

test: packages test-packages portable
	swift build -c release --build-tests
	swift test -c release --skip-build

# PRESET=nano COUNT=20 takes some ten minutes.
COUNT ?= 1000
PRESET ?= tiny
interruptions: packages test-packages
	swift build -c release --build-tests
	REPRISE_INTERRUPTIONS=$(COUNT) REPRISE_INTERRUPTION_PRESET=$(PRESET) swift test -c release --skip-build --filter InterruptionTests

# Power losses and bit flips by the hundred thousand: EFFORT multiplies what `make test` does of them.
EFFORT ?= 250
crash-states: packages test-packages
	swift build -c release --build-tests
	mkdir -p .build && echo $(EFFORT) > .build/effort
	swift test -c release --skip-build --filter "CrashStateTests|IntegrityTests"; status=$$?; rm -f .build/effort; exit $$status

# Two hosts that are network namespaces of this one, made for it and taken away again.
two-hosts: build
	@$(call install,openmpi-bin iproute2 util-linux python3)
	python3 -B Tests/Hosts/two_hosts.py $(REPRISE)

# The kernels' tests under the address sanitizer, then with undefined behaviour trapped in the C. No XCTest, which would
# run none of them and leak.
sanitize: packages
	swift build -c release --sanitize=address --scratch-path .build/address --build-tests
	swift test -c release --sanitize=address --scratch-path .build/address --skip-build --disable-xctest \
		--filter TensorTests
	swift build -c release -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined --scratch-path .build/undefined --build-tests
	swift test -c release -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined --scratch-path .build/undefined \
		--skip-build --disable-xctest --filter TensorTests

# A checkpoint of the bundled voice exported in every way, and one of adapters on it, each read by the stock library; PEFT
# merges the adapters as Reprise does. It shares its environment with `make bench`.
INTEROP := .build/interop
PYTHON := $(BENCH_ENVIRONMENT)/bin/python -B
interop: build $(BENCH_ENVIRONMENT)/ready
	$(PYTHON) -m pip install -q safetensors peft
	rm -rf $(INTEROP) && mkdir -p $(INTEROP) && cp -r samples/slt $(INTEROP)/slt && cp -r samples/slt $(INTEROP)/adapted
	$(REPRISE) train $(INTEROP)/slt --steps 4
	$(REPRISE) checkpoints $(INTEROP)/slt export HEAD $(INTEROP)/folder
	$(REPRISE) checkpoints $(INTEROP)/slt export HEAD $(INTEROP)/file.safetensors --single-file
	$(PYTHON) Tests/Reference/check_interop.py $(INTEROP)/folder
	$(PYTHON) Tests/Reference/check_interop.py $(INTEROP)/file.safetensors
	$(REPRISE) checkpoints $(INTEROP)/slt import $(INTEROP)/file.safetensors
	for weights in float32 bfloat16 int8; do $(REPRISE) checkpoints $(INTEROP)/slt export HEAD \
		$(INTEROP)/$$weights.safetensors --for synthesis --weights $$weights || exit 1; done
	$(PYTHON) Tests/Reference/check_speech.py $(INTEROP)/float32.safetensors $(INTEROP)/bfloat16.safetensors \
		$(INTEROP)/int8.safetensors
	printf '[base]\nvoice = "%s"\n[lora]\nrank = 4\nsovits_targets = ["enc_p", "flow"]\n' '$(abspath $(INTEROP))/slt' \
		>>$(INTEROP)/adapted/voice.toml
	$(REPRISE) train $(INTEROP)/adapted --steps 4
	$(REPRISE) checkpoints $(INTEROP)/adapted export HEAD $(INTEROP)/peft --peft
	$(REPRISE) checkpoints $(INTEROP)/adapted export HEAD $(INTEROP)/frozen
	$(REPRISE) checkpoints $(INTEROP)/adapted export HEAD $(INTEROP)/merged.safetensors --for synthesis
	$(PYTHON) Tests/Reference/check_peft.py $(INTEROP)/peft $(INTEROP)/frozen $(INTEROP)/merged.safetensors

# BENCH passes options on, such as BENCH="--quick --only v2-sovits-1"; see Tests/Reference/compare.py.
bench: build $(BENCH_ENVIRONMENT)/ready
	$(BENCH_ENVIRONMENT)/bin/python -B Tests/Reference/check_reference.py >&2
	$(BENCH_ENVIRONMENT)/bin/python -B Tests/Reference/compare.py $(BENCH)

# PIP_INDEX_URL chooses where from: PyTorch's own index of builds for CPUs only sends a tenth of the bytes.
$(BENCH_ENVIRONMENT)/ready:
	@$(call environment,$(BENCH_ENVIRONMENT))
	@echo "Installing PyTorch in $(BENCH_ENVIRONMENT), which takes some minutes"
	@$(BENCH_ENVIRONMENT)/bin/pip install -q torch numpy
	@touch $@

# The kernels' C for another processor: that it compiles is all that is asked.
portable: test-packages
	@clang="$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang"; \
	for file in Sources/CKernels/*.c; do \
		"$$clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -ISources/CKernels/include -O1 -Wall -Werror \
			-c $$file -o /dev/null || exit 1; \
	done; echo "the kernels compile for aarch64"

packages:
	@$(call install,$(LIBRARIES))

test-packages: $(TEST_ENVIRONMENT)/ready
	@$(call install,$(TEST_TOOLS))

# What reads TensorBoard's files in a test.
$(TEST_ENVIRONMENT)/ready:
	@$(call environment,$(TEST_ENVIRONMENT))
	@echo "Installing TensorBoard in $(TEST_ENVIRONMENT)"
	@$(TEST_ENVIRONMENT)/bin/pip install -q --no-compile tensorboard
	@touch $@

clean:
	rm -rf .build

# Says which Debian packages are missing, then installs them; does nothing when all are there.
define install
missing=""; \
for package in $(1); do \
	dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
	echo "Reprise needs these Debian packages, which are about to be installed with apt-get:$$missing"; \
	root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
fi
endef

# Makes an empty, throw-away environment of Python's in a folder.
define environment
python3 -c 'import ensurepip, venv' 2>/dev/null || { $(call install,python3-venv); }; \
python3 -m venv --clear $(1)
endef
