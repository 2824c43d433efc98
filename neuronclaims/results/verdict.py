"""Name the verdicts that a claim can get."""

from __future__ import annotations

from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive"]
VERDICTS: tuple[Verdict, ...] = ("supported", "refuted", "inconclusive")
