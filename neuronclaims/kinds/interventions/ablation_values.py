"""What claims of ablated neurons ask, and what was measured of their prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.claim_files.claims import Prompt
from neuronclaims.kinds.interventions.ablation_sentences import DENIED, AblationOptions
from neuronclaims.kinds.interventions.predictions import Units, places, who_of
from neuronclaims.kinds.interventions.random_lists import random_lists
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.requests import in_order, texts_of
from neuronclaims.kinds.shared.selection import search_of
from neuronclaims.measurements import Ablation, AblationSweep, Prediction
from neuronclaims.measurements.interventions import Intervention, intervention_of

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, PairSet
    from neuronclaims.kinds.interventions.ablation_sentences import Ablating
    from neuronclaims.kinds.interventions.predictions import Floats
    from neuronclaims.kinds.interventions.random_lists import Places
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.measurements.changes import AblationColumns
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats.effects.margins import MarginSide


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with its prompts in the order of their text, so that the order of a file changes no number."""

    claim: Claim[Ablating, AblationOptions]
    prompts: tuple[Prompt, ...]
    units: Units

    @classmethod
    def of(cls, claim: Claim[Ablating, AblationOptions]) -> Asked:
        """Look up the prompts, or the clean texts of pairs; raise ClaimError for fewer than two units."""
        name = claim.sentence.first
        paired = name in claim.pairs
        prompts = clean_texts(claim.pairs[name]) if paired else in_order(claim.sets[name])
        unit = "clean text" if paired else "prompt"
        return cls(claim, prompts, Units.of([prompt.group for prompt in prompts], unit))

    @property
    def options(self) -> AblationOptions:
        """The claim's options."""
        return self.claim.settings.options

    @property
    def prediction(self) -> Prediction:
        """What is predicted."""
        return Prediction(self.claim.sentence.token, self.claim.sentence.against)

    @property
    def intervention(self) -> Intervention:
        """What the neurons hold instead."""
        return intervention_of(self.options.replacement)

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very prompts."""
        return search_of(self.claim, who_of(self.claim)) is not None

    @property
    def denied(self) -> MarginSide | None:
        """Where the change lies by a claim of "does not", None for any other."""
        return DENIED.get(self.claim.sentence.direction)

    @property
    def margin(self) -> float:
        """The margin of a claim of "does not"; raise ClaimError where it has none, or one of another unit."""
        chance = self.options.outcome == "probability"
        matters = f"the change of the {'probability' if chance else 'logit'} that would matter"
        return plain_margin_of(self.claim, "0.1" if chance else "0.5", matters, 1.0 if chance else np.inf)

    @property
    def reference(self) -> tuple[str, ...]:
        """The texts that values are taken from; raise ClaimError where they are needed and not named."""
        replacement, named = self.options.replacement, self.options.reference
        if replacement == "zero":
            return ()
        if named is None:
            raise ClaimError(
                f"Values are to be replaced by 'replacement: {replacement}', and nothing says from which prompts "
                "these are taken. Name a prompt set, such as 'reference: baseline'."
            )
        return texts_of(in_order(self.claim.sets[named]))

    @property
    def joint(self) -> Ablation:
        """Ask for all neurons together on the claim's prompts."""
        return self.on(self.prompts)

    def lists(self, facts: ModelFacts) -> tuple[Ablation, ...]:
        """Ask for lists of other neurons, drawn at random, on the claim's prompts."""
        settings = self.claim.settings
        drawn = random_lists(self.claim.sentence.neurons, facts.widths[settings.site], settings)
        return tuple(self.on(self.prompts, each) for each in drawn)

    @property
    def harmed(self) -> Harmed | None:
        """Where damage is looked for, if the claim says so."""
        damage = self.options.damage
        return None if damage is None else Harmed.of(self, damage.set, damage.at_most)

    def sweep(self, layer: int) -> AblationSweep:
        """Ask for each neuron of a layer alone."""
        settings, texts = self.claim.settings, texts_of(self.prompts)
        return AblationSweep(settings.site, layer, self.intervention, self.prediction, texts, self.reference)

    def seed(self, prompts: tuple[Prompt, ...]) -> int:
        """Return a seed that comes from prompts."""
        return stats.seed_from(*texts_of(prompts), purpose="ablation", run_seed=self.claim.settings.seed)

    def on(self, prompts: tuple[Prompt, ...], neurons: Places | None = None) -> Ablation:
        """Ask for all neurons together, or for others in their stead, on some prompts."""
        return Ablation(
            self.claim.settings.site,
            neurons or places(self.claim.sentence.neurons),
            self.intervention,
            self.prediction,
            texts_of(prompts),
            self.reference,
        )


