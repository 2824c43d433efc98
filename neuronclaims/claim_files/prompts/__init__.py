"""Prompt sets and pairs: written in the claim file, or taken from a file beside it."""
