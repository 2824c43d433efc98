"""What is known of claims on a model, kept; and what became of it on another.

A baseline is a file of rows, one per claim and model, beside the claim files. ``rows.py`` is what a row holds,
``saved.py`` writes, ``reading.py`` finds and reads, ``changes.py`` measures a change, ``drift.py`` names it,
``origins.py`` says what else differs between two runs, ``policy.py`` what fails one.
"""
