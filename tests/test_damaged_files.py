"""Damaged files of every sort, the short form of what ``benchmarks/reliability.py`` does thousands of times."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.every import EVERY

TRIALS = {"claim files": 80, "tables": 60, "model folders": 12, "shards": 40, "JSON files": 40}
SEED = 0
"""The same files every time, so that a run says something about the change; the long form draws others."""


@pytest.mark.parametrize("fuzz", EVERY, ids=lambda fuzz: fuzz.name)
def test_a_damaged_file_is_read_as_it_stands_or_refused_in_a_sentence(fuzz, tmp_path: Path) -> None:
    fuzz.prepare(tmp_path)
    for seed in range(SEED, SEED + TRIALS[fuzz.name]):
        try:
            assert fuzz.trial(tmp_path, seed)
        except Exception as error:
            error.add_note(f"{fuzz.name}, seed {seed}")
            raise
