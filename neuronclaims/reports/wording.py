"""How numbers read in every report meant for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from neuronclaims.results import VERDICTS, Effect, Evidence, Result


def number(value: float | None, signed: bool = False) -> str:
    """Return a number with three significant digits, or ``?`` where there is none."""
    if value is None:
        return "?"
    sign = "+" if signed else ""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:{sign}.1e}"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:{sign}.{max(digits, 3 if abs(value) < 0.1 and value != 0 else 0)}f}"


def p_value(value: float) -> str:
    """Return a p-value as papers print it: three decimals, or ``<0.001`` with its size."""
    if value >= 0.0995:
        return f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}".replace("e-0", "e-")


def interval(effect: Effect) -> str:
    """Return the bounds of an effect's interval, in brackets."""
    signed = effect.name in SIGNED
    return f"[{number(effect.low, signed)}, {number(effect.high, signed)}]"


def effect_text(effect: Effect) -> str:
    """Return an effect with its interval, such as ``AUROC 0.93 [0.81, 0.98]``."""
    return f"{SHORT.get(effect.name, effect.name)} {number(effect.value, effect.name in SIGNED)} {interval(effect)}"


SHORT = {"difference of means": "diff.", "mean difference": "mean diff.", "Hedges' g": "g"}
"""Names of effects as columns have room for."""

SIGNED = ("difference of means", "mean difference", "Hedges' g", "Cliff's delta", "dz")
"""Effects whose sign is the first thing to be read."""


def counts_text(evidence: Evidence) -> str:
    """Return how many units took part: ``24 + 30``, or ``24 pairs``."""
    sizes = [count for _, count in evidence.counts]
    if evidence.paired:
        return f"{sizes[0]} pairs"
    return " + ".join(str(size) for size in sizes)


def headline(result: Result) -> str:
    """Return a result in one or two words: its verdict, and whether it was expected when it is not ``supported``."""
    if result.verdict is None:
        return "broken"
    expected = " as expected" if result.as_expected and result.expect != "supported" else ""
    return f"{result.verdict}{expected}"


def tally(results: Sequence[Result]) -> str:
    """Return the closing line: how many claims there are and what came of them."""
    counts: Counter[str] = Counter(result.verdict or "broken" for result in results)
    parts = [f"{counts[name]} {name}" for name in (*VERDICTS, "broken") if counts[name]]
    missed = sum(not result.as_expected for result in results)
    verdict = "all as expected" if not missed else f"{missed} not as expected"
    noun = "claim" if len(results) == 1 else "claims"
    return f"{len(results)} {noun}: {', '.join(parts)}; {verdict}"
