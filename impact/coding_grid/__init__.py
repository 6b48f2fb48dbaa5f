"""The grid where a person codes open answers: a log, suggestions of what to mask, a model, a view of widgets only."""
