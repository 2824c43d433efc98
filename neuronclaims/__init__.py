"""Findings about neurons in language models, written as one sentence and tested by pytest."""

__version__ = "0.1.0"
