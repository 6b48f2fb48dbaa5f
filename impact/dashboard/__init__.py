"""The page an association reads: a model without widgets, a view of widgets only."""

from impact.dashboard.view import show

__all__ = ["show"]
