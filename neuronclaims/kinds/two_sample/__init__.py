"""Kinds that compare two prompt sets: contrast and separation."""
