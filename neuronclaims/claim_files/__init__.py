"""Claim files: from YAML text to claims, or to all problems with their places."""
