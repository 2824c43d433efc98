"""Describe one claim through a series of models in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neuronclaims.results import Onset

UNTESTED = "could not be tested"


def each_alone(series: Sequence[tuple[str, str]]) -> str:
    """Say on how many models of (model, verdict) a claim is supported, where each is judged by itself.

    >>> each_alone([("a", "supported"), ("b", "refuted")])
    'supported on 1 of 2 models, each judged by itself'
    """
    there = sum(verdict == "supported" for _, verdict in series)
    return f"supported on {there} of {len(series)} models, each judged by itself"


def onset_words(onset: Onset, names: Mapping[int, str]) -> str:
    """Say at which looks a claim may first hold; ``names`` are those of the models by their places from 1.

    >>> onset_words(Onset((2, 3, 4, 6), False, 6), {2: "step2", 4: "step4", 6: "step6"})
    'onset in step2 to step4 or step6'
    """
    runs = [
        f"{_look(first, names)} to {_look(last, names)}" if last > first else _look(first, names)
        for first, last in onset.runs
    ]
    later = ["after the last, if at all"] if onset.later else []
    return f"onset in {' or '.join(runs + later)}" if runs else "onset after the last, if at all"


def _look(place: int, names: Mapping[int, str]) -> str:
    return names.get(place, f"look {place}")


def story_with_onset(series: Sequence[tuple[str, str]], onset: Onset, names: Mapping[int, str]) -> str:
    """Say where a finding appears in a series, and at which looks it may first hold if it was tested at any.

    >>> story_with_onset([("a", UNTESTED), ("b", UNTESTED)], Onset.of([None, None]), {})
    'tested in no model; could not be tested in 2'
    """
    told = story(series)
    if all(verdict == UNTESTED for _, verdict in series):
        return told
    return f"{told}; {onset_words(onset, names)}"


def story(series: Sequence[tuple[str, str]]) -> str:
    """Say in a sentence where a finding appears in a series of (model, verdict), and where it was lost.

    The verdicts must hold together, as those of a series do: of models judged one by one say ``each_alone``.
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
