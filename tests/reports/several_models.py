"""Entries of one file that was put to several models, as reports are fed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hostile import entry

from neuronclaims.reports.entry import Entry, in_order
from neuronclaims.results import Effect, Onset, SeriesLook

VERDICTS = {"+": "supported", "-": "refuted", "?": "inconclusive", "!": None}


def put_to(
    models: Sequence[str],
    rows: dict[str, str],
    file: str = "f.claims.yaml",
    text: str = "",
    series: bool = True,
) -> list[Entry]:
    """One claim per row, a letter of ``VERDICTS`` for each model, a space where there is no result.

    In a ``series`` all verdicts of a claim hold together.
    The effect of claim ``n`` on model ``m`` is ``n + m / 10``, half of it to each side.
    """
    found: list[Entry] = []
    for number, (name, letters) in enumerate(rows.items()):
        for place, (model, letter) in enumerate(zip(models, letters, strict=True)):
            if letter == " ":
                continue
            one = entry(text, number, VERDICTS[letter])
            onset = Onset.of([VERDICTS.get(each) for each in letters])
            look = SeriesLook("closed", place + 1, len(letters), None, onset) if series else None
            result = replace(one.result, id=name, model=model, file=file, line=number + 1, look=look)
            if result.evidence is not None:
                value = number + place / 10
                effect = Effect(f"AUROC{text}", value, value - 0.5, value + 0.5, 0.95, "score")
                result = replace(result, evidence=replace(result.evidence, effect=effect))
            found.append(replace(one, nodeid=f"{file}::{model}::{name}", result=result, place=place))
    return in_order(found)
