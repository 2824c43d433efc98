"""Fit directions in activation space, per layer and on prompts of their own.

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
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuronclaims.measurements.errors import MeasurementError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Method: TypeAlias = Literal["mean difference", "pca of paired differences", "logistic regression"]


def fitted(name: str, method: Method, first: Floats, second: Floats, layer: int) -> Floats:
    """Return the direction called ``name`` at one layer, [width], of length 1.

    ``first`` [n1, width] and ``second`` [n2, width] are states, aligned for pairs. Raises MeasurementError where they
    do not differ, or a library for the method is missing.
    """
    found = _FITS[method](first, second)
    length = float(np.linalg.norm(found))
    if not length > 0 or not np.isfinite(length):
        raise MeasurementError(
            f"The direction {name!r} cannot be fitted at layer {layer}: the states of its two sides do not "
            "differ there. Give it other prompts, or leave the layer out."
        )
    return np.asarray(found / length)


def step(name: str, method: Method, first: Floats, second: Floats, layer: int) -> Floats:
    """Return the direction, [width], as long as the means of its two sides lie apart along it.

    So 1 step leads from the mean of the second side to the mean of the first, as far as that lies in the direction.
    Raises MeasurementError as ``fitted`` does, and where the mean of the first side does not lie ahead.

    >>> import numpy as np
    >>> first, second = np.array([[3.0, 1.0], [5.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> step("honesty", "mean difference", first, second, layer=4).round(9).tolist()
    [3.0, 1.0]
    """
    found = fitted(name, method, first, second, layer)
    apart = float((first.mean(axis=0) - second.mean(axis=0)) @ found)
    if not apart > 0:
        raise MeasurementError(
            f"The direction {name!r} has no length at layer {layer}: along it the mean of its first side does not lie "
            "ahead of that of its second. Give it other prompts, or the method 'mean difference'."
        )
    return np.asarray(found * apart)


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
        raise MeasurementError(
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
