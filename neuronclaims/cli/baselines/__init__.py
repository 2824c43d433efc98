"""Commands for what is known of claims from one run to another."""
