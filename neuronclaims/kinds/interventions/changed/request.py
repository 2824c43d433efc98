"""What claims of changed neurons ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from neuronclaims import stats
from neuronclaims.claim_files.claims import Prompt
from neuronclaims.kinds.interventions.changed.doses import slope_effect
from neuronclaims.kinds.interventions.changed.made import ChangeMade
from neuronclaims.kinds.interventions.changed.sentence import (
    DENIED,
    SIDES,
    ChangedPredictionOptions,
    ChangedPredictionSentence,
)
from neuronclaims.kinds.interventions.changed_neurons import (
    TextUnits,
    changed_along,
    clean_texts,
    places,
    swept_layers,
)
from neuronclaims.kinds.interventions.controls.random_neurons import beyond_controls
from neuronclaims.kinds.interventions.controls.standing import controls_needed
from neuronclaims.kinds.interventions.damage import DamageRequest
from neuronclaims.kinds.interventions.outcomes.continuations import CountedContinuations
from neuronclaims.kinds.interventions.outcomes.outcome import (
    OUTCOMES,
    Outcome,
    reading_of,
)
from neuronclaims.kinds.outliers.outlier_dimensions import large_tokens_needed
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.requests import in_order, items_of, texts_of
from neuronclaims.measurements import Ablation, AblationSweep, Prediction
from neuronclaims.measurements.views.view import noun_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.changing.outcomes.reading import Reading
    from neuronclaims.stats import Alternative, EffectSize
    from neuronclaims.stats.effects.margins import MarginSide

    ChangedClaim: TypeAlias = Claim[ChangedPredictionSentence, ChangedPredictionOptions]


@dataclass(frozen=True, slots=True)
class ChangedPredictionRequest:
    """A claim with its prompts in the order of their text, so that the order of a file changes no number."""

    claim: ChangedClaim
    prompts: tuple[Prompt, ...]
    units: TextUnits

    @classmethod
    def of(cls, claim: ChangedClaim) -> ChangedPredictionRequest:
        """Look up the prompts of the first set, or pairs, named; raise ClaimError for fewer than two units."""
        return cls.on_set(claim, claim.sentence.first)

    @classmethod
    def on_set(cls, claim: ChangedClaim, name: str) -> ChangedPredictionRequest:
        """Look up the prompts, or the clean texts of pairs; raise ClaimError for fewer than two units."""
        paired = name in claim.pairs
        prompts = clean_texts(claim.pairs[name]) if paired else in_order(claim.sets[name])
        groups = [prompt.group for prompt in prompts]
        return cls(claim, prompts, TextUnits.of(groups, "clean text" if paired else "prompt"))

    @property
    def options(self) -> ChangedPredictionOptions:
        """The claim's options."""
        return self.claim.settings.options

    @property
    def made(self) -> ChangeMade:
        """What is done to the neurons; of several amounts, the one furthest from changing nothing."""
        return max(self.all_made, key=lambda made: made.size)

    @property
    def all_made(self) -> tuple[ChangeMade, ...]:
        """What is done to the neurons, once for each amount."""
        return ChangeMade.each_of(self.claim.sentence.change, self.options, noun_of(self.claim.settings.site))

    @property
    def reading(self) -> Reading:
        """What is read of each run."""
        return reading_of(self.claim.sentence.outcome, self.options.loss_at)

    @property
    def outcome(self) -> Outcome:
        """What of it counts."""
        return Outcome.of(self.options.outcome, self.claim.sentence.outcome)

    @property
    def effect(self) -> EffectSize:
        """The effect that is claimed: a mean change, maybe beyond random neurons', or a mean slope over amounts."""
        if self.claim.sentence.trend:
            return slope_effect(self.outcome)
        effect = self.outcome.effect
        return (
            beyond_controls(effect, noun_of(self.claim.settings.site))
            if self.claim.sentence.beyond
            else effect
        )

    @property
    def other_outcome(self) -> Outcome:
        """The outcome that is reported beside it."""
        return self.outcome.other(self.claim.sentence.outcome)

    @property
    def side(self) -> Alternative:
        """The side of no change that is claimed or denied."""
        return SIDES[self.claim.sentence.direction]

    @property
    def denied(self) -> MarginSide | None:
        """Where the change lies by "does not", None for any other claim."""
        return DENIED.get(self.claim.sentence.direction)

    @property
    def margin(self) -> float:
        """The margin of a claim of "does not"; raise ClaimError where it has none, or one of another unit."""
        outcome = self.outcome
        what = (
            f"slope of the {outcome.unit}" if self.claim.sentence.trend else f"change of the {outcome.unit}"
        )
        matters = f"the {what} that would matter"
        return plain_margin_of(self.claim, outcome.margin, matters, outcome.largest_margin)

    @property
    def reference(self) -> tuple[str, ...]:
        """The texts that values are taken from; raise ClaimError where they are needed and not named."""
        named = self.made.reference
        return () if named is None else texts_of(in_order(self.claim.sets[named]))

    @property
    def together(self) -> Ablation:
        """Ask for all neurons together on the claim's prompts."""
        return self.on(self.prompts)

    @property
    def picks(self) -> bool:
        """Whether the sentence names no neuron: the one that does most of what is said is picked."""
        return self.claim.sentence.change.among is not None

    @property
    def series(self) -> tuple[Ablation, ...]:
        """Ask for the same at each amount, the one of ``together`` included; for nothing where no neuron is named."""
        if self.picks:
            return ()
        return tuple(replace(self.together, replacement=made.intervention) for made in self.all_made)

    @property
    def written(self) -> tuple[Measurement, ...]:
        """Ask for what the model writes at each amount, where that is what counts."""
        counted = CountedContinuations.of(self.claim)
        return () if counted is None else tuple(map(counted.asked, self.series))

    def rows(self, need: Ablation, answers: Answers) -> NDArray[np.floating]:
        """Return what is read of each prompt before and after a change of ``series``: [prompts, columns]."""
        counted = CountedContinuations.of(self.claim)
        return answers[need] if counted is None else counted.rows(need, answers, self.prompts)

    @property
    def damage(self) -> DamageRequest | None:
        """Where damage is looked for, if the claim says so."""
        damage = self.options.damage
        if damage is None:
            return None
        prompts = in_order(self.claim.sets[damage.set])
        return DamageRequest.of(damage, prompts, self.on(prompts), self.seed(prompts))

    def controls(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for what the neurons are compared with, on the claim's prompts; of a trend only how large they are."""
        if self.claim.sentence.trend or self.claim.sentence.outcome.writes:
            swept_layers(self.claim, facts)
            return large_tokens_needed(
                self.claim.sentence.neurons, self.claim.settings, texts_of(self.prompts)
            )
        return controls_needed(
            self.claim, facts, texts_of(self.prompts), together=self.together, alone=self.sweep
        )

    def sweep(self, layer: int) -> AblationSweep:
        """Ask for each neuron of a layer alone."""
        held, texts = self.made.intervention, self._items(self.prompts)
        site, said = self.claim.settings.site, self.claim.sentence
        read = Prediction(said.token, said.against)
        return AblationSweep(site, layer, held, read, texts, self.reference, self.options.at)

    def on(self, prompts: tuple[Prompt, ...]) -> Ablation:
        """Ask for all neurons together on some prompts."""
        return Ablation(
            self.claim.settings.site,
            places(self.claim.sentence.neurons),
            self.made.intervention,
            self.reading,
            self._items(prompts),
            self.reference,
            self.options.at,
            changed_along(self.claim.sentence.change, self.claim.settings.site),
        )

    def _items(self, prompts: tuple[Prompt, ...]) -> tuple[str, ...]:
        read = self.reading.at
        return items_of(prompts, (*self.options.at.columns, *(read.columns if read else ())))

    def seed(self, prompts: tuple[Prompt, ...]) -> int:
        """Return a seed that comes from prompts."""
        return stats.seed_from(*texts_of(prompts), purpose="ablation", run_seed=self.claim.settings.seed)

    @property
    def values_key(self) -> str:
        """What is read before and after, as baselines know it: not worded anew."""
        slope = "slope of " if self.claim.sentence.trend else ""
        beyond = " beyond random neurons" if self.claim.sentence.beyond else ""
        return f"{slope}{self._of_tokens(self.outcome.key)}{beyond}"

    @property
    def predicted(self) -> str:
        """What is read before and after, in words."""
        return self._of_tokens(self.outcome.name)

    def _of_tokens(self, what: str) -> str:
        said = self.claim.sentence.outcome
        if said.writes and what == OUTCOMES["continuations"][0].key:
            return str(said)
        return f"{what} of {self.reading}" if said.of_tokens else what
