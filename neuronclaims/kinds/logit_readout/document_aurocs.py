"""Estimate and test the AUROC of a neuron's values for "the token is on top here", within each document.

A label of the text stands in the place of "the token is on top" where a claim names one. What differs between
documents cancels, and positions need not be independent. A document with the token on top everywhere or nowhere has no
AUROC. Signs of AUROC - 1/2 are flipped over documents, or over their groups, and the mean has a score interval
(docs/adr/0011-searching-a-grid.md), which "does not" turns round against the margin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.margins import CHANCE
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import plain, plural
from neuronclaims.kinds.shared.subjects.selection import LEVEL
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.kinds.shared.units import of_one_set

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.changed_neurons import Floats, TextUnits
    from neuronclaims.kinds.logit_readout.looked_for import LookedFor
    from neuronclaims.results import UnitValues
    from neuronclaims.stats import Estimate, TestResult
    from neuronclaims.stats.designs import Unit

    Counts = NDArray[np.int64]

"""The AUROC of a neuron whose values tell nothing of the prediction."""

DRAWN = 1_000
"""How many documents' AUROCs are drawn at most."""

FEW_HITS = 3
"""An AUROC from fewer positions with the token on top is coarse."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of the set ``corpus``, their units, and what is looked for in them."""

    corpus: str
    looked_for: LookedFor
    prompts: tuple[Prompt, ...]
    units: TextUnits


@dataclass(frozen=True, slots=True, eq=False)
class DocumentAurocs:
    """The AUROCs of one neuron, one per document or group.

    ``positions`` and ``hits`` [documents] count positions and those with the token on top. ``within`` has the mean
    AUROC, less 1/2, of each unit's documents that have one.
    """

    documents: Documents
    positions: Counts
    hits: Counts
    within: stats.WithinUnits

    @classmethod
    def of(cls, documents: Documents, aurocs: Floats, positions: Counts, hits: Counts) -> DocumentAurocs:
        """Average AUROCs [documents] within units; raise ClaimError where fewer than two units have one."""
        _check_hits(documents, positions, hits)
        pairs = hits * (positions - hits)
        # An AUROC is a whole number of half pairs. What float32 lost of it would break ties between documents.
        exact = np.where(pairs > 0, np.round(2 * pairs * aurocs) / (2 * np.maximum(pairs, 1)), np.nan)
        units = documents.units
        values = [exact[list(rows)] for rows in units.rows]
        effects = [float((one[~np.isnan(one)] - CHANCE).mean()) for one in values if not np.isnan(one).all()]
        if len(effects) < 2:
            raise ClaimError(
                f"Only {plural(len(effects), units.unit)} of {len(values)} in {documents.corpus!r} "
                f"{'has' if len(effects) == 1 else 'have'} {documents.looked_for.with_it}; at least 2 are needed, and "
                "more to show anything. Take longer or other documents."
            )
        return cls(documents, positions, hits, _within(np.array(effects), silent=len(values) - len(effects)))

    @property
    def unit(self) -> Unit:
        """The unit that has an AUROC: a document or a group."""
        return self.documents.units.unit

    @property
    def values(self) -> Floats:
        """The mean AUROC of each unit that has one, [units]."""
        return self.within.effects + self.within.chance

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Which documents have an AUROC: those with the token on top at some positions, but not at all."""
        return (self.hits > 0) & (self.hits < self.positions)

    @property
    def telling_rows(self) -> tuple[tuple[int, ...], ...]:
        """The documents of each unit that has an AUROC, by place."""
        return tuple(row for row in self.documents.units.rows if self.telling[list(row)].any())

    @property
    def estimate(self) -> Estimate:
        """The mean AUROC with its score interval."""
        return self._named(stats.association_estimate(self.within, level=LEVEL, unit=self.unit))

    @property
    def share_on_top(self) -> Estimate:
        """How often it is there."""
        share, wanted = float(self.hits.sum() / self.positions.sum()), self.documents.looked_for
        return counted(wanted.key, f"share of positions with {wanted.what}", share)

    def test(self, number: float, resampling: stats.Resampling, level: stats.Level) -> TestResult:
        """Test the mean against chance or another number, by flipping the signs of the distances from it."""
        shifted = replace(self.within, effects=self.within.effects - (number - CHANCE), chance=number)
        return stats.association_test(
            shifted, alternative="two-sided", unit=self.unit, resampling=resampling, level=level
        )

    def margin_test(self, margin: float) -> TestResult:
        """Test that the mean lies nearer to chance than a margin, by turning its interval round."""
        least = smallest_margin_p(len(self.within.effects), margin)
        return stats.interval_test(self.estimate, "within", CHANCE, CHANCE + margin, least)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on documents without an AUROC, and on AUROCs from few positions."""
        return (*self._silent, *self._coarse)

    @property
    def _silent(self) -> tuple[str, ...]:
        nowhere, everywhere = int((self.hits == 0).sum()), int((self.hits == self.positions).sum())
        if not nowhere + everywhere:
            return ()
        counts = (("nowhere", nowhere), ("everywhere", everywhere))
        silent = [f"{where} in {count:,}" for where, count in counts if count]
        telling = int(self.telling.sum())
        return (
            f"{telling:,} of {plural(len(self.hits), 'document')} {'tells' if telling == 1 else 'tell'} something; "
            f"{self.documents.looked_for.is_there} {' and '.join(silent)}.",
        )

    @property
    def _coarse(self) -> tuple[str, ...]:
        typical = float(np.median(self.hits[self.telling]))
        if typical >= FEW_HITS:
            return ()
        few = "1 position" if typical == 1 else f"{typical:g} positions"
        return (
            f"Half of the documents that tell something have {self.documents.looked_for.what} at no more than {few}, "
            "so each AUROC is coarse: longer documents would say more.",
        )

    def unit_values(self, of: str) -> UnitValues:
        """Return the AUROC of each unit that has one; ``of`` says of which neuron and token."""
        return of_one_set(of, "mean AUROC", self.documents.prompts, self.telling_rows, self.values)

    def figure(self) -> Distributions:
        """Draw the AUROC of each unit from low to high, with its first document; of many units, only some."""
        values, rows = self.values, self.telling_rows
        order = np.argsort(values, kind="stable")
        drawn = order[np.unique(np.linspace(0, len(values) - 1, DRAWN).round().astype(int))]
        names = unit_names(self.documents.prompts, [rows[place] for place in drawn])
        some = f"{DRAWN:,} of {len(values):,} {self.unit}s"
        label = some if len(drawn) < len(values) else self.documents.corpus
        return Distributions(f"AUROC within each {self.unit}", (Row(label, plain(values[drawn]), names),))

    def null_figure(self, test: TestResult, number: float, seed: int, of: str) -> tuple[Null, ...]:
        """Draw the null distribution of the mean under sign flips; ``of`` names the neuron if there are several."""
        effects = self.within.effects - (number - CHANCE)
        name = f"mean AUROC within documents less {number:g}"
        return null_of(
            effects,
            np.zeros_like(effects),
            test,
            exchange=stats.Exchange(paired=True),
            statistic="mean",
            seed=seed,
            name=name,
            of=of,
        )

    def _named(self, estimate: Estimate) -> Estimate:
        name = "mean AUROC within documents" + (", by groups" if self.unit == "group" else "")
        return replace(estimate, effect=stats.EffectSize("mean_auroc_within", name, scale="auroc"))


