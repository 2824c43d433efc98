"""Make many neurons comparable, so that the largest can be found under one shared relabelling.

Every neuron gets a score that rises with its own t, whose spread under relabelling is the same for all, and
that stays finite where t does not:

- units exchanged between sets of one size, and rank sums: S, the sum of the marked values, after the
  neuron's pooled values have got mean 0 and sum of squares 1. The pooled t, and the rank sum divided by its
  standard deviation over all relabellings given the ties, rise with S.
- sets of different sizes: S |S| / Y with Y = 1 + k Q, where Q is the sum of the marked squares and k a
  constant of the sizes. Welch's t squared is n^2 S^2 / (const Y - const S^2), which rises with S^2 / Y; and
  Y, unlike the variances themselves, is a sum of positive terms, so nothing cancels.
- pairs: the signed sum of differences whose sum of squares is 1, which rises with the paired t.

Scores that agree to within ``tolerance``, a bound on what float64 can have done to both, count as tied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.effects.points import variance
from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.maximum.search_columns import NeuronColumns, Numbers, Sides, varying
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.relabelling import Statistic

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Law:
    """How scores follow from marked columns, and which relabellings there are.

    ``spread`` is k above, 0 where S alone decides. ``mirrored`` says that "as low for the first set" is "as
    high for the second" (equal sizes, signs); ``swapped`` that the marked units are the second set. ``whole``
    says that values are ranks.
    """

    arrangements: Subsets | Signs
    spread: float
    mirrored: bool
    swapped: bool
    whole: bool

    @property
    def units(self) -> int:
        """How many units, or pairs, there are."""
        return self.arrangements.units

    @property
    def marked(self) -> int:
        """How many units every relabelling marks; 0 for signs, which mark any number."""
        return 0 if isinstance(self.arrangements, Signs) else self.arrangements.size

    def weights(self, chosen: Bools) -> Floats:
        """Return relabellings [rows, n] as weights of the units: 0 and 1, or the signs."""
        marked = chosen.astype(np.float64)
        return marked if self.marked else 2 * marked - 1

    def weighed(self, columns: Floats) -> Floats:
        """Return what is summed to Y [n, m]; each relabelling marking equally many units, they share its 1."""
        return np.asarray(self.spread * columns**2 + 1 / self.marked)

    def scores(self, columns: Floats, weights: Floats, room: Floats | None = None) -> Floats:
        """Return the scores [rows, m] of ``columns`` [n, m] under ``weights`` [rows, n].

        They are made within ``room`` [2 or more, at least rows * m], if given, until that is used again.
        """
        shape = len(weights), columns.shape[1]
        if room is None:
            room = np.empty((2, shape[0] * shape[1]))
        scores, within = (flat[: shape[0] * shape[1]].reshape(shape) for flat in room[:2])
        np.matmul(weights, columns, out=scores)
        if self.spread:
            scores *= np.abs(scores, out=within)
            scores /= np.matmul(weights, self.weighed(columns), out=within)
        return np.asarray(scores)

    def pair_scores(self, columns: Floats, weights: Floats) -> Floats:
        """Return the score [k] of each of ``columns`` [n, k] under the row of ``weights`` [k, n] that is its own."""
        scores = np.einsum("nk,kn->k", columns, weights)
        if self.spread:
            scores *= np.abs(scores) / np.einsum("nk,kn->k", self.weighed(columns), weights)
        return np.asarray(scores)

    @property
    def tolerance(self) -> float:
        """The most by which two scores equal in exact arithmetic can differ in float64.

        From the bound n eps sum|z| on a sum of n terms, sum|z| <= sqrt(n) as the squares add up to 1, with
        room for the roundings of standardising; for S |S| / Y times the slope 2 |S| <= sqrt(n).
        """
        n = self.units
        return 10 * (n + 4) ** 2 * _EPS if self.spread else 10 * (n + 4) * n**0.5 * _EPS

    @property
    def deviation(self) -> float:
        """The standard deviation of S over all arrangements."""
        if not self.marked:
            return 1.0
        n, c = self.units, self.marked
        return float(np.sqrt(c * (n - c) / (n * (n - 1))))

    def observed_t(self, columns: Floats, observed: Floats) -> Floats:
        """Return Welch's t (the pooled t, if sizes agree) or the paired t [m] of the first set over the second."""
        if not self.marked:
            differences = columns * observed[:, None]
            return _ratio(differences.mean(axis=0), np.sqrt(variance(differences) / len(differences)))
        marked, rest = columns[observed > 0], columns[observed == 0]
        gap = marked.mean(axis=0) - rest.mean(axis=0)
        error = np.sqrt(variance(marked) / len(marked) + variance(rest) / len(rest))
        return _ratio(-gap if self.swapped else gap, error)

    def name(self) -> str:
        """Return what the statistic is called."""
        if self.whole:
            return "standardised rank sum"
        return "t" if self.marked and not self.spread else "Welch's t" if self.marked else "paired t"


@dataclass(frozen=True, slots=True)
class SearchDesign:
    """Neurons under one set of arrangements of their units.

    ``varies`` tells of all neurons [all] which can change. Those m are in ``columns`` in ascending order of
    their observed ``scores`` [m]; the i-th of them is at ``place[i]`` there. ``statistic`` [m] is in the
    order given.
    """

    law: Law
    varies: Bools
    columns: NeuronColumns
    scores: Floats
    place: NDArray[np.int64]
    statistic: Floats


def search_design(first: Numbers, second: Numbers, *, paired: bool, statistic: Statistic) -> SearchDesign:
    """Make samples [n1, m] and [n2, m] ready; ``paired`` ones have one length."""
    sides = Sides(first, second)
    varies = varying(sides, paired=paired)
    columns = NeuronColumns(sides, np.flatnonzero(varies), paired=paired, statistic=statistic)
    law = _law(len(first), len(second), paired, statistic)
    units = np.arange(columns.units)
    side = units >= len(first) if law.swapped else units < len(first)  # of pairs all: none is turned
    observed = side.astype(np.float64)
    scores, t = columns.slabwise(
        lambda some: law.scores(some, observed[None, :])[0], lambda some: law.observed_t(some, observed)
    )
    if law.whole:
        t = (-scores if law.swapped else scores) / law.deviation
    ascending = np.argsort(scores, kind="stable")
    columns.arrange(ascending)
    return SearchDesign(law, varies, columns, scores[ascending], np.argsort(ascending), t)


def _law(n1: int, n2: int, paired: bool, statistic: Statistic) -> Law:
    whole = statistic == "auroc"
    if paired:
        return Law(Signs(n1), 0.0, mirrored=True, swapped=False, whole=whole)
    c, r = min(n1, n2), max(n1, n2)
    spread = 0.0 if whole else _spread(c, r)
    return Law(Subsets(n1 + n2, c), spread, mirrored=n1 == n2, swapped=n2 < n1, whole=whole)


def _spread(c: int, r: int) -> float:
    """Return k: with S and Q of c marked units of c + r, the weighted variances are const (1 + k Q) - const S^2.

    That is r^2 (r-1) (c Q - S^2) + c^2 (c-1) (r (1-Q) - S^2), r^2 (r-1) c^2 (c-1) times the sum of the
    squared standard errors, with the terms in Q and the constant ones gathered.
    """
    return (r * (r - 1) - c * (c - 1)) / (c * (c - 1))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    limit = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    return np.divide(top, bottom, out=limit, where=bottom > 0)
