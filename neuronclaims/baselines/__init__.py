"""What is known of claims on a model, kept; and what became of it on another.

A baseline is a file of rows, one per claim and model, beside the claim files. ``rows.py`` is what a row holds,
``saved.py`` writes, ``reading.py`` finds and reads, ``checking.py`` says what may stand in a file. ``changes.py`` joins
the values of two rows, ``paired.py`` tests the change, ``drift.py`` names it, in the words of ``sentences.py``;
``origins.py`` says what else differs between two runs, ``policy.py`` what fails one.
"""
