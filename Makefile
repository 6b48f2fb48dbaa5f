PYTHON ?= python3

# What drives a browser, a server or the whole command, or compares bytes: not for « make versions ».
LONGS = securite test_pages.py test_coding_page.py test_docs.py test_volume.py test_fuzzing.py test_cli.py \
  test_reproduce.py test_open_data.py test_real_data.py test_scaffold.py test_nothing_leaks.py

VERROU = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
MOTEURS = duckdb polars dask spark

.PHONY: demo test installer docs verrou versions

demo: ## Tout installer, puis ouvrir l'atelier sur la campagne fictive
	@$(PYTHON) .ci/lancer.py demo

test: ## Tout installer, puis lancer tous les tests
	@$(PYTHON) .ci/lancer.py test

installer: ## Tout installer, sans rien lancer
	@$(PYTHON) .ci/lancer.py installer

docs: installer ## Construire la documentation dans docs/_build (hors ligne)
	@.venv/bin/python -m sphinx -W -q docs docs/_build

verrou: ## Refaire les deux verrous (demande uv)
	$(VERROU) --extra dev -o requirements.lock
	$(VERROU) $(MOTEURS:%=--extra %) -c requirements.lock -o requirements-moteurs.lock

versions: ## Essayer les plus anciennes bibliothèques permises, puis les plus récentes (demande uv)
	@mkdir -p dist; for which in lowest-direct highest; do \
	  uv pip compile pyproject.toml --extra dev --python-version 3.11 --resolution $$which --upgrade --quiet -o dist/$$which.txt && \
	  PYTHONPATH=. uv run --isolated --no-project --python 3.11 --with-requirements dist/$$which.txt \
	    python -m pytest tests -q $(LONGS:%=--ignore=tests/%) || exit 1; \
	done
