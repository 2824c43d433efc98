"""Baselines: results of claims that are kept, and compared with the results of a later run.

A baseline is a file of rows, one per claim and model, beside the claim files. ``rows.py`` is what a row holds,
``saved.py`` writes, ``reading.py`` finds and reads, ``checking.py`` says what may stand in a file. ``changes.py`` joins
the values of two rows, ``paired.py`` tests the change, ``drift.py`` names it, in the words of ``sentences.py``;
``origins.py`` says what else differs between two runs, ``policy.py`` what fails one.
"""
