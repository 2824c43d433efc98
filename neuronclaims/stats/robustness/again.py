"""The verdict again, with other units: how far the effect then lies from its boundary, and on which side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from neuronclaims.stats.robustness.in_family import InFamily
from neuronclaims.stats.robustness.samples import Samples
from neuronclaims.stats.rule import Side, boundaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuronclaims.stats.verdicts import Verdict

ALONE = InFamily(1.0)
"""No correction."""
RESAMPLES = 500
"""How often all units are drawn anew."""
_MOST_CELLS = 20_000_000
"""Units times resamples: of very many units fewer resamples are drawn."""
_AT_ONCE = 1_000_000
"""Units times resamples that are held at once; this changes no number."""
_TINY = 1e-300
"""The least p that has a quantile."""


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """A verdict with its samples, to be reached again without some units or with units drawn anew.

    ``p`` is that of the verdict before its correction, which counts up to ``alpha`` after it. With other units p is
    worked out anew from how many standard errors the effect then lies from the boundary, compared with all units: so
    what a permutation test or a search added stays as it was.
    ``smallest_p`` is the least p of an exact test, before correction; without a unit it is larger. So is ``unseen``,
    the chance that the units hold none of one in five that may be unlike all others (``Caution``): no p is below it,
    and ``p`` is the one that there would be without it.
    """

    samples: Samples
    side: Side
    null: float
    threshold: float | None
    p: float
    alpha: float
    correction: InFamily = ALONE
    smallest_p: float = 0.0
    unseen: float = 0.0

    def without(self, places: Sequence[int] | NDArray[np.intp]) -> Verdict:
        """Return the verdict without some units; inconclusive where too few are left.

        >>> samples = Samples("difference", np.array([5.0, 6.0, 5.5, 6.5]), np.array([1.0, 2.0, 1.5, 2.5]))
        >>> Again(samples, "greater", 0.0, None, p=0.03, alpha=0.05, smallest_p=2 / 70).without([0])
        'inconclusive'
        """
        left = self.samples.without(np.asarray(places, dtype=np.intp))
        if not left.enough:
            return "inconclusive"
        p, share = self._p(left.effect, left), min(left.counts) / min(self.samples.counts)
        unseen = self.unseen**share if self.unseen else 0.0
        return self._verdict(left.effect, max(p, self._least(left), self._careful(left), unseen))

    def effect_without(self, places: Sequence[int] | NDArray[np.intp]) -> float:
        """Return the effect without some units; NaN where too few are left."""
        left = self.samples.without(np.asarray(places, dtype=np.intp))
        return left.effect if left.enough else float("nan")

    def nearest(self, effect: float) -> float:
        """Return the boundary that an effect is nearest to."""
        bounds = boundaries(self.side, self.null, self.threshold)
        return min(bounds, key=lambda boundary: abs(effect - boundary))

    def resampled(self, seed: int, resamples: int = RESAMPLES) -> float:
        """Return in what share of resamples of the units (within each set) the verdict is the same.

        Effects of resamples are those of the first order, by how far each unit draws the effect.
        """
        rng, weights = np.random.default_rng(seed), [np.sort(each) for each in self.samples.weights]
        most = max(50, min(resamples, _MOST_CELLS // sum(self.samples.counts)))
        shift, variance = np.zeros(most), np.zeros(most)
        for each in weights:
            step = max(1, _AT_ONCE // len(each))
            for start in range(0, most, step):
                rows = slice(start, min(start + step, most))
                drawn = each[rng.integers(len(each), size=(rows.stop - start, len(each)))]
                shift[rows] += drawn.mean(axis=1)
                variance[rows] += drawn.var(axis=1, ddof=1) / len(each)
        effects, own = self.samples.effect + shift, self.verdict
        found = zip(effects.tolist(), np.sqrt(variance).tolist(), strict=True)
        same = [
            self._verdict(effect, max(self._p(effect, self.samples, error), self.unseen)) == own
            for effect, error in found
        ]
        return float(np.mean(same))

    @property
    def verdict(self) -> Verdict:
        """The verdict with all units."""
        return self._verdict(self.samples.effect, max(self.p, self.unseen))

    def _p(self, effect: float, samples: Samples, error: float | None = None) -> float:
        """Return p for another effect, of other samples, with the error that follows from their values."""
        own = self._apart(self.samples.effect, self.samples, self.samples.error)
        new = self._apart(effect, samples, samples.error if error is None else error)
        share = new / own if 0 < own < np.inf else float(own == 0 or np.isinf(new))
        return float(2 * ndtr(ndtri(max(self.p, _TINY) / 2) * share))

    def _apart(self, effect: float, samples: Samples, error: float) -> float:
        """Return how many standard errors an effect lies from the boundary, or from the nearer of two."""
        found = []
        for boundary in boundaries(self.side, self.null, self.threshold):
            there = samples.error_at(boundary)
            each, apart = error if there is None else there, abs(effect - boundary)
            found.append(apart / each if each > 0 else (np.inf if apart > 0 else 0.0))
        return min(found)

    def _careful(self, left: Samples) -> float:
        """Return the p that bears with skewed values, where the verdict's own p is not below it; 0 elsewhere."""
        known = [
            (self.samples.careful_p(boundary), left.careful_p(boundary))
            for boundary in boundaries(self.side, self.null, self.threshold)
        ]
        bounded = all(own is not None and own <= self.p * (1 + 1e-6) for own, _ in known)
        return max((new for _, new in known if new is not None), default=0.0) if bounded else 0.0

    def _least(self, left: Samples) -> float:
        """Return the least p of an exact test of fewer units; 0 where the test is not of that sort."""
        if not 0 < self.smallest_p <= self.p:
            return 0.0
        if self.samples.joined:
            times = 2.0 ** (self.samples.counts[0] - left.counts[0])
        else:
            times = float(np.exp(_log_choices(self.samples.counts) - _log_choices(left.counts)))
        return min(1.0, self.smallest_p * times)

    def _verdict(self, effect: float, p: float) -> Verdict:
        if not np.isfinite(effect) or self.correction.of(p) > self.alpha:
            return "inconclusive"
        return "supported" if self._claimed(effect) else "refuted"

    def _claimed(self, effect: float) -> bool:
        bounds = boundaries(self.side, self.null, self.threshold)
        low, high = min(bounds), max(bounds)
        if self.side == "two-sided":
            return self.threshold is None or effect > high or effect < low
        if self.side == "within":
            return low < effect < high
        return effect > low if self.side in ("greater", "not less") else effect < low


def _log_choices(counts: tuple[int, ...]) -> float:
    from math import lgamma

    n, m = counts
    return lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1)
