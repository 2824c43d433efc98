"""Random damage to every sort of file that somebody else may have written, and what must come of it.

Each sort is a ``Fuzz``. The tests run some trials of each, ``benchmarks/reliability.py`` thousands, each in a process
that is watched for time and memory.
"""
