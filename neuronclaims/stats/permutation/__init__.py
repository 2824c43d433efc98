"""Tests by exchanging labels or signs: what is relabelled, how often, and which relabellings count."""
