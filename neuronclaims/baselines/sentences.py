"""Sentences about the change of a claim: what it was and is, how much it changed, and how that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronclaims.baselines.paired import Paired
    from neuronclaims.baselines.policy import By, Status
    from neuronclaims.baselines.rows import SavedClaim
    from neuronclaims.results import Effect


def other_verdict(old: SavedClaim, new: SavedClaim) -> str:
    """Explain another verdict on the same values: a family of another size, or other rules of judging."""
    if old.verdict == new.verdict:
        return ""
    family = f"; its family was {old.family} claims and is {new.family}" if old.family != new.family else ""
    return f", though it was {old.verdict} and is {new.verdict}: not the model changed, but how it is judged{family}"


def only(by: By, old: SavedClaim, new: SavedClaim) -> str:
    """Say what was compared instead if the change was not tested, and why."""
    return {
        "verdicts": " (only the verdicts can be compared)",
        "intervals": f" (compared by verdict and interval: {_why(old, new)})",
        "number": " (a number without chance in it, compared as it is)",
    }.get(by, "")


def _why(old: SavedClaim, new: SavedClaim) -> str:
    """Say why the change itself is not tested."""
    if not (old.content and new.content):
        return "reports have no values per prompt"
    if new.values is None and old.values is None:
        return "for this kind no values per prompt are kept"
    if old.values is None:
        return "the baseline has no values for this claim; save it again to have the change tested"
    if new.values is None or old.values.of == new.values.of:
        return "the values are not of the same prompts as in the baseline"
    return f"the values are of {new.values.of}, and in the baseline of {old.values.of}"


def from_to(old: SavedClaim, new: SavedClaim, lead: str = "; ") -> str:
    """Say what the effect was and is."""
    if old.effect is None or new.effect is None:
        return ""
    return f"{lead}{old.effect.name} {_number(old.effect.value)} -> {_number(new.effect.value)}"


def numbers(change: Effect, p: float, status: Status) -> str:
    """Say how the effect changed, with its uncertainty."""
    interval = "" if change.low is None else f" [{_number(change.low)}, {_number(change.high)}]"
    tested = f", p adj. {p:.2g}" if status != "held" else ""
    return f" (change {_number(change.value)}{interval}{tested})"


def left_out(pair: Paired) -> str:
    """Say how many units only one of the models has a value for."""
    if not pair.left_out:
        return ""
    units = "1 document" if pair.left_out == 1 else f"{pair.left_out} documents"
    return f"; {units} that tell{'s' if pair.left_out == 1 else ''} something under one model alone left out"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3g}"
