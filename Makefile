# The commands of the house. `make run` and `make test` need Python 3.11+ and nothing else.
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SHELL := /bin/bash -o pipefail
VENV := .venv
BIN := $(VENV)/bin
LAID := $(VENV)/.laid
CODE := actions api bench bot civic commands core integrations migrations nlu tests web
PROCESSES := auto
SHARED := -n $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run setup options parkapi assets model test test-channels check bench bench-cases bench-channels bench-nlu bench-parking bench-air bench-arrears lock format clean

run: setup
	@./sinmungo serve

setup: $(LAID)

# The environment is laid again when the lock changes; every wheel is checked against its hash.
$(LAID): requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 이상이 필요합니다. (Python 3.11+ is needed.)" >&2; exit 1; }
	@echo "실행 환경을 만듭니다. 처음 한 번, 1~3분쯤 걸립니다. (Laying the environment, once.)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps -r requirements.lock | \
		grep --line-buffered -E '^(Collecting|Installing|Successfully)' | cut -c1-100
	@touch $(LAID)

# Kiwi's morphemes and sentence vectors, for a pipeline that names them: 250 MB that the default does without.
options: $(VENV)/.options

$(VENV)/.options: requirements.options.lock $(LAID)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps \
		-r requirements.options.lock | grep --line-buffered -E '^(Collecting|Installing|Successfully)' | cut -c1-100
	@touch $@

# Converters of parkapi-sources, which pins other versions than we do, in an environment of their own (165 MB; ADR 30).
parkapi: var/parkapi/.laid

var/parkapi/.laid: requirements.parkapi.lock $(LAID)
	@rm -rf var/parkapi && mkdir -p var/parkapi
	@$(BIN)/python -m venv var/parkapi/venv
	@var/parkapi/venv/bin/python -m pip install --disable-pip-version-check --require-hashes --no-deps \
		-r requirements.parkapi.lock | grep --line-buffered -E '^(Collecting|Installing|Successfully)' | cut -c1-100
	@touch $@

# The browser tests look at the pages as they are served: with the design system's fonts and tokens, and axe-core.
assets: setup
	@$(BIN)/python -m web.assets

# A process a core, at most four; a module's tests stay together. `make test PROCESSES=0` runs all in one.
test: assets model
	@$(BIN)/python -m pytest $(SHARED)

model: setup
	@$(BIN)/python -m tests.trained

# Vendors' specifications under Prism, their Node SDKs, real servers: what others wrote and our lock does not hold.
test-channels: setup parkapi
	@$(BIN)/python -m tests.counterparts.install
	@$(BIN)/python -m tests.counterparts.synapse
	@$(BIN)/python -m tests.counterparts.telemelya
	@$(BIN)/python -m pytest -m counterpart tests/counterparts $(ARGS)

check: assets model
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(SHARED)

bench: setup
	@$(BIN)/python -m bench

# The case desk with a million cases, built once (some minutes) and kept in var/bench: reads, searches, filing, plans.
bench-cases: setup
	@$(BIN)/python -m bench.cases $(ARGS)

# Channels: acknowledgements at 200/s, 100,000 notices at the provider's limit, replies meanwhile (about five minutes).
bench-channels: setup
	@$(BIN)/python -m bench.channels $(ARGS)

# The language engine beside a real Rasa and public sets. Rasa is trained once (most of an hour), then reused.
bench-nlu: setup
	@$(BIN)/python -m bench.language $(ARGS)

# Parking: forecasts on two real series (PARKING_SERIES names their folder), lots as they grow tenfold, the nearest five.
bench-parking: setup
	@$(BIN)/python -m bench.parking $(ARGS)

# Air: sensors' seconds and the running index, a station's year, bytes a value; ARGS=ingest for one part.
bench-air: setup
	@$(BIN)/python -m bench.air $(ARGS)

# Arrears: a million bills imported, debtors looked up among them, and more; ARGS=import_bills for one part.
bench-arrears: setup
	@$(BIN)/python -m bench.arrears $(ARGS)

format: setup
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# Hashes and versions only: the lock names no index.
lock: setup
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev -q -o requirements.lock pyproject.toml

	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group options -c requirements.lock -q -o requirements.options.lock

	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-q -o requirements.parkapi.lock requirements.parkapi.in

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
