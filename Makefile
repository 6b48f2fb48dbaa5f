PYTHON ?= python3

.PHONY: demo test installer docs verrou

demo: ## Tout installer, puis ouvrir l'atelier sur la campagne fictive
	@$(PYTHON) .ci/lancer.py demo

test: ## Tout installer, puis lancer tous les tests
	@$(PYTHON) .ci/lancer.py test

installer: ## Tout installer, sans rien lancer
	@$(PYTHON) .ci/lancer.py installer

docs: installer ## Construire la documentation dans docs/_build (hors ligne)
	@.venv/bin/python -m sphinx -W -q docs docs/_build

verrou: ## Refaire requirements.lock (demande uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
