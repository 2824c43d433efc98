"""Sets of neurons that a claim file names: written in it, or read from files of others."""
