"""The margin of a claim that something does not happen: the size below which an effect counts as none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.kinds.kind import ClaimError

if TYPE_CHECKING:
    from neuronclaims.language import Amount, Claim


def margin_of(claim: Claim, example: str, matters: str) -> Amount:
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
