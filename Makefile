# Everything a person or a CI job runs on this collection. `make help` lists it.
# The machine needs make, git and one Python (3.11 or later, with venv); the rest goes to .venv/ and build/.

# The first Python here that runs, is new enough and can make a virtual environment (a pyenv shim may exist and yet not run).
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)

ENDPOINTS ?= build/simulator/endpoints.json
TENANTS ?= 1

BIN := $(CURDIR)/.venv/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
COLLECTION := build/collections/ansible_collections/entra/cba

export PATH := $(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export ANSIBLE_HOME := $(CURDIR)/build/ansible
# Ansible wants UTF-8; Python sees to that unless LC_ALL forbids it.
ifneq ($(filter C POSIX,$(LC_ALL)),)
export LC_ALL := C.UTF-8
endif
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/build/cache/hypothesis

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo simulator test shortfaults lint unit integration sanity matrix faults peers bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/demo.stamp $(COLLECTION) ## make .venv and build/collections, enough to run playbooks

demo: setup ## set up, then run the main job against the simulator: create, again, drift, repair, audit
	@$(BIN)/python tests/demo/run.py

simulator: setup ## run the simulator until Ctrl-C; ENDPOINTS=file (written once it serves) TENANTS=n
	@mkdir -p $(dir $(ENDPOINTS))
	@PYTHONPATH=$(CURDIR)/tests exec $(BIN)/python -m simulator --endpoints $(ENDPOINTS) --tenants $(TENANTS)

test: lint unit integration shortfaults sanity ## all checks: lint, unit, integration, faults in the short form, sanity

shortfaults:
	@$(MAKE) --no-print-directory faults FEW=--few

lint: .venv/test.stamp $(COLLECTION) ## ruff, mypy, ansible-lint, antsibull-docs, antsibull-changelog
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/ansible-lint
	$(BIN)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self --check-extra-docs-refs .
	$(BIN)/antsibull-changelog lint

unit: .venv/test.stamp $(COLLECTION) ## tests of single parts, without Ansible
	$(BIN)/python -m pytest tests/unit

integration: .venv/test.stamp $(COLLECTION) ## tests through ansible-playbook against the simulator
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup tests/integration

sanity: .venv/test.stamp ## ansible-test sanity: all tests, on each Python there is
	PYTHONPATH=tests $(BIN)/python -m tooling.sanity

matrix: .venv/test.stamp ## unit and integration on each supported ansible-core, or one: CORE=2.18
	$(BIN)/nox $(if $(CORE),--session core-$(CORE))

faults: .venv/test.stamp $(COLLECTION) ## every write by every fault, races, hostile inputs; FEW=--few for the short form
	PYTHONPATH=tests:build/collections $(BIN)/python -m faults.run $(FEW)
	PYTHONPATH=tests:build/collections $(BIN)/python -m faults.race --rounds $(if $(FEW),20,100)
	PYTHONPATH=tests:build/collections $(BIN)/python -m faults.inputs

peers: build/peers/peers.stamp ## Microsoft's own client library against the simulator (390 MB to install)
	build/peers/bin/python -m pytest tests/peers

bench: .venv/test.stamp $(COLLECTION) ## time the collection; a table, and the same as JSON
	$(BIN)/python tests/benchmarks/run.py

docs: .venv/docs.stamp $(COLLECTION) ## the documentation as HTML, in build/docs/build/html
	@mkdir -p build/docs && chmod go-w build/docs
	$(BIN)/antsibull-docs sphinx-init --use-current --squash-hierarchy --lenient --title entra.cba --dest-dir build/docs entra.cba
	build/docs/build.sh

clean: ## remove all that was made
	rm -rf .venv build

.venv/venv.stamp:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or later with venv found; name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/demo.stamp: tests/requirements/demo.txt tests/requirements/simulator.txt meta/ee-requirements.txt .venv/venv.stamp
	@echo 'Installing Ansible and the simulator into .venv'
	@$(PIP_INSTALL) -r tests/requirements/demo.txt
	@touch $@

.venv/test.stamp: tests/requirements/test.txt tests/requirements/pytest.txt .venv/demo.stamp
	@echo 'Installing the tools that check into .venv'
	@$(PIP_INSTALL) -r tests/requirements/test.txt
	@touch $@

.venv/docs.stamp: tests/requirements/docs.txt .venv/test.stamp
	@echo 'Installing the documentation tools into .venv'
	@$(PIP_INSTALL) -r tests/requirements/docs.txt
	@touch $@

build/peers/peers.stamp: tests/peers/requirements.txt
	@$(PYTHON) -m venv --clear build/peers
	@echo 'Installing the client libraries into build/peers'
	@build/peers/bin/python -m pip install -qq --disable-pip-version-check -r tests/peers/requirements.txt
	@touch $@

# Ansible and Python find the collection under its full name; the link points back to this directory.
$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@
