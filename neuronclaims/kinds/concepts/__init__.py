"""Several sets of prompts at once, each two of them compared."""
