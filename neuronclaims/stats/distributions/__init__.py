"""Quantiles, tails and limits that intervals and tests share."""
