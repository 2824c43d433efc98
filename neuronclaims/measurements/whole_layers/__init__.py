"""Measurements of all neurons of a layer at once that searches rank by."""
