"""Kinds about numbers that prompts come with: correlation."""
