# Every target uses .venv. It is created once, and updated when its inputs change.
# It needs Python 3.11 or newer with the venv module. To choose another Python: make PYTHON=/path/to/python3 …
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast test-full texts lint docs lock page screenshots bench-restart bench-cache \
	bench-clicks bench-shop bench-live bench-supervisor chaos fuzz clean
.DELETE_ON_ERROR:

# Without compiled files every start takes four times as long, so no environment may disable them.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
SOURCES := $(shell find supervisor botapp tests -name '*.py')
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := .venv-lock/bin/uv
# Tests mostly wait for processes: more of them at a time than there are processors, and each worker takes what is left.
PYTEST := $(BIN)/python -m pytest -n $(or $(WORKERS),4) --dist worksteal
BUNDLE := botapp/local_discord/bundle

help: ## list the targets ## tampilkan daftar target
	@$(SAY); \
	grep -E '^[a-z-]+:.*## ' Makefile \
	| sed -E "s/^([a-z-]+):[^#]*## (.*) ## (.*)/make \\1\t$$(say '\\2' '\\3')/" | expand -t 22

setup: .venv/.compiled ## install into .venv, with .venv/bin/stocksup ## pasang ke .venv, dengan .venv/bin/stocksup

setup-dev: .venv/.dev .venv/.compiled ## install the development tools too ## pasang juga alat pengembangan

run: .venv/.compiled ## run the demo with a local Discord ## jalankan demo dengan Discord lokal
	@exec $(BIN)/stocksup demo

test: .venv/.dev .venv/.compiled ## run all tests ## jalankan semua tes
	$(PYTEST)

test-fast: .venv/.dev .venv/.compiled ## run the tests that take seconds ## jalankan tes yang hanya beberapa detik
	$(PYTEST) tests/unit tests/property

test-full: export TEST_DEPTH := full
test-full: export TEST_SEED := $(SEED)
test-full: .venv/.dev .venv/.compiled ## run all tests with exhaustive searches [SEED=7] ## jalankan semua tes dengan pencarian menyeluruh [SEED=7]
	$(PYTEST) --timeout 600 $(if $(SEED),--hypothesis-seed=$(SEED))

texts: .venv/.dev ## update the translation catalogues from the code ## perbarui katalog terjemahan dari kode
	$(BIN)/python -m tests.support.texts.catalogues
	$(BIN)/python -m tests.support.texts.page_words

lint: .venv/.dev ## check style, types, imports and plain English ## periksa gaya, tipe, impor dan bahasa
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --cache-dir .venv/.import-linter
	$(BIN)/python -m tests.support.texts.plain_english

docs: .venv/.dev ## write the generated documentation ## tulis dokumentasi yang dibuat dari kode
	$(BIN)/python docs/machine_diagram.py
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_architecture.py

bench-restart: .venv/.dev .venv/.compiled ## measure restarts beside other supervisors ## ukur restart dibandingkan supervisor lain
	$(BIN)/python -m bench.restart

bench-clicks: .venv/.dev .venv/.compiled ## count the clicks that restarts and kills lose ## hitung klik yang hilang saat restart atau dimatikan
	$(BIN)/python -m bench.clicks $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(LATENCIES),--latencies $(LATENCIES)) \
	    $(if $(SEED),--seed $(SEED))

bench-cache: .venv/.dev .venv/.compiled ## measure the cache beside diskcache ## ukur cache dibandingkan diskcache
	$(BIN)/python -m bench.cache

lock: .venv-lock/.made ## update the lock files to the newest allowed versions ## perbarui file kunci ke versi terbaru yang diizinkan
	$(call COMPILE,requirements.lock,--extra build)
	$(call COMPILE,requirements-dev.lock,--extra build --extra dev --constraint requirements.lock)

page: ## rebuild the bundles of both pages; needs npm ## bangun ulang bundel kedua halaman; perlu npm
	cd $(BUNDLE) && npm ci --no-fund --no-audit && node build.mjs

screenshots: .venv/.dev .venv/.compiled ## take docs/demo.png from a running demo; needs chromium ## ambil docs/demo.png dari demo; perlu chromium
	$(BIN)/python -m docs.screenshots

chaos: .venv/.dev .venv/.compiled ## kill processes at random moments [ROUNDS=5000 SEED=7] ## matikan proses pada saat acak [ROUNDS=5000 SEED=7]
	$(BIN)/python -m tests.support.chaos.rounds $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS))

fuzz: .venv/.compiled .venv-fuzz/.made ## fuzz protocol, journal and configuration [SECONDS=60] ## fuzz protokol, jurnal dan konfigurasi [SECONDS=60]
	for target in protocol journal config; do \
	    .venv-fuzz/bin/python -m tests.fuzz.$$target -max_total_time=$(or $(SECONDS),60) -timeout=10 -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=.venv-fuzz/ || exit 1; \
	done

