"""The `load:` block of a claim file: its keys, and what it comes to."""
