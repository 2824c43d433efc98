"""Sparse dictionaries that a claim file names: their folders, and the site where their latents are read."""
