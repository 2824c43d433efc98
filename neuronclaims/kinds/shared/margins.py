"""Read the margin of a claim of "does not": the size below which an effect counts as none.

Such a claim is tested against its margin, by what turns the effect's interval of level 1 - 2 alpha round.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.sentences.options import Options, Size
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.sentences.numbers import Amount


CHANCE = 0.5
"""The AUROC of values that tell nothing."""

AUROC_MARGIN = "the distance of the AUROC from 0.5 that would matter"
"""What the margin of a claim about an AUROC is, in words."""


class MarginOptions(Options):
    """The option of every kind whose sentences can say "does not"."""

    margin: Size | None = Field(
        None, description="The size below which an effect counts as none: 0.1, or 0.5 sd."
    )


def margin_of(claim: Claim[Any, MarginOptions], example: str, matters: str) -> Amount:
    """Return the claim's margin; ``matters`` says in words what the margin ``example`` means.

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
    """Return a margin that is a number without unit ``below`` a limit; raise ClaimError for any other."""
    margin = margin_of(claim, example, matters)
    if margin.unit:
        raise ClaimError(
            f"'margin: {margin}' is in standard deviations: write {matters}, such as {example!r}."
        )
    if margin.value >= below:
        raise ClaimError(f"A margin of {margin} leaves nothing out: it must lie below {below:g}.")
    return margin.value


def auroc_margin(claim: Claim[Any, MarginOptions], denial: str) -> float:
    """Return the margin of an AUROC, a distance from 0.5, of a claim whose verb is ``denial``, "does not predict" say.

    Raises ClaimError for a margin that is no distance from 0.5.
    """
    margin = margin_of(claim, "0.1", AUROC_MARGIN)
    if margin.unit is None and margin.value < CHANCE:
        return margin.value
    distance = margin.value - CHANCE
    meant = f"{distance:.6g}" if margin.unit is None and 0 < distance < CHANCE else "0.1"
    raise ClaimError(
        f"The margin of '{denial}' is a distance of the AUROC from 0.5, below 0.5, not {margin}. "
        f"Write 'margin: {meant}'."
    )


def auroc_band(margin: float) -> str:
    """Say in words what a claim of "does not" allows.

    >>> auroc_band(0.1)
    'an AUROC between 0.4 and 0.6'
    """
    return f"an AUROC between {CHANCE - margin:.6g} and {CHANCE + margin:.6g}"


def check_auroc(auroc: float | None, *, denied: bool, either_way: bool) -> None:
    """Raise FieldError for an AUROC that a sentence cannot claim.

    A claim of "does not" names none. Any other names one above chance; where the sets may differ ``either_way``, one
    below chance means its mirror image, which is then suggested.
    """
    if auroc is None:
        return
    if denied:
        message = (
            "a claim of 'does not' names no number; the distance from 0.5 that would matter is its margin"
        )
        raise FieldError("auroc", message, f"margin: {auroc - CHANCE:.6g}" if CHANCE < auroc < 1 else None)
    if not CHANCE < auroc <= 1:
        message = "the AUROC claimed must lie above 0.5, which is chance, and at most at 1"
        mirrored = CHANCE < 1 - auroc <= 1
        raise FieldError("auroc", message, f"{1 - auroc:g}" if either_way and mirrored else None)
