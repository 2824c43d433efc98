"""Whether a verdict rests on single prompts, as plain data."""
