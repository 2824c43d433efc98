"""Numbers of prompts that sentences name: a column of a file, or ``numbers`` beside a prompt."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.prompts import brief
from neuronclaims.sentences.messages import closest, quoted

POSITION = "position"
"""The number that needs no column: the position of tokens within each document. A column of this name comes first."""

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")


def number_in(text: str) -> float | None:
    """Return the finite number that a cell holds, None for anything else: no separators, no units, no words.

    >>> number_in(" 12 "), number_in("-1.5e3"), number_in("1,000"), number_in("nan"), number_in("12 kg")
    (12.0, -1500.0, None, None, None)
    """
    found = float(text) if len(text) <= 100 and _NUMBER.fullmatch(text) else math.nan
    return found + 0.0 if math.isfinite(found) else None


def number_of(prompt: Prompt, column: str) -> float | None:
    """Return a prompt's number in a column; None where it has none."""
    text = dict(prompt.columns).get(column)
    return None if text is None else number_in(text)


def columns_of_numbers(drafts: Sequence[Draft]) -> frozenset[str]:
    """Return all columns of numbers that the sentences of a file name."""
    return frozenset(name for draft in drafts for _, name in _named(draft))


def _named(draft: Draft) -> tuple[tuple[str, str], ...]:
    return draft.parsed.template.columns(draft.parsed.value) if draft.parsed is not None else ()


def wrong_numbers(drafts: Sequence[Draft], sections: Sections, source: SourceText) -> Iterator[Problem]:
    """Refuse columns that prompts do not have, and cells in them that are no numbers; each is said once."""
    said: set[tuple[str, str]] = set()
    for draft in drafts:
        for field, column in _named(draft):
            for _, name in draft.named("sets"):
                if name not in sections.sets or (name, column) in said:
                    continue
                said.add((name, column))
                wrong = _wrong(name, column, sections)
                if wrong is not None:
                    assert draft.parsed is not None
                    assert draft.sentence is not None
                    start, end = draft.parsed.spans[field]
                    yield in_sentence(source, draft.sentence, start, end - start, *wrong)


def _wrong(name: str, column: str, sections: Sections) -> tuple[str, str | None, tuple[str, ...]] | None:
    """Return what is wrong with a column of a set, what was probably meant, and what there is."""
    columns, prompts = sections.columns(name), sections.sets[name].prompts
    if column not in columns and column == POSITION:
        return None
    if column not in columns:
        where = "" if columns else ", nor any other: write 'numbers: {" + column + ": 12}' beside each text"
        return (
            f"the prompts of {quoted(name)} have no column {quoted(column)}{where}",
            closest(column, columns),
            columns,
        )
    texts = [(prompt, dict(prompt.columns).get(column)) for prompt in prompts]
    bad = [(prompt, text) for prompt, text in texts if text is None or number_in(text) is None]
    if bad:
        prompt, text = bad[0]
        more = f"; so it is with {len(bad) - 1} more" if len(bad) > 1 else ""
        what = "holds nothing" if text is None else f"holds {quoted(brief(text, 40))}, which is no number"
        hint = "" if text is None else _hint(text)
        return f"{quoted(column)} {what} in {prompt.source}{hint}{more}", None, ()
    numbers = {number_in(text or "") for _, text in texts}
    if len(numbers) == 1:
        return (
            f"{quoted(column)} is {texts[0][1]} for all prompts of {quoted(name)}, so nothing can go with it",
            None,
            (),
        )
    return None


def _hint(text: str) -> str:
    """Say how a number is written that has separators, a decimal comma or a percent sign."""
    plain = text.strip().replace(" ", "").replace("_", "").rstrip("%")
    for one in (plain.replace(",", ""), plain.replace(",", ".")):
        if number_in(one) is not None:
            return f" (write {one})"
    return ""
