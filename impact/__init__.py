"""Impact: an evaluation workbench for social utility."""

__version__ = "0.1.0"
