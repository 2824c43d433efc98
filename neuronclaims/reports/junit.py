"""The properties of a result in JUnit XML: flat names and plain scalars."""

from __future__ import annotations

import math

from neuronclaims.foreign_text import visible
from neuronclaims.naming import ClaimName
from neuronclaims.reports.json.text import rounded
from neuronclaims.results import Result

PREFIX = "claims."
"""How the names of all properties of claims begin, the drift's too."""


def properties(result: Result, name: ClaimName) -> list[tuple[str, str | float | int]]:
    """Return (name, value) pairs for pytest's ``user_properties``; what is unknown is left out.

    Text is made visible, since XML has no place for control characters, and numbers are those of ``claims.json``.
    """
    found: list[tuple[str, str | float | int | None]] = [
        ("claims.name", str(name)),
        ("claims.verdict", result.verdict),
        ("claims.expected", result.expect),
        ("claims.sentence", result.sentence),
        ("claims.model", result.model),
        ("claims.site", result.where),
        ("claims.tokens", result.tokens),
        ("claims.error", result.error),
    ]
    if result.evidence is not None:
        effect, test = result.evidence.effect, result.evidence.test
        found += [
            ("claims.effect_name", effect.name),
            ("claims.effect", effect.value),
            ("claims.effect_low", effect.low),
            ("claims.effect_high", effect.high),
            ("claims.p_value", None if test is None else test.p_value),
            ("claims.p_adjusted", None if test is None else test.p_adjusted),
            ("claims.selection", result.evidence.selection.how),
            ("claims.n", sum(count for _, count in result.evidence.counts)),
        ]
    return [(name, _scalar(value)) for name, value in found if value is not None]


def _scalar(value: str | float | int) -> str | float | int:
    if isinstance(value, str):
        return visible(value)
    return rounded(value) if isinstance(value, float) and math.isfinite(value) else value
