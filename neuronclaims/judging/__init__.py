"""Judge what was measured: each claim by itself, and each claim through a series of models."""
