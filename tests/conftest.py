"""Makes this folder importable by every test, so that `from reference_values import load` works."""
