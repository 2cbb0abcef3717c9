# A machine needs make and Python 3.11. `make` without a target lists the targets.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
PYTEST := $(BIN)/python -m pytest $(if $(K),-k "$(K)")
# ISTIO=1.30 and ENVOY=1.38 choose the releases on the test mesh: tests/mesh/versions.py has those that there are.

# Where `make publish` puts the chart.
REGISTRY ?= oci://egressc.io/charts

.PHONY: help demo test mutants e2e mesh mesh-down bench ops lint release publish clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## compile and render values/hosts.yaml into build/, and print the fleet
	@mkdir -p build
	$(BIN)/egressc compile values/hosts.yaml -o build/values.yaml
	@helm=$$($(BIN)/python -m tests.tools helm) && PATH="$${helm%/*}:$$PATH" && set -x && \
	$(BIN)/egressc render values/hosts.yaml -o build/manifests.yaml
	@$(BIN)/egressc explain values/hosts.yaml

test: $(READY) ## run the tests that need no cluster; K=name selects tests
	$(BIN)/python -m tests.tools helm3 helm4 ct kubeconform istioctl kubectl schemas chromium registry crane promtool
	$(PYTEST) --numprocesses=2 --dist=worksteal -m "not mesh"

mutants: $(READY) ## try faults that a test must notice; MUTANTS=20 draws some each day, K=text selects them
	$(BIN)/python -m tests.tools helm4
	$(BIN)/python -m tests.mutants $(if $(MUTANTS),--draw $(MUTANTS)) $(if $(K),--only "$(K)")

e2e: mesh ## run the tests on the real cluster; K=name selects tests, SHORT=1 a few for each concern
	$(PYTEST) tests/mesh --numprocesses=2 -m $(if $(SHORT),short,mesh)

mesh: $(READY) ## start a real cluster on this machine (needs Debian and root); ISTIO=1.30, ENVOY=1.38 choose releases
	$(BIN)/python -m tests.mesh up

mesh-down: $(READY) ## stop the cluster and remove all that it left
	$(BIN)/python -m tests.mesh down

bench: $(READY) ## measure the speed of compiler and chart, and write build/bench.json
	@mkdir -p build
	$(BIN)/python -m tests.bench

ops: mesh ## measure what a fleet costs and survives, for two hours; M=lost measures a part
	$(BIN)/python -m tests.ops --istiod $(M)

lint: $(READY) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

release: $(READY) ## make all that is published in build/release/; VERSION=1.2.3, and KEY=name signs it
	@$(BIN)/python -m tests.tools helm4 >/dev/null
	@$(BIN)/python -m release "$(VERSION)" $(if $(KEY),--key "$(KEY)")

publish: $(READY) ## publish build/release/; UV_PUBLISH_TOKEN and `helm registry login` say who you are
	cd build/release && sha256sum --check --quiet SHA256SUMS
	@helm=$$($(BIN)/python -m tests.tools helm) && set -x && "$$helm" push build/release/*.tgz "$(REGISTRY)"
	$(BIN)/python -m uv publish build/release/*.whl build/release/*.tar.gz

clean: ## remove .venv and build/; the tools stay in the user's cache folder
	rm -rf .venv build

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("egressc needs Python 3.11 or newer and this is " + sys.version.split()[0] + ": make PYTHON=python3.11 …")'
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable .
	@touch $@
