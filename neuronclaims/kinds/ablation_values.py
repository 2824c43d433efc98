"""How claims of ablated neurons read, what they ask, and what was measured of their prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.asking import in_order, texts_of
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.predictions import Noun, Units, check_noun, places, who_of
from neuronclaims.kinds.selection import search_of
from neuronclaims.language import FieldError, Neuron, Phrase
from neuronclaims.measurements import Ablation, AblationSweep, Prediction

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.predictions import Floats
    from neuronclaims.language import Claim, Options, Prompt


@dataclass(frozen=True, slots=True)
class Ablating:
    """The sentence of ablated neurons, in parts; several are ablated together."""

    noun: Noun
    neurons: tuple[Neuron, ...]
    direction: Literal["lowers", "raises"]
    token: str
    first: str
    against: str | None = None
    by: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        check_noun(self.noun, self.neurons)
        if self.by is not None and self.by <= 0:
            raise FieldError("by", "the least change claimed must be above 0: the direction is said in words")

    def __str__(self) -> str:
        return PHRASE.render(self)


PHRASE = Phrase(
    "ablating [{site:site}] {noun:neuron|neurons} {neurons:neurons} {direction:lowers|raises} {token:token} "
    "[over {against:token}] in {first:set} [by at least {by:number}]",
    Ablating,
    options=("replacement", "reference", "outcome", "damage"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with its prompts in the order of their text, so that the order of a file changes no number."""

    claim: Claim
    prompts: tuple[Prompt, ...]
    units: Units

    @classmethod
    def of(cls, claim: Claim) -> Asked:
        """Look up the prompts; raise ClaimError for fewer than two units."""
        prompts = in_order(claim.sets[claim.sentence.first])
        return cls(claim, prompts, Units.of([prompt.group for prompt in prompts], "prompt"))

    @property
    def options(self) -> Options:
        """The claim's options."""
        return self.claim.settings.options

    @property
    def prediction(self) -> Prediction:
        """What is predicted."""
        return Prediction(self.claim.sentence.token, self.claim.sentence.against)

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very prompts."""
        return search_of(self.claim, who_of(self.claim)) is not None

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

    @property
    def harmed(self) -> Harmed | None:
        """Where damage is looked for, if the claim says so."""
        damage = self.options.damage
        return None if damage is None else Harmed.of(self, damage.set, damage.at_most)

    def sweep(self, layer: int) -> AblationSweep:
        """Ask for each neuron of a layer alone."""
        settings, texts = self.claim.settings, texts_of(self.prompts)
        return AblationSweep(
            settings.site, layer, self.options.replacement, self.prediction, texts, self.reference
        )

    def seed(self, prompts: tuple[Prompt, ...]) -> int:
        """Return a seed that comes from prompts."""
        return stats.seed_from(*texts_of(prompts), purpose="ablation", run_seed=self.claim.settings.seed)

    def on(self, prompts: tuple[Prompt, ...]) -> Ablation:
        """Ask for all neurons together on some prompts."""
        settings, neurons = self.claim.settings, places(self.claim.sentence.neurons)
        return Ablation(
            settings.site,
            neurons,
            self.options.replacement,
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
        return self.units.means(answers[self.need][:, 4])


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, per unit: what the claim is about before and after, and the other outcome; see ``Ablation``.

    ``layers`` hold, per layer, the prediction after ablating each neuron alone [units, width].
    """

    before: Floats
    after: Floats
    other: tuple[Floats, Floats]
    divergences: Floats
    layers: dict[int, Floats]
    alone: Floats

    @classmethod
    def of(cls, asked: Asked, answers: Answers) -> Measured:
        """Read the answers."""
        found = asked.units.means(answers[asked.joint])
        logits, chances = (found[:, 0], found[:, 1]), (found[:, 2], found[:, 3])
        own, other = (logits, chances) if asked.options.outcome == "logit" else (chances, logits)
        swept = {need.layer: answers[need] for need in answers if isinstance(need, AblationSweep)}
        layers = {layer: asked.units.means(values[:, 1:]) for layer, values in sorted(swept.items())}
        return cls(*own, other, found[:, 4], layers, logits[0])

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
