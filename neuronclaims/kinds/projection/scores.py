"""Score states on directions: as projections, cosines, or in standard deviations of neutral prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.sentences.options import OneOf

if TYPE_CHECKING:
    from neuronclaims.measurements.views.fits import Floats

Score: TypeAlias = Annotated[
    Literal["z", "raw", "cosine"],
    OneOf("score"),
    Field(description="How a projection is scaled: z (default), raw or cosine."),
]

ROUNDING = 1e-6
"""How far, as a share of their size, scores of equal states may lie apart: states are measured in single precision."""


def scores(states: Floats, direction: Floats, score: Score) -> Floats:
    """Return the projection of states [..., width] on a direction of length 1, or their cosine with it.

    The cosine of a state of length 0 is 0.

    >>> states, direction = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([1.0, 0.0])
    >>> scores(states, direction, "raw").tolist(), scores(states, direction, "cosine").tolist()
    ([3.0, 0.0], [0.6, 0.0])
    """
    projected = np.asarray(states @ direction)
    if score != "cosine":
        return projected
    length = np.linalg.norm(states, axis=-1)
    return np.asarray(np.divide(projected, length, out=np.zeros_like(projected), where=length > 0))


def standardised(found: Floats, neutral: Floats, name: str, layer: int) -> Floats:
    """Return scores minus the mean of the neutral ones, in standard deviations of these; NaN where there is no token.

    Raises ClaimError where the neutral scores do not vary by more than rounding.

    >>> standardised(np.array([5.0, 3.0]), np.array([1.0, 2.0, 3.0]), "honesty", layer=4).tolist()
    [3.0, 1.0]
    """
    known = neutral[np.isfinite(neutral)]
    spread = float(known.std(ddof=1)) if known.size > 1 else 0.0
    if not spread > ROUNDING * np.abs(known).max(initial=0.0):
        raise ClaimError(
            f"The neutral prompts of the direction {name!r} all score alike at layer {layer}, so nothing can be "
            "standardised by them. Give it more neutral prompts, or write 'score: raw'."
        )
    return np.asarray((found - known.mean()) / spread)