bench-supervisor: .venv/.dev .venv/.compiled ## measure crashes and long runs beside other supervisors ## ukur crash dan jalan lama dibandingkan supervisor lain
	$(BIN)/python -m bench.supervisor

bench-shop: .venv/.dev .venv/.compiled ## measure purchases beside the same statements alone ## ukur pembelian dibandingkan query yang sama tanpa toko
	$(BIN)/python -m bench.shop

bench-live: .venv/.dev .venv/.compiled ## measure how soon members see a purchase and get an answer ## ukur seberapa cepat member melihat pembelian dan dijawab
	$(BIN)/python -m bench.live

clean: ## remove what make created; the state of a shop stays ## hapus semua buatan make; state toko tetap ada
	rm -rf .venv .venv-lock .venv-fuzz $(BUNDLE)/node_modules bench/.venv-peers build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find supervisor botapp tests bench docs -name __pycache__ -prune -exec rm -rf {} +

.venv/.made:
	@$(SAY); $(FIND_PYTHON); \
	if ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    version=$$($$python --version); \
	    say "Creating .venv with $$version and the packages needed; this happens once." \
	        "Membuat .venv dengan $$version dan paket yang diperlukan; ini hanya sekali."; \
	    rm -rf .venv && "$$python" -m venv .venv; \
	fi && touch $@

.venv/.packages: requirements.lock .venv/.made
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

.venv/.installed: pyproject.toml .venv/.packages
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.compiled: $(SOURCES) .venv/.installed
	@$(BIN)/python -m compileall -q supervisor botapp tests
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.installed
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv-lock/.made:
	@$(SAY); $(FIND_PYTHON); "$$python" -m venv .venv-lock
	@.venv-lock/bin/python -m pip --disable-pip-version-check --quiet install uv==0.13.9
	@touch $@

# Fuzzing needs atheris, which exists for Linux and some versions of Python only; hence an environment of its own.
.venv-fuzz/.made: requirements.lock
	@$(FIND_PYTHON); rm -rf .venv-fuzz && "$$python" -m venv .venv-fuzz
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements.lock
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install atheris==3.0.0
	@touch $@

# $(call COMPILE,FILE,OPTIONS): one file for every Python and system, with versions and hashes, without an index URL.
COMPILE = $(UV) pip compile --quiet --no-config --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --default-index https://pypi.org/simple \
	--custom-compile-command "make lock" $(2) --output-file $(1) pyproject.toml

# Define `say ENGLISH INDONESIAN`, which prints the text in the terminal's language.
SAY = say() { case "$${LC_ALL:-$${LC_MESSAGES:-$$LANG}}" in id*) echo "$$2";; *) echo "$$1";; esac; }

# Set $python to the first suitable Python, or print what is missing and how to install it, and exit.
FIND_PYTHON = python=; found=; without_venv=; \
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	    version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	    found="$$found $$name $$version,"; \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	    if "$$name" -c 'import venv; from ensurepip import bootstrap' 2>/dev/null; then python=$$name; break; fi; \
	    without_venv=$${without_venv:-$$version}; \
	done; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo "; \
	if [ -z "$$python" ] && [ -n "$$without_venv" ]; then \
	    apt="$${sudo}apt install python$$without_venv-venv"; \
	    say "stocksup: cannot create .venv: Python $$without_venv has no venv module;" \
	        "stocksup: .venv tidak dapat dibuat: Python $$without_venv tanpa modul venv;" >&2; \
	    say "install it, then run make again: $$apt" "pasang, lalu ulangi make: $$apt" >&2; exit 1; \
	elif [ -z "$$python" ]; then \
	    newest=3; for v in 3.11 3.12 3.13; do ! apt-cache show python$$v >/dev/null 2>&1 || newest=$$v; done; \
	    apt="$${sudo}apt install python$$newest python$$newest-venv"; other="make PYTHON=/path/to/python3"; \
	    names="$(or $(PYTHON),python3.13 python3.12 python3.11 python3)"; \
	    say "stocksup: cannot create .venv: Python 3.11 or newer is needed" \
	        "stocksup: .venv tidak dapat dibuat: perlu Python 3.11 atau lebih baru" >&2; \
	    say "(found:$${found:- none,} looked for $$names);" "(ditemukan:$${found:- tidak ada,} dicari: $$names);" >&2; \
	    say "install one, then run make again: $$apt;" "pasang satu, lalu ulangi make: $$apt;" >&2; \
	    say "or choose one: $$other" "atau sebut satu: $$other" >&2; exit 1; \
	fi
