"""Kinds about what the model predicts: prediction and congruence."""
