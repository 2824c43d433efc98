"""Directions and probes of a claim file: fitted on its prompts, or read from files."""
