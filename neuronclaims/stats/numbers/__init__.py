"""Tests and intervals of how values go with numbers that are given beforehand."""
