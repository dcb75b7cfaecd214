# Reprise: build, test and open the studio. `make` alone lists what there is.

LIBRARIES := libncurses-dev libopenblas-dev libsndfile1-dev libasound2-dev libespeak-ng-dev espeak-ng-data \
             libsoxr-dev libxxhash-dev libsqlite3-dev pkg-config
TEST_TOOLS := tmux util-linux python3

VOICE ?= samples/slt
REPRISE := .build/release/reprise

.PHONY: help studio build test packages test-packages clean

help:
	@echo "make studio   install what is missing, build, open the studio on $(VOICE), training (VOICE=… for another)"
	@echo "make test     install what is missing, build, run all tests"
	@echo "make build    install what is missing, build $(REPRISE)"
	@echo "make clean    remove what was built"

studio: build
	$(REPRISE) $(VOICE)

build: packages
	swift build -c release --product reprise

test: packages test-packages
	swift build -c release --build-tests
	swift test -c release --skip-build

packages:
	@$(call install,$(LIBRARIES))

test-packages:
	@$(call install,$(TEST_TOOLS))

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
