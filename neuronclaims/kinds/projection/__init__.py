"""Kinds about projections on a direction: activity."""
