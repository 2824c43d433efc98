"""Prediction: the higher a neuron's value, the rather a token is the model's own top prediction at that position.

    mlp_post neuron 31:892 predicts " an" in corpus with AUROC at least 0.8
    every neuron of 31:892, 35:1884 predicts " an" in corpus
    mlp_post neuron 31:891 does not predict " an" in corpus                            (margin: 0.1)

Every document gives one number, the AUROC of the neuron's values for "the token is on top here" over its own
positions: what differs between documents cancels, and positions need not be independent. A document with the token
on top everywhere or nowhere says nothing. Signs of AUROC - 1/2 are flipped over documents, or over their groups, and
the mean has a score interval (docs/adr/0011-searching-a-grid.md). "Does not" turns that interval round against the
margin, to both sides: neither does the value go up with the token, nor down. An AUROC within a document asks for
nothing but an order, so it is the trend; the shares by bins show its shape and are tested by nobody.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.kinds.logit_readout.readout_shown import figures_of, notes_of, others_of
from neuronclaims.kinds.logit_readout.readout_values import CHANCE, TEMPLATE, Asked, Measured
from neuronclaims.kinds.shared.neurons import check_neuron
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import resamples_of
from neuronclaims.kinds.shared.selection import LEVEL, selection_notes, selection_of
from neuronclaims.kinds.shared.subjects import Bound, One, every_note, every_table, least_clear, weakest
from neuronclaims.kinds.shared.units import of_one_set

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure, Null
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.logit_readout.readout_values import PredictionOptions, Predicts
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.sentences.subjects import Subject
    from neuronclaims.stats import Estimate, WithinUnits


class PredictionKind:
    """Neurons whose values go with a token being predicted, or do not."""

    name, template = "prediction", TEMPLATE

    def attainable(self, claim: Claim[Predicts, PredictionOptions]) -> Attainable:
        """Say how small p could get, if every document told something."""
        asked = Asked.of(claim)
        units, margin = asked.units, asked.margin
        least = units.smallest_p if margin is None else _smallest_margin_p(len(units.rows), margin)
        return Attainable(least, units.size)

    def joint_test_key(self, claim: Claim[Predicts, PredictionOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim[Predicts, PredictionOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for each neuron beside the top prediction; raise ClaimError where that cannot be."""
        self.attainable(claim)
        if not facts.causal:
            raise ClaimError(
                f"{facts.name} is an encoder ({facts.architecture}) and predicts no next token. Name a model that "
                "generates text."
            )
        if claim.settings.searched is not None:
            raise ClaimError(
                "A neuron that was picked on these documents ('searched') cannot be tested on them: only the neurons "
                "named are read there, and not all it was picked from. Test it on new documents ('discovered_on')."
            )
        who = claim.sentence.who
        for neuron in who.neurons:
            check_neuron(neuron, claim.settings.site, facts)
        asked = Asked.of(claim)
        return tuple(asked.of_neuron(neuron) for neuron in who.neurons)

    def judge(self, claim: Claim[Predicts, PredictionOptions], answers: Answers, family: Family) -> Finding:
        """Average the AUROCs within documents and test them against chance, or against the margin."""
        asked = Asked.of(claim)
        margin = asked.margin
        who = claim.sentence.who
        measured = {neuron: Measured.of(asked, answers, neuron) for neuron in who.neurons}
        ones = [_one(asked, neuron, found.found, family) for neuron, found in measured.items()]
        number = claim.sentence.auroc if margin is None else CHANCE + margin
        bound = Bound("greater" if margin is None else "within", CHANCE, number, family.alpha)
        one = ones[0] if who.how == "one" else weakest(bound, ones)
        own = measured[one.neuron]
        tables, notes = _every(ones, one, who)
        selection = selection_of(claim, who, 1)
        return Finding(
            estimate=one.estimate,
            statement=Statement(bound.side, CHANCE, number, _claimed(margin, number)),
            test=one.test,
            sample=Sample(
                asked.units.unit,
                ((claim.sentence.corpus, len(own.found.effects)),),
                needed=_needed(own.found, margin, number, family),
            ),
            selection=selection,
            others=others_of(asked, own),
            notes=(*selection_notes(selection), *notes, *notes_of(asked, own)),
            units=_units(asked, own, one.neuron),
            figures=(*figures_of(asked, own, one.neuron), *_null(asked, measured, ones), *tables),
        )


