"""Texts that wait for their batch as tokens."""
