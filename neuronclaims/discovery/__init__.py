"""Neurons looked for on one half of some prompts, and claims about them written for the other half."""
