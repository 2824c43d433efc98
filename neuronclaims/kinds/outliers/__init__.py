"""Kinds about outliers: single values, massive activations, bands."""
