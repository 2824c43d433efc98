"""Commands for reading results: one claim drawn or told."""
