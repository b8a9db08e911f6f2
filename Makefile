# Everything here works on a fresh machine with nothing but python3 (3.11 or newer) and pip:
# the first target that needs it makes and fills .venv.

PYTHON ?= python3
BIN := .venv/bin
FILLED := .venv/.filled
# Tests and snapshots run in a clean environment: NO_COLOR and TEXTUAL_THEME change pictures, and a
# snapshot report prints every variable it finds.
CLEAN := env -i PATH="$(CURDIR)/$(BIN):$$PATH" HOME="$$HOME" LANG=C.UTF-8 CI="$$CI"

.PHONY: run test test-long check bench simulate mutants torture interop format proto clean

run: $(FILLED)  ## open the console on the rehearsal
	@$(BIN)/alguna-console rehearse

test: $(FILLED)  ## pass the tests
	@$(CLEAN) $(BIN)/python -m pytest -n 5 --dist loadfile -q -m "not long"

test-long: $(FILLED)  ## those that kill, wait or measure for a minute, or repeat at length what a quicker one shows
	@$(CLEAN) $(BIN)/python -m pytest -q -m long -o timeout=3600

check: $(FILLED)  ## format, lint, types, allowed directions, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@$(MAKE) --no-print-directory test

bench: $(FILLED)  ## measure, as ratios in one run; also written to bench/results.json
	@$(CLEAN) $(BIN)/python -m bench

torture: $(FILLED)  ## N kills at random moments of a console that syncs while both sides are edited; then both are compared
	@$(CLEAN) $(BIN)/python -m bench.torture --kills $(or $(N),200)

simulate: $(FILLED)  ## play N seeds of a world that goes wrong (SEED=... one of them, FILE=... those of a file)
	@$(CLEAN) $(BIN)/python -m tests.simulation --seeds $(or $(N),1000) $(if $(SEED),--seed $(SEED)) $(if $(FILE),--file $(FILE))

mutants: $(FILLED)  ## change the planner in two thousand small ways and list what no test notices
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group mutants
	@CI=1 $(BIN)/mutmut run
	@$(BIN)/mutmut results

interop: $(FILLED)  ## Salesforce clients of other languages, as they are, against the rehearsal (needs Node.js and npm; Java if there)
	@for each in node npm; do command -v $$each > /dev/null \
	    || { echo "make interop needs $$each: install Node.js 18 or newer with npm, from https://nodejs.org" >&2; exit 1; }; done
	@cd tests/interop && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null
	@node tests/interop/jsforce.mjs $(CURDIR)/$(BIN)/python
	@if command -v java > /dev/null; then java tests/interop/PlainJava.java $(CURDIR)/$(BIN)/python; \
	    else echo "java is not installed: its client was left out"; fi

format: $(FILLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

EVENTBUS := console/salesforce/eventbus
proto: $(FILLED)  ## generate the Pub/Sub API's messages, once for the client and once for the rehearsal, which share no code
	@for there in $(EVENTBUS) console/rehearsal/salesforce/eventbus; do \
	    $(BIN)/python -m grpc_tools.protoc -I $(EVENTBUS) --python_out=$$there --pyi_out=$$there pubsub_api.proto; done

clean:
	rm -rf .venv dist build bench/results.json

$(FILLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv (once) ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(FILLED)
