"""Overlap: two sets of prompts that share so many of their top neurons, or one that shares more with this than that.

    hanoi and vietnam share at least 5 of their top 10 neurons over baseline
    hanoi and violent share at most 2 of their top 10 neurons over baseline
    hanoi overlaps more with vietnam than with violent                      (the top 10, over the set called baseline)

The neurons of a site, all layers together, are ranked for each set by how far its mean lies above the baseline's. Ties
for the last place leave all that tie out. That some are shared says nothing by itself: neurons that are always high,
or vary much, are shared by any two sets. So prompts are exchanged: see ``overlap_tests``. Prompts are the units, or
their groups; pairs, and groups that both of the exchanged sets have, are compared within, and so are blocks.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.kinds.shared.selection import LEVEL, chosen_before, selection_notes
from neuronclaims.kinds.top_k.overlap_limits import at_most, difference, shared
from neuronclaims.kinds.top_k.overlap_sentences import NEARER_TEMPLATE, SHARING_TEMPLATE
from neuronclaims.kinds.top_k.overlap_shown import (
    ceilings,
    compared_notes,
    figures_of,
    hidden,
    jaccard,
    notes_of,
    rank_biased,
    sharing_notes,
)
from neuronclaims.kinds.top_k.overlap_tests import (
    RESAMPLES,
    against_baseline,
    both,
    exchanged,
    more_in_number,
    resampled_differences,
)
from neuronclaims.kinds.top_k.overlap_values import Asked, Measured

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import Estimate, Side, TestResult


class _OverlapKind:
    """What claims of shared top neurons have in common."""

    def joint_test_key(self, claim: Claim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: it is about all neurons together."""
        return None


class SharingKind(_OverlapKind):
    """Two sets that share at least, or at most, so many of their top neurons."""

    name, template = "overlap", SHARING_TEMPLATE

    def attainable(self, claim: Claim) -> Attainable:
        """Say how small p could get: of two exchanges with the baseline's held-out half, the larger one."""
        asked = self._asked(claim)
        if claim.sentence.bound == "at most":
            return Attainable(0.0, " and ".join(plural(count, asked.unit) for _, count in asked.counts))
        designs = [asked.design(name, asked.baseline) for name in asked.names]
        least = max(designs, key=lambda design: design.smallest_p("greater"))
        return Attainable(least.smallest_p("greater"), f"{size_of(least)} held out of the baseline")

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on both sets and the baseline."""
        self.attainable(claim)
        return self._asked(claim).needs(facts)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Count what is shared, and test it against the held-out baseline, or from above."""
        said = claim.sentence
        measured = Measured.of(self._asked(claim), answers)
        estimate = shared(measured, said.first, said.second)
        above, own = said.bound == "at least", ceilings(measured)
        tests = against_baseline(measured, family) if above else ()
        return _finding(
            measured,
            estimate,
            both(tests) if tests else at_most(measured, estimate),
            others=(
                *jaccard(measured, estimate, said.first, said.second),
                rank_biased(measured, said.first, said.second),
            ),
            own=own,
            notes=(*compared_notes(measured, tests), *sharing_notes(measured, own)),
            claimed=f"{said.bound} {said.shared}",
            side="greater" if above else "less",
            null=-1.0 if above else said.shared + 1.0,  # that none is seen does not contradict p
            threshold=float(said.shared),
            nulls=tuple(null for each in tests for null in each.null),
            others_named=((said.baseline, len(measured.asked.units[said.baseline].rows)),),
        )

    def _asked(self, claim: Claim) -> Asked:
        asked = Asked.of(claim, (claim.sentence.first, claim.sentence.second))
        asked.check_baseline(parts=2)
        return asked


class NearerKind(_OverlapKind):
    """A set that shares more of its top neurons with one set than with another."""

    name, template = "nearer overlap", NEARER_TEMPLATE

    def attainable(self, claim: Claim) -> Attainable:
        """Say how small p could get: in one of all ways to exchange the prompts of the two sets compared."""
        design = self._asked(claim).design(claim.sentence.near, claim.sentence.far)
        return Attainable(max(design.smallest_p("greater"), 1 / (1 + RESAMPLES)), size_of(design))

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers of the site on the three sets and the baseline."""
        self.attainable(claim)
        return self._asked(claim).needs(facts)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare what the set shares with each of the two, and exchange the prompts of these."""
        said = claim.sentence
        measured = Measured.of(self._asked(claim), answers)
        test = exchanged(measured, said.first, said.near, said.far, family)
        sets = [measured.of_units(name) for name in measured.asked.names]
        drawn = resampled_differences(sets, measured.asked.k, measured.asked.seed)
        level, own = (1 + LEVEL) / 2, ceilings(measured)  # at this level both limits hold together
        near, far = (shared(measured, said.first, name, level) for name in (said.near, said.far))
        return _finding(
            measured,
            difference(near, far, drawn),
            more_in_number(test, drawn),
            others=(
                *self._each(measured, said.near, near),
                *self._each(measured, said.far, far),
            ),
            own=own,
            notes=(*compared_notes(measured, (test,)), *hidden(measured, own, near)),
            claimed=None,
            side="greater",
            null=0.0,
            threshold=None,
            nulls=test.null,
        )

    def _asked(self, claim: Claim) -> Asked:
        said = claim.sentence
        return Asked.of(claim, (said.first, said.near, said.far))

    def _each(self, measured: Measured, name: str, found: Estimate) -> tuple[Estimate, ...]:
        return jaccard(measured, found, measured.asked.claim.sentence.first, name, count=True)


def _finding(
    measured: Measured,
    estimate: Estimate,
    test: TestResult,
    *,
    others: tuple[Estimate, ...],
    own: tuple[Estimate, ...],
    notes: tuple[str, ...],
    claimed: str | None,
    side: Side,
    null: float,
    threshold: float | None,
    nulls: tuple[Null, ...] = (),
    others_named: tuple[tuple[str, int], ...] = (),
) -> Finding:
    asked = measured.asked
    selection = chosen_before(asked.claim, "sets" if asked.claim.discovered else "")
    return Finding(
        estimate=estimate,
        statement=Statement(side, null, threshold, claimed),
        test=test,
        sample=Sample(asked.unit, (*asked.counts, *others_named)),
        selection=selection,
        others=(*others, *own),
        notes=(*selection_notes(selection), *notes, *notes_of(measured)),
        figures=(*figures_of(measured, own), *nulls),
    )


SHARING, NEARER = SharingKind(), NearerKind()
"""How claims of shared top neurons read: how many two sets share, and with which of two a set shares more."""
