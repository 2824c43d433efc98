"""Series of 50 checkpoints: is a neuron without an effect found at any of them?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from series import CLAIMS, COURSES, judged, values_of, written

from calibration_cells.bands import share
from calibration_cells.cell import Cell, Row, stream
from calibration_cells.stand_in.lines import ALPHA

CASES = (("more: no effect", "closed", 0.0), ("more: no effect", "closed", 0.9), ("more: no effect", "open", 0.0),
         ("at least 1 sd: effect 1 sd", "closed", 0.5))  # fmt: skip
MEASURE = "series with a wrong verdict at any checkpoint"


def series(repetitions: int, seed: int) -> list[Row]:
    """Judge files of 20 series each, every one as alone in its file."""
    return [row for case in CASES for row in _of(*case, -(-repetitions // CLAIMS), seed)]


def _of(name: str, kind: str, correlation: float, files: int, seed: int) -> Iterator[Row]:
    [course] = [each for each in COURSES if each.name == name]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), course, kind)
        for place in range(files):
            values = values_of(course, correlation, stream(seed, "series", *CASES, name, kind, place))
            for looks in judged(path, values):
                wrong.append(any(course.wrong(look, one.verdict) for look, one in enumerate(looks, 1)))
    table = "50 checkpoints of one model, 20 + 20 prompts"
    case = {"claim": name, "series": kind, "correlation of checkpoints": f"{correlation:g}"}
    yield share(table, case, MEASURE, np.array(wrong), ALPHA, counted=True)


CELLS = (Cell("V13", "series", series, 160, 1_600),)