def _units(asked: Asked, measured: Measured, neuron: Neuron) -> UnitValues:
    rows = tuple(row for row in asked.units.rows if measured.telling[list(row)].any())
    of = f"{asked.claim.settings.site} {neuron} for {asked.claim.sentence.token!r} on top"
    values = measured.found.effects + measured.found.chance
    return of_one_set(of, "mean AUROC", asked.documents, rows, values)


def _one(asked: Asked, neuron: Neuron, found: WithinUnits, family: Family) -> One:
    unit, margin = asked.units.unit, asked.margin
    if margin is not None:
        result = _margin_test(found, margin, family.alpha)
        least = _smallest_margin_p(len(found.effects), margin)
        method = result.method.replace("units", f"{unit}s")
        test = replace(result.test, smallest_p=least, method=method)
        return One(neuron, _named(result.estimate, unit), test)
    resamples = resamples_of(asked.claim.settings)
    test = stats.association_test(
        found,
        alternative="greater",
        unit=unit,
        resampling=stats.Resampling(
            seed=asked.seed, draws=resamples, max_draws=max(resamples, family.max_draws)
        ),
        level=family.level,
    )
    return One(neuron, _named(stats.association_estimate(found, level=LEVEL), unit), test)


def _null(asked: Asked, measured: dict[Neuron, Measured], ones: list[One]) -> tuple[Null, ...]:
    """Draw what flipping signs alone gives the neuron whose p it is."""
    if asked.margin is not None:
        return ()
    least = least_clear(ones)
    effects = measured[least.neuron].found.effects
    of = "" if len(ones) == 1 else f" of {least.neuron}, whose p is the largest"
    return null_of(
        effects,
        np.zeros_like(effects),
        least.test,
        paired=True,
        statistic="mean",
        seed=asked.seed,
        name=f"mean AUROC within documents less {CHANCE:g}",
        of=of,
    )


def _margin_test(found: WithinUnits, margin: float, alpha: float) -> stats.EquivalenceResult:
    return stats.interval_equivalence_test(
        lambda level: stats.association_estimate(found, level=level),
        null=CHANCE,
        margin=margin,
        side="within",
        alpha=alpha,
    )


def _smallest_margin_p(units: int, margin: float) -> float:
    """Return the least p against a margin: that of units which all lie at chance, so that nothing spreads."""
    names = tuple(str(place) for place in range(units))
    perfect = stats.WithinUnits("AUROC", np.zeros(units), names, 0, CHANCE, 0.0, 1.0)
    return _margin_test(perfect, margin, 0.05).p_value


def _named(estimate: Estimate, unit: str) -> Estimate:
    name = "mean AUROC within documents" + (", by groups" if unit == "group" else "")
    return replace(
        estimate,
        effect=stats.EffectSize("mean_auroc_within", name, scale="auroc"),
        method=estimate.method.replace("units", f"{unit}s"),
    )


def _claimed(margin: float | None, number: float | None) -> str | None:
    if margin is not None:
        return f"an AUROC between {CHANCE - margin:.6g} and {CHANCE + margin:.6g}"
    return None if number is None else f"an AUROC of at least {number:g}"


def _every(ones: list[One], one: One, who: Subject) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """Return the table and the note of a claim of every neuron; nothing for a claim of one."""
    return ((), ()) if who.how == "one" else ((every_table(ones),), (every_note(len(ones), one),))


def _needed(
    found: WithinUnits, margin: float | None, number: float | None, family: Family
) -> tuple[int, ...] | None:
    """Return how many telling units would probably do, for the test and for the interval, which is two-sided."""
    effects, count = found.effects, len(found.effects)
    spread = float(effects.std(ddof=1))
    if spread == 0:
        return None
    bound = 0.0 if margin is not None or number is None else number - CHANCE
    sizes = stats.units_needed(
        stats.PlannedClaim(
            statistic="mean",
            effect=float(effects.mean() - bound) / spread,
            margin=None if margin is None else margin / spread,
            standardised=margin is not None,
            side="greater" if margin is None else "two-sided",
            paired=True,
            level=stats.Level(
                alpha=min(family.alpha, (1 - LEVEL) / 2) if bound else family.alpha, family=family.size
            ),
        ),
        (count, count),
    )
    return None if sizes is None else sizes[:1]


KIND = PredictionKind()
