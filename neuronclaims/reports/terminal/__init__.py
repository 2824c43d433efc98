"""Show results in a terminal: a table in a wide one, a list in others."""
