"""Power: what numbers of prompts can show, how many a claim needs, and what no data could show.

Reports plan from stated effects (``planning``), and claims out of reach are announced before a model runs (``reach``).
``power_of`` and ``units_needed`` answer the same questions from Python; docs/statistics.md shows how.
"""
