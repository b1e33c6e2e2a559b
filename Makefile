# make demo    migrate an example with proof, and say where the report is
# make test    everything that continuous integration runs
# make quick   the part of it that takes less than a minute
# make docs    the rule pages in docs/rules, and with `make picture` the picture of a report in docs
# make bench   what the tool costs and how fast the migrated programs train, into benchmarks/results.md
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo

.PHONY: demo test quick lint docs picture bench clean
.DELETE_ON_ERROR:

.venv/ready: pyproject.toml .ci/environment.py
	$(PYTHON) .ci/environment.py
	@touch $@

demo: .venv/ready
	rm -rf $(DEMO)
	mkdir -p $(DEMO)
	cp -R fixtures/article_classifier/legacy/. $(DEMO)
	$(BIN)/migrate $(DEMO) --verify --report build/demo-report
	@echo "The migrated program: $(DEMO). The report: $(CURDIR)/build/demo-report/report.html"

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet migrator tests benchmarks .ci docs
	$(BIN)/mypy

quick: lint
	$(BIN)/python -m pytest --quiet --numprocesses auto -m "not runtime and not thorough and not browser"

test: quick
	$(BIN)/python -m pytest --quiet --numprocesses auto -m "thorough or browser"
	$(BIN)/migrate runtimes --build
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadgroup -m runtime --ignore tests/verify/mutation
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadgroup -m runtime tests/verify/mutation

docs: .venv/ready
	$(BIN)/python -m migrator.report.rule_pages docs/rules

picture: demo
	$(BIN)/python docs/picture.py build/demo-report/report.html docs/report.png

bench: .venv/ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
