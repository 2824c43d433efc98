"""The harm that a change does elsewhere: the divergence of all predictions on a set of prompts, and a limit for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from neuronclaims import stats
from neuronclaims.kinds.interventions.before_after import BeforeAfter, mean_change
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.options import Options, PromptSetName

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Ablation
    from neuronclaims.stats import Estimate, TestResult


class Damage(Options):
    """The prompts on which a change of the model is to do no harm."""

    set: PromptSetName = Field(description="The prompt set on which the KL divergence is reported.")
    at_most: float | None = Field(None, gt=0, description="The largest mean KL divergence allowed, in nats.")


def _named(value: object) -> object:
    return {"set": value} if isinstance(value, str) else value


DamageOn = Annotated[
    Damage,
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [{"type": "string"}, Damage.model_json_schema()]}),
]
"""Damage, or the name of its prompt set alone."""


@dataclass(frozen=True, slots=True)
class DamageRequest:
    """The prompts on which damage is looked for, and the most it may be, in nats, if the claim sets a limit."""

    name: str
    at_most: float | None
    units: TextUnits
    need: Ablation
    seed: int

    @classmethod
    def of(cls, damage: Damage, prompts: tuple[Prompt, ...], need: Ablation, seed: int) -> DamageRequest:
        """Group the prompts; raise ClaimError for fewer than two units."""
        units = TextUnits.of([prompt.group for prompt in prompts], "prompt")
        return cls(damage.set, damage.at_most, units, need, seed)

    def divergences(self, answers: Answers) -> Floats:
        """Return the Kullback-Leibler divergence per unit, in nats."""
        return self.units.means(self.need.columns(answers[self.need]).divergence)

    def estimate(self, answers: Answers) -> Estimate:
        """Return the mean divergence."""
        return divergence_of(self.divergences(answers), self.name)

    def harmless_share(self, answers: Answers) -> tuple[Estimate, ...]:
        """Return the share of units with no more harm than the limit, with its exact interval; none without limit."""
        if self.at_most is None:
            return ()
        values = self.divergences(answers)
        made = stats.share_estimate(int((values <= self.at_most).sum()), len(values))
        name = f"share of {self.units.unit}s of {self.name} with at most {number_text(self.at_most)} nats"
        return (replace(made, effect=stats.EffectSize("share_harmless", name, scale="share")),)

    def test(self, answers: Answers, draws: int, family: Family) -> DamageTest | None:
        """Test that the mean divergence is below the limit; None where the claim sets none.

        Harm that strikes few prompts escapes the test and the interval too often: of log-normal divergences (sd of the
        logs 1) whose mean is just the limit, 15 % of sets of 10 pass and 11 % of sets of 40, not 2.5 %. No test of a
        mean without a bound on its values does away with that; the notes say so.
        """
        if self.at_most is None:
            return None
        values = self.divergences(answers)
        change = BeforeAfter(values, np.full_like(values, self.at_most), self.units, self.seed, draws)
        test = stats.one_sample_test(
            values,
            null=self.at_most,
            alternative="two-sided",
            unit=self.units.unit,
            resampling=change.resampling(family),
            level=family.level,
        )
        estimate = divergence_of(values, self.name).of_prompts(self.units.texts)
        return DamageTest(
            estimate=estimate,
            at_most=self.at_most,
            test=test,
            warnings=tuple(f"On {self.name!r}: {warning}" for warning in change.warnings),
            nulls=change.null(test, f"{estimate.name} less {number_text(self.at_most)}"),
        )


@dataclass(frozen=True, slots=True)
class DamageTest:
    """What came of the test that a change does no harm."""

    estimate: Estimate
    at_most: float
    test: TestResult
    warnings: tuple[str, ...]
    nulls: tuple[Null, ...]


def divergence_of(values: Floats, name: str) -> Estimate:
    """Return the mean of divergences [units] in nats with Student's t interval, which ends at 0."""
    effect = stats.EffectSize("divergence", f"mean KL divergence on {name} (nats)")
    made = mean_change(values, np.zeros_like(values), effect)
    return made if made.low is None else replace(made, low=max(0.0, made.low))
