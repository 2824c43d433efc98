"""The front of sentences about changes: what is done while the model runs, to what, and how much."""