@dataclass(frozen=True, slots=True)
class Harmed:
    """The prompts on which damage is looked for, and the most it may be, in nats, if the claim sets a limit."""

    name: str
    at_most: float | None
    prompts: tuple[Prompt, ...]
    units: Units
    need: Ablation

    @classmethod
    def of(cls, asked: Asked, name: str, at_most: float | None) -> Harmed:
        """Look up the set; raise ClaimError for fewer than two units."""
        prompts = in_order(asked.claim.sets[name])
        units = Units.of([prompt.group for prompt in prompts], "prompt")
        return cls(name, at_most, prompts, units, asked.on(prompts))

    def divergences(self, answers: Answers) -> Floats:
        """Return the Kullback-Leibler divergence per unit, in nats."""
        return self.units.means(self.need.columns(answers[self.need]).divergence)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, per unit: what the claim is about before and after, and the other outcome; see ``Ablation``.

    ``layers`` hold, per layer, the prediction after ablating each neuron alone [units, width]; ``lists`` the mean
    change by each list of other neurons [lists].
    """

    before: Floats
    after: Floats
    other: tuple[Floats, Floats]
    divergences: Floats
    layers: dict[int, Floats]
    alone: Floats
    lists: Floats

    @classmethod
    def of(cls, asked: Asked, answers: Answers) -> Measured:
        """Read the answers."""
        joint = asked.joint
        found = joint.columns(asked.units.means(answers[joint]))
        logits = found.before, found.after
        chances = found.probability_before, found.probability_after
        own, other = (logits, chances) if asked.options.outcome == "logit" else (chances, logits)
        others = [
            need.columns(asked.units.means(answers[need]))
            for need in answers
            if isinstance(need, Ablation) and need.prompts == joint.prompts and need.neurons != joint.neurons
        ]
        swept = {need.layer: need for need in answers if isinstance(need, AblationSweep)}
        layers = {
            layer: asked.units.means(need.columns(answers[need]).after)
            for layer, need in sorted(swept.items())
        }
        return cls(
            *own,
            other,
            found.divergence,
            layers,
            logits[0],
            np.array([_mean_change(each, asked.options.outcome) for each in others]),
        )

    @property
    def searched(self) -> int:
        """How many neurons were ablated alone."""
        return sum(after.shape[1] for after in self.layers.values())

    @property
    def all_after(self) -> Floats:
        """The prediction after ablating each neuron of all layers alone [units, neurons]."""
        return np.concatenate(list(self.layers.values()), axis=1)

    def column(self, neuron: Neuron) -> int:
        """Return the place of a neuron among those of all layers."""
        below: int = sum(after.shape[1] for layer, after in self.layers.items() if layer < neuron.layer)
        return below + neuron.index

    def changes(self, layer: int) -> Floats:
        """Return the mean change of the prediction (logits) by each neuron of a layer [width]."""
        mean: Floats = (self.layers[layer] - self.alone[:, None]).mean(axis=0)
        return mean


def _mean_change(found: AblationColumns, outcome: str) -> float:
    """Return the mean change of the outcome by one list of neurons."""
    if outcome == "logit":
        return float(found.after.mean() - found.before.mean())
    return float(found.probability_after.mean() - found.probability_before.mean())


def clean_texts(pairs: PairSet) -> tuple[Prompt, ...]:
    """Return the clean texts of pairs in the order of their text, each once; raise ClaimError for one in two groups."""
    found: dict[str, Prompt] = {}
    for pair in pairs.pairs:
        earlier = found.setdefault(pair.clean, Prompt(pair.clean, pair.source, pair.id, pair.group))
        if earlier.group != pair.group:
            raise ClaimError(
                f"The clean text {pair.clean!r} of {pairs.name!r} is in two groups, {earlier.group!r} "
                f"({earlier.source}) and {pair.group!r} ({pair.source}): give pairs of one clean text one group."
            )
    return tuple(sorted(found.values(), key=lambda prompt: prompt.text))


def check_outcome(asked: Asked) -> None:
    """Raise ClaimError for the probability of two tokens, and of a neuron picked on these prompts."""
    if asked.options.outcome == "logit":
        return
    if asked.claim.sentence.against is not None:
        raise ClaimError(
            "A probability is that of one token ('outcome: probability'), but this sentence names two. Leave out "
            f"'over {asked.claim.sentence.against!r}', or claim the difference of their logits ('outcome: logit')."
        )
    if asked.searched:
        raise ClaimError(
            "A neuron that was picked on these prompts ('searched') is tested by its logits: of all the neurons it "
            "was picked from, no probabilities are measured. Leave out 'outcome: probability', or test it on new "
            "prompts ('discovered_on')."
        )
