"""Measurements in, numbers out: planned, run in this process or elsewhere, and kept."""
