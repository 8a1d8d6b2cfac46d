PYTHON ?= python3
VENV_PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
# without bytecode each worker and each child process of the tests would compile everything anew
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run stop setup setup-tests test soak lint format translations styles docs bench lock bench-lock vectors-lock peers vectors clean reset

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run:  ## Set up what is missing, start everything, print the address; Ctrl-C ends it
	@$(PYTHON) run.py

stop:  ## End the running Kuaidan of this folder
	@$(PYTHON) run.py --stop

setup:  ## Set up what `make run` needs, start nothing
	@$(PYTHON) run.py --setup-only

setup-tests:
	@$(PYTHON) run.py --setup-only --with-tests

test: setup-tests  ## Run all tests on real servers of their own (ARGS="-k name" narrows)
	$(VENV_PYTHON) -m tests.rewriting
	$(VENV_PYTHON) -m pytest -n 4 --dist worksteal $(ARGS)

soak: setup-tests  ## Run what repeats random steps, kills and forgeries at full length (`make test` is short)
	$(VENV_PYTHON) -m tests.rewriting
	KUAIDAN_SOAK=1 $(VENV_PYTHON) -m pytest -n 4 --dist worksteal -m soak $(ARGS)

lint: setup-tests  ## Check style, formatting, import contracts and types
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -c 'from importlinter.cli import lint_imports_command as run; run()'
	$(VENV_PYTHON) -m mypy

format: setup-tests  ## Format the code
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

translations: setup-tests  ## Extract new texts into translations/, compile them
	$(VENV_PYTHON) -m tools.translations

styles: setup-tests  ## Write app/static/tabler.css: what is used of Tabler's style sheet
	$(VENV_PYTHON) -m tools.styles

docs: setup-tests  ## Write the generated pages of docs/
	$(VENV_PYTHON) -m tools.docs

bench: setup-tests  ## Measure against other admin packages (long; see benchmarks/)
	$(VENV_PYTHON) -m benchmarks $(ARGS)

UV_COMPILE = uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

lock:  ## Pin all requirements anew from requirements/*.in (needs uv)
	$(UV_COMPILE) requirements/runtime.in -o requirements.txt
	$(UV_COMPILE) requirements/test.in -o requirements/test.txt
	$(UV_COMPILE) requirements/node.in -o requirements/node.txt
	$(UV_COMPILE) requirements/pip.in -o requirements/pip.txt

bench-lock:  ## Pin the packages that the benchmarks compare with (needs uv)
	$(subst make lock,make bench-lock,$(UV_COMPILE)) benchmarks/requirements.in -o benchmarks/requirements.txt

vectors-lock:
	$(subst make lock,make vectors-lock,$(UV_COMPILE)) requirements/vectors.in -o requirements/vectors.txt

peers:  ## Make the environment of other people's payment clients, which tests try against our signatures
	test -x var/vectors/bin/python || $(PYTHON) -m venv var/vectors
	var/vectors/bin/python -m pip install --quiet --require-hashes -r requirements/vectors.txt

vectors: peers  ## Sign the golden messages of payment channels anew, with other people's packages
	var/vectors/bin/python tools/payment_vectors.py

clean:  ## Remove caches and the tests' servers; data and environment stay
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache .coverage .coverage.* var/test
	find . -name __pycache__ -type d -not -path './.venv/*' -not -path './node_modules/*' -prune -exec rm -rf {} +

reset:  ## Delete all data of this folder (asks first)
	@$(PYTHON) run.py --reset
