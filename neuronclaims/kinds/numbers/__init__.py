"""Kinds about numbers that prompts, or their tokens, come with: correlation and period."""
