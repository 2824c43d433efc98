"""Kinds that change neurons while the model runs: ablation and restoration."""
