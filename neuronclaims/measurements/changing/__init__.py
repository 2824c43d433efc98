"""Measurements of what a change to a model's values does."""