def planned_aurocs(count: int, unit: Unit, number: float | None, margin: float | None) -> stats.Planning:
    """Return what so many units with an AUROC can show: of a mean beyond a number, or nearer to chance than a margin.

    With a margin the number is its upper bound.

    >>> planned_aurocs(6, "document", 0.95, None).in_reach(stats.Level())
    '8 documents'
    """
    claim = stats.PlannedClaim(
        "mean auroc",
        0.0,
        "greater" if margin is None else "two-sided",
        paired=True,
        threshold=number,
        margin=margin,
    )
    beyond = "" if margin is not None or number is None else f" beyond {number:g}"
    return stats.Planning(claim, (count, count), unit, f"of the {unit}s' AUROCs{beyond}")


def smallest_margin_p(units: int, margin: float) -> float:
    """Return the least p that a test against a margin can give: all units lie at chance, so that nothing varies.

    >>> smallest_margin_p(12, 0.1) < smallest_margin_p(6, 0.1)
    True
    """
    best = stats.association_estimate(_within(np.zeros(units), silent=0))
    return stats.interval_test(best, "within", CHANCE, CHANCE + margin).p_value


def _within(effects: Floats, silent: int) -> stats.WithinUnits:
    names = tuple(str(place) for place in range(len(effects)))
    return stats.WithinUnits("AUROC", effects, names, silent, CHANCE, 0.0, 1.0)


def _check_hits(documents: Documents, positions: Counts, hits: Counts) -> None:
    many = f"{positions.sum():,} positions"
    where = f"of {many} in {plural(len(positions), 'document')} of {documents.corpus!r}"
    everywhere = bool((hits == positions).all())
    if everywhere or not hits.any():
        raise documents.looked_for.no_contrast(where, everywhere)
