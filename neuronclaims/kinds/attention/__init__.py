"""Kinds of claim about what heads of attention look at."""
