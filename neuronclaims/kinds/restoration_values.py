"""How claims of restored neurons read, what they ask, and what was measured of their pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.asking import plural
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.predictions import Noun, Units, check_noun, places, who_of
from neuronclaims.kinds.selection import search_of
from neuronclaims.language import Neuron, Phrase
from neuronclaims.measurements import Pair, Prediction, Restoration, RestorationSweep

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.predictions import Floats
    from neuronclaims.language import Claim, PromptPair

NOISE_FLOOR = 1e-3
"""Logits: about ten times what batching, and the order of sums in float32, can change of a logit of 100."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """The sentence of restored neurons, in parts; several are restored together."""

    noun: Noun
    neurons: tuple[Neuron, ...]
    share: float
    token: str
    against: str
    pairs: str
    site: str | None = None

    def __post_init__(self) -> None:
        check_noun(self.noun, self.neurons)

    def __str__(self) -> str:
        return PHRASE.render(self)


PHRASE = Phrase(
    "restoring [{site:site}] {noun:neuron|neurons} {neurons:neurons} recovers at least {share:share} "
    "of {token:token} over {against:token} in {pairs:pairs}",
    Restoring,
    options=("positions", "noise_floor"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with its pairs in the order of their texts, so that the order of a file changes no number."""

    claim: Claim
    pairs: tuple[PromptPair, ...]
    units: Units

    @classmethod
    def of(cls, claim: Claim) -> Asked:
        """Look up the pairs; raise ClaimError for fewer than two units."""
        named = claim.pairs[claim.sentence.pairs].pairs
        pairs = tuple(sorted(named, key=lambda pair: (pair.clean, pair.corrupted)))
        return cls(claim, pairs, Units.of([pair.group for pair in pairs], "pair"))

    @property
    def prediction(self) -> Prediction:
        """What is predicted."""
        return Prediction(self.claim.sentence.token, self.claim.sentence.against)

    @property
    def seed(self) -> int:
        """A seed that comes from the pairs."""
        texts = [text for pair in self.pairs for text in (pair.clean, pair.corrupted)]
        return stats.seed_from(*texts, purpose="restoration", run_seed=self.claim.settings.seed)

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very pairs."""
        return search_of(self.claim, who_of(self.claim)) is not None

    @property
    def joint(self) -> Restoration:
        """Ask for all neurons together."""
        settings, neurons = self.claim.settings, places(self.claim.sentence.neurons)
        return Restoration(settings.site, neurons, self.prediction, self._texts, settings.options.positions)

    def sweep(self, layer: int) -> RestorationSweep:
        """Ask for each neuron of a layer alone."""
        settings = self.claim.settings
        return RestorationSweep(
            settings.site, layer, self.prediction, self._texts, settings.options.positions
        )

    @property
    def _texts(self) -> tuple[Pair, ...]:
        return tuple(Pair(pair.clean, pair.corrupted) for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: per pair the predictions, and per layer what each neuron alone adds [units, width]."""

    clean: Floats
    corrupted: Floats
    restored: Floats
    units: Units
    layers: dict[int, Floats]

    @classmethod
    def of(cls, asked: Asked, answers: Answers) -> Measured:
        """Read the answers; raise ClaimError where a pair holds nothing to restore."""
        clean, corrupted, restored = answers[asked.joint].astype(np.float64).T
        _check_floor(asked, np.abs(clean - corrupted))
        layers = {need.layer: answers[need] for need in answers if isinstance(need, RestorationSweep)}
        gains = {
            layer: asked.units.means(found[:, 2:].astype(np.float64) - found[:, 1:2])
            for layer, found in sorted(layers.items())
        }
        return cls(clean, corrupted, restored, asked.units, gains)

    @property
    def tops(self) -> Floats:
        """What is recovered, per unit."""
        return self.units.means(self.restored - self.corrupted)

    @property
    def bottoms(self) -> Floats:
        """What there is to recover, per unit."""
        return self.units.means(self.clean - self.corrupted)

    @property
    def searched(self) -> int:
        """How many neurons were restored alone."""
        return sum(gains.shape[1] for gains in self.layers.values())

    def column(self, neuron: Neuron) -> int:
        """Return the place of a neuron among those of all layers."""
        below: int = sum(gains.shape[1] for layer, gains in self.layers.items() if layer < neuron.layer)
        return below + neuron.index


def _check_floor(asked: Asked, sizes: Floats) -> None:
    floor = asked.claim.settings.options.noise_floor or NOISE_FLOOR
    small = sizes < floor
    if small.any():
        place = int(sizes.argmin())
        pair = asked.pairs[place]
        raise ClaimError(
            f"{plural(int(small.sum()), 'pair')} of {asked.claim.sentence.pairs!r} "
            f"{'holds' if small.sum() == 1 else 'hold'} nothing to restore: the clean and the corrupted text "
            f"differ in {asked.prediction} by less than the noise floor of {floor:g}, as {pair.clean!r} and "
            f"{pair.corrupted!r} ({pair.source}) do: by {sizes[place]:.2g}. Take pairs whose texts predict different "
            "tokens."
        )
