"""Sentences about a claim's neurons in the new model, for reports."""

from __future__ import annotations

from neuronclaims.rematch.journey import Rematched
from neuronclaims.rematch.search import Match


def sentence(done: Rematched) -> str:
    """Say where the neurons of a claim are, and its verdict there: "moved to 4:201 (r = 0.93), ...".

    Of one neuron alone its old place is not repeated: the claim names it.
    """
    if done.note is not None:
        return "the claim names no neuron" if done.nameless else done.note.rstrip(".")
    told = [_place(match, alone=len(done.matches) == 1) for match in done.matches]
    return f"{'; '.join(told)}{_verdict(done)}"


def _place(match: Match, alone: bool) -> str:
    name = "" if alone else f"{match.old} "
    if match.why is not None:
        return f"{name}not found: {match.why}"
    where = f"still at {match.best}" if alone else "still in its place"
    return f"{name}{where if match.status == 'still' else f'moved to {match.best}'} (r = {match.held:.2f})"


def _verdict(done: Rematched) -> str:
    if done.result is None:
        return ""
    if done.result.verdict is None:
        return f", but the claim could not be tested there: {(done.result.error or 'no verdict').rstrip('.')}"
    shared = ", though some of its groups are in both halves" if done.torn else ""
    return f", {done.result.verdict} there on the other half of the prompts{shared}"
