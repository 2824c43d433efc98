"""Read the margin of a claim of "does not": the size below which an effect counts as none.

Such a claim is tested against its margin, by what turns the effect's interval of level 1 - 2 alpha round.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.selection import search_of
from neuronclaims.sentences.options import Options, Size

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.sentences.numbers import Amount
    from neuronclaims.sentences.subjects import Subject


class MarginOptions(Options):
    """The option of every kind whose sentences can say "does not"."""

    margin: Size | None = Field(
        None, description="The size below which an effect counts as none: 0.1, or 0.5 sd."
    )


def margin_of(claim: Claim[Any, MarginOptions], example: str, matters: str) -> Amount:
    """Return the claim's margin; ``matters`` says what ``example`` of one is.

    Raises ClaimError where the claim has none, or 0: no data could show that there is no effect whatever.
    """
    margin = claim.settings.options.margin
    if margin is None:
        raise ClaimError(
            f"'does not' can be shown only up to a margin, and this claim has none. Add 'margin: {example}': {matters}."
        )
    if margin.value <= 0:
        raise ClaimError(f"The margin must be above 0: say {matters}, such as 'margin: {example}'.")
    return margin


def plain_margin_of(
    claim: Claim[Any, MarginOptions], example: str, matters: str, below: float = math.inf
) -> float:
    """Return a margin that is a bare number and lies ``below`` another; raise ClaimError for any other."""
    margin = margin_of(claim, example, matters)
    if margin.unit:
        raise ClaimError(
            f"'margin: {margin}' is in standard deviations: write {matters}, such as {example!r}."
        )
    if margin.value >= below:
        raise ClaimError(f"A margin of {margin} leaves nothing out: it must lie below {below:g}.")
    return margin.value


def check_not_searched(claim: Claim, who: Subject) -> None:
    """Raise ClaimError where a claim of "does not" is about neurons that were picked on these very prompts."""
    if search_of(claim, who) is not None:
        raise ClaimError(
            "That a neuron does not do something cannot be tested on the prompts it was picked on ('searched'). "
            "Test it on new prompts ('discovered_on')."
        )
