"""Name the units whose values a figure shows: prompts by their text, groups by their first prompt.

Where values are measured while the model writes, what it wrote stands behind the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.kinds.shared.requests import generation, texts_of
from neuronclaims.measurements import Continuations
from neuronclaims.prompts import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Prompt, Settings
    from neuronclaims.kinds.kind import Answers

MOST = 300
"""Units that are named; more could not be pointed at one by one, and their texts would swell every report."""

LONGEST = 100
"""Characters of a prompt in a name, and of its continuation."""

THEN, NOTHING = " ⟶ ", "(nothing: it ended at once)"
"""What stands between a prompt and its continuation, and for one without any text."""


def continuations_needed(
    settings: Settings, prompts: Sequence[Prompt], rows: Sequence[Sequence[int]] | None = None
) -> tuple[Continuations, ...]:
    """Ask for what the model writes after some prompts; for nothing if no token is generated or no unit named."""
    generated = generation(settings)
    if generated is None or len(prompts if rows is None else rows) > MOST:
        return ()
    return (Continuations(texts_of(prompts), generated),)


def names_of_units(
    settings: Settings,
    prompts: Sequence[Prompt],
    answers: Answers,
    rows: Sequence[Sequence[int]] | None = None,
) -> tuple[str, ...]:
    """Return the name of every unit, with what the model wrote after it where that was measured."""
    asked = continuations_needed(settings, prompts, rows)
    return unit_names(prompts, rows, answers[asked[0]] if asked else None)


@memoize
def unit_names(
    prompts: Sequence[Prompt],
    rows: Sequence[Sequence[int]] | None = None,
    continuations: NDArray[Any] | None = None,
) -> tuple[str, ...]:
    """Return a name per unit, none for more than ``MOST``; ``rows`` are its prompts (None: one prompt per unit).

    ``continuations`` [prompts] are texts.
    """
    units = [(place,) for place in range(len(prompts))] if rows is None else rows
    if len(units) > MOST:
        return ()
    texts = None if continuations is None else continuations.tolist()
    return tuple(
        _name(prompts[row[0]].text, None if texts is None else texts[row[0]], len(row) - 1) for row in units
    )


def _name(prompt: str, continuation: str | None, more: int) -> str:
    then = "" if continuation is None else f"{THEN}{_cut(continuation.strip()) or NOTHING}"
    return _cut(brief(prompt, LONGEST)) + then + (f" (and {more} more of its unit)" if more else "")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
