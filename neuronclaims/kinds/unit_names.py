"""What figures call the units whose values they show: prompts by their text, groups by their first prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neuronclaims.kinds.kept import by_identity

if TYPE_CHECKING:
    from neuronclaims.language import Prompt

MOST = 300
"""Units that are named; more could not be pointed at one by one, and their texts would swell every report."""

LONGEST = 100
"""Characters of a name."""


@by_identity
def unit_names(prompts: Sequence[Prompt], rows: Sequence[Sequence[int]] | None = None) -> tuple[str, ...]:
    """Return a name per unit, none for more than ``MOST``; ``rows`` are its prompts, every prompt its own if None."""
    units = [(place,) for place in range(len(prompts))] if rows is None else rows
    return tuple(_name([prompts[place] for place in row]) for row in units) if len(units) <= MOST else ()


def _name(prompts: Sequence[Prompt]) -> str:
    text = prompts[0].text
    cut = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return cut if len(prompts) == 1 else f"{cut} (and {len(prompts) - 1} more of its unit)"
