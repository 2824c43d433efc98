"""Describe one claim through a series of models in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

UNTESTED = "could not be tested"


def story(series: Sequence[tuple[str, str]]) -> str:
    """Say in a sentence where a finding appears in a series of (model, verdict), and where it was lost.

    Models on which the claim could not be tested (``UNTESTED``) are counted and otherwise passed over.
    """
    known = [(model, verdict) for model, verdict in series if verdict != UNTESTED]
    there = [place for place, (_, verdict) in enumerate(known) if verdict == "supported"]
    left_out = f"; {UNTESTED} in {len(series) - len(known)}" if len(known) < len(series) else ""
    if len(known) < 2:
        alone = f"{known[0][1]} in {known[0][0]}" if known else "tested in no model"
        return f"{alone}{left_out}"
    if not there:
        return f"supported in none of {len(known)} models{left_out}"
    first, last = there[0], there[-1]
    if len(there) <= last - first:
        return f"comes and goes: supported in {', '.join(known[place][0] for place in there)}{left_out}"
    if len(there) == len(known):
        return f"supported in all {len(known)} models{left_out}"
    start = f"appears in {known[first][0]}" if first else f"supported from the first, {known[0][0]}, on"
    if last == len(known) - 1:
        return f"{start}, and is supported in all after it{left_out}"
    model, verdict = known[last + 1]
    lost = "refuted" if verdict == "refuted" else "no longer shown (inconclusive)"
    return f"{start}; last supported in {known[last][0]}, {lost} in {model}{left_out}"
