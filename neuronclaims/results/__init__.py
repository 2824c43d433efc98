"""Hold what came of a claim as plain data: the evidence, and the verdict with its reason.

Every report is written from these and nothing else. All values are plain Python, so a result can cross a process
border or become JSON as it is.
"""

from __future__ import annotations

from neuronclaims.results.evidence import Alternative, Effect, Evidence, Plan, Rank, StatedEffect, Test
from neuronclaims.results.result import Result
from neuronclaims.results.selection import SEVERAL, Selection
from neuronclaims.results.series import Onset, SeriesKind, SeriesLook
from neuronclaims.results.units import UnitValues, ValueScale
from neuronclaims.results.verdict import VERDICTS, Verdict

__all__ = [
    "SEVERAL",
    "VERDICTS",
    "Alternative",
    "Effect",
    "Evidence",
    "Onset",
    "Plan",
    "Rank",
    "Result",
    "Selection",
    "SeriesKind",
    "SeriesLook",
    "StatedEffect",
    "Test",
    "UnitValues",
    "ValueScale",
    "Verdict",
]
