"""Fit directions in activation space, per layer and on prompts of their own, and score states on them.

``mean difference``: the mean state of the first prompts less that of the second. ``pca of paired differences``: the
first principal component of the differences within pairs, taken both ways round, so that their mean is zero; Zou et
al. 2023 (representation engineering, LAT) turn each pair round at random before they centre, which comes to the same
but for chance. Without that, centring would take away the very difference that all pairs share. Its sign is that with
which most pairs are higher on their first side. ``logistic regression``: the weights of scikit-learn's
LogisticRegression (L2, C = 1) on states centred and divided by their root mean square. All are of length 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.sentences.options import OneOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Direction, Method

    Floats: TypeAlias = NDArray[np.float64]

Score: TypeAlias = Annotated[
    Literal["z", "raw", "cosine"],
    OneOf("score"),
    Field(description="How a projection is scaled: z (if unsaid), raw or cosine."),
]

ROUNDING = 1e-6
"""How far, as a share of their size, scores of equal states may lie apart: states are measured in single precision."""


def fitted(direction: Direction, first: Floats, second: Floats, layer: int) -> Floats:
    """Return the direction at one layer, [width], from states [n1, width] and [n2, width], aligned for pairs.

    Raises ClaimError where the prompts it is fitted on do not differ, or a library for its method is missing.
    """
    found = _FITS[direction.method](first, second)
    length = float(np.linalg.norm(found))
    if not length > 0 or not np.isfinite(length):
        raise ClaimError(
            f"The direction {direction.name!r} cannot be fitted at layer {layer}: the states of its two sides do not "
            "differ there. Give it other prompts, or leave the layer out."
        )
    return np.asarray(found / length)


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


def _mean_difference(first: Floats, second: Floats) -> Floats:
    return np.asarray(first.mean(axis=0) - second.mean(axis=0))


def _pca(first: Floats, second: Floats) -> Floats:
    differences = first - second
    if not differences.any():
        return np.zeros(first.shape[1])
    component: Floats = np.linalg.svd(differences, full_matrices=False)[2][0]
    along = differences @ component
    higher = int((along > 0).sum()) - int((along < 0).sum())
    turn = higher if higher != 0 else float(along.sum())
    return component if turn >= 0 else -component


def _logistic(first: Floats, second: Floats) -> Floats:
    try:
        library = import_module("sklearn.linear_model")
    except ImportError:
        raise ClaimError(
            "A direction by logistic regression needs scikit-learn, which is not installed: "
            "install it (pip install 'neuronclaims[directions]'), or take the method 'mean difference'."
        ) from None
    states = np.vstack([first, second])
    states = states - states.mean(axis=0)
    size = float(np.sqrt((states**2).mean()))
    if size == 0:
        return np.zeros(first.shape[1])
    labels = np.repeat([1, 0], [len(first), len(second)])
    model = library.LogisticRegression(max_iter=10_000).fit(states / size, labels)
    return np.asarray(model.coef_[0], dtype=np.float64)


_FITS: Mapping[Method, Callable[[Floats, Floats], Floats]] = {
    "mean difference": _mean_difference,
    "pca of paired differences": _pca,
    "logistic regression": _logistic,
}
