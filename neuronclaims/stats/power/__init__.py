"""Power: how many prompts a claim needs, and how likely a given number is to support it.

Open verdicts use ``units_needed``. No sentence calls ``plan``, ``power_of`` and ``simulated_power`` yet: they are
public, for choosing numbers of prompts from a stated effect or from pilot values, and docs/statistics.md shows how.
"""
