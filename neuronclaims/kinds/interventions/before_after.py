"""Two values per unit, after and before a change: the base of all kinds that change neurons while the model runs.

The signs of after - before are flipped. That is all a kind needs for its test, its null distribution, its interval,
what so many prompts can show and the values that baselines keep. Here is a whole kind: it steers a neuron:

>>> from neuronclaims.kinds.interventions.changed_neurons import TextUnits
>>> from neuronclaims.kinds.kind import Attainable, Family, Finding, Sample, Statement
>>> from neuronclaims.kinds.shared.requests import in_order, texts_of
>>> from neuronclaims.measurements import Ablation, Prediction
>>> from neuronclaims.measurements.changing.interventions import Add
>>> from neuronclaims.results import Selection
>>> from neuronclaims.sentences.subjects.neurons import Neuron
>>> from neuronclaims.sentences.templates import Template
>>> @dataclass(frozen=True)
... class Steered:
...     neuron: Neuron
...     by: float
...     token: str
...     first: str
...     site: str | None = None
>>> class SteeredKind:
...     name = "steered"
...     template = Template(
...         "steering [{site:site}] neuron {neuron:neuron} by {by:number} raises {token:token} in {first:set}", Steered
...     )
...     effect = stats.EffectSize("steered_logit", "mean change of the steered logit")
...
...     def attainable(self, claim):
...         units = self.units(claim)
...         return Attainable.of(units.planning("greater", "of the changes"), units.size)
...
...     def joint_test_key(self, claim):
...         return None
...
...     def needs(self, claim, facts):
...         return (self.measurement(claim),)
...
...     def judge(self, claim, answers, family):
...         need, units = self.measurement(claim), self.units(claim)
...         found = need.columns(units.means(answers[need]))
...         change = BeforeAfter(found.after, found.before, units, seed=claim.settings.seed, draws=9_999)
...         return Finding(
...             estimate=change.estimate(self.effect),
...             statement=Statement("greater", 0.0),
...             test=change.test(family),
...             sample=Sample(units.unit, ((claim.sentence.first, len(units.rows)),)),
...             selection=Selection("beforehand", what="neuron"),
...         )
...
...     def units(self, claim):
...         return TextUnits.of([prompt.group for prompt in self.prompts(claim)], "prompt")
...
...     def prompts(self, claim):
...         return in_order(claim.sets[claim.sentence.first])
...
...     def measurement(self, claim):
...         said, texts = claim.sentence, texts_of(self.prompts(claim))
...         place = (said.neuron.layer, said.neuron.index)
...         return Ablation(claim.settings.site, (place,), Add(said.by), Prediction(said.token), texts)

What it asks of a model, and what it makes of the answer (here of two prompts, the logit 1 and 2 higher):

>>> from types import SimpleNamespace
>>> from neuronclaims.claim_files.claims import Prompt
>>> claim = SimpleNamespace(
...     sentence=Steered(Neuron(3, 17), 5.0, " an", "texts"),
...     settings=SimpleNamespace(site="mlp_post", seed=0),
...     sets={"texts": SimpleNamespace(prompts=(Prompt("I ate", "line 1"), Prompt("We saw", "line 2")))},
... )
>>> [need] = SteeredKind().needs(claim, None)
>>> str(need.replacement), need.neurons
('add 5.0', ((3, 17),))
>>> answer = np.array([[2.0, 3.0, 0.1, 0.2, 0.0], [2.0, 4.0, 0.1, 0.3, 0.0]], np.float32)
>>> finding = SteeredKind().judge(claim, {need: answer}, Family(1, "holm", 0.05))
>>> finding.estimate.value, finding.test.p_value
(1.5, 0.5)

``tests/seam/nudging.py`` is the same kind grown up, installed by an entry point: with "does not", an option, figures,
values for baselines, and a neuron that was ``searched`` for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.subjects.selection import level_for, widened
from neuronclaims.kinds.shared.units import of_changes

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.changed_neurons import Floats, TextUnits
    from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
    from neuronclaims.kinds.kind import Family
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Alternative, EffectSize, Estimate, TestResult
    from neuronclaims.stats.effects.margins import MarginSide

MEAN_CHANGE = stats.EffectSize("mean_change", "mean change")


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter:
    """What is found ``after`` a change and what it is compared with, ``before``: [units] each.

    ``searched`` holds what each neuron does alone, where the claim's one, ``neuron``, was picked from them on these
    very texts. ``draws`` is how many sign flips are drawn at first where they cannot all be listed. No mean change lies
    outside ``bounds``.
    """

    after: Floats
    before: Floats
    units: TextUnits
    seed: int
    draws: int
    searched: LayerSweeps | None = None
    neuron: Neuron | None = None
    bounds: tuple[float, float] = (-np.inf, np.inf)

    def __post_init__(self) -> None:
        if self.searched is not None:
            self.searched.column(self.neuron)

    @property
    def many(self) -> int:
        """How many neurons the claimed one was picked from, itself included."""
        return 1 if self.searched is None else self.searched.count

    @property
    def exchange(self) -> stats.Exchange:
        """What is exchanged: the signs of the differences."""
        return stats.Exchange(paired=True, unit=self.units.unit)

    def resampling(self, family: Family) -> stats.Resampling:
        """Return how signs are drawn: ``draws`` in any case, and as many more as the family waits for."""
        return family.resampling(self.seed, self.draws)

    def test(self, family: Family, number: float = 0.0) -> TestResult:
        """Test the mean change against a number; of a searched neuron by the maximum over all, or by its interval.

        p is two-sided, as every p that a verdict rests on.
        """
        if self.searched is not None and number:
            return stats.interval_test(self.estimate(MEAN_CHANGE), "greater", 0.0, number)
        found = self.search_test(family)
        if found is not None:
            return found
        return stats.two_sample_test(
            self.after - float(np.float32(number)),
            self.before,
            exchange=self.exchange,
            statistic="mean",
            alternative="two-sided",
            resampling=self.resampling(family),
            level=family.level,
        )

    def search_test(self, family: Family) -> TestResult | None:
        """Test the claimed neuron by the maximum statistic over all that were searched; None where none were."""
        if self.searched is None:
            return None
        after = self.searched.all
        results = stats.search_tests(
            after,
            np.broadcast_to(self.before[:, None], after.shape),
            exchange=replace(self.exchange, column=self.searched.noun),
            statistic="mean",
            resampling=self.resampling(family),
            level=family.level,
        )
        return results.one(self.searched.column(self.neuron))

    def estimate(self, effect: EffectSize) -> Estimate:
        """Return the mean change with its interval, which is wide enough for all neurons searched."""
        made = mean_change(self.after, self.before, effect, level_for(self.many))
        noun = "neuron" if self.searched is None else self.searched.noun
        return widened(made.of_prompts(self.units.texts), self.many, noun).within_bounds(*self.bounds)

    def within(self, estimate: Estimate, threshold: float, side: MarginSide) -> TestResult:
        """Test that the mean change is smaller than a margin, by turning its interval round."""
        least = self.least_within(abs(threshold), side)
        test = stats.interval_test(estimate, side, 0.0, threshold, least)
        return replace(test, degenerate=bool((self.after == self.before).all()))

    def least_within(self, margin: float, side: MarginSide) -> float:
        """Return the least p that a claim of a change below a margin can get; 0 where it depends on the values."""
        denied: dict[MarginSide, Alternative] = {"not greater": "greater", "not less": "less"}
        return self.units.planning(denied.get(side, "two-sided"), "", margin).smallest_p

    def null(self, test: TestResult, name: str) -> tuple[Null, ...]:
        """Draw what flipping signs alone makes of the mean change, or of the maximum over all neurons searched."""
        if self.searched is None:
            after, before = self.after, self.before
            return null_of(
                after,
                before,
                test,
                exchange=stats.Exchange(paired=True),
                statistic="mean",
                seed=self.seed,
                name=name,
            )
        after, column = self.searched.all, self.searched.column(self.neuron)
        before = np.broadcast_to(self.before[:, None], after.shape)
        return null_of_search(
            after,
            before,
            column,
            test,
            paired=True,
            statistic="mean",
            seed=self.seed,
            noun=self.searched.noun,
        )

    def kept(self, of: str, prompts: Sequence[Prompt]) -> UnitValues:
        """Return the values for baselines; ``of`` is the key of what they are."""
        return of_changes(of, prompts, self.units.rows, self.after, self.before)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the test doubtful, in sentences."""
        return stats.assumption_warnings(self.after, self.before, paired=True, statistic="mean")


def mean_change(after: Floats, before: Floats, effect: EffectSize, level: float = 0.95) -> Estimate:
    """Return the mean of after - before [units] with Student's t interval."""
    return replace(stats.paired_mean_difference_estimate(after, before, level=level), effect=effect)


def untouched(after: Floats, before: Floats) -> tuple[str, ...]:
    """Say so where changing the neurons changes nothing whatever, which leaves no spread to test anything by."""
    if (after != before).any():
        return ()
    return (
        "In none of these texts does what is read change at all: a fact about them, but no test says more.",
    )
