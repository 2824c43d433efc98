"""Sentences that no template reads: the one error, and what was probably meant."""
