"""What claims of restored neurons say, ask for and get: sentence, options, request and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from neuronclaims import stats
from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed_neurons import TextUnits, is_searched, places
from neuronclaims.kinds.interventions.controls.standing import controls_needed
from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import check_share
from neuronclaims.kinds.shared.margins import MarginOptions, plain_margin_of
from neuronclaims.kinds.shared.requests import plain, plural, resamples_of
from neuronclaims.kinds.shared.units import unit_key
from neuronclaims.measurements import Pair, Prediction, Restoration, RestorationSweep
from neuronclaims.results import UnitValues
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.changes.field import ChangeField
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.tokens.forms import AT, At
from neuronclaims.tokens.spans import ALL_TOKENS

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, PromptPair
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.controls.controls import Places
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.changing.restorations import RestorationSweepColumns

NOISE_FLOOR = 1e-3
"""Logits: about ten times what batching, and the order of sums in float32, can change of a logit of 100."""


NOT = "does not recover"


@dataclass(frozen=True, slots=True)
class Restoring:
    """The sentence of restored neurons, in parts; several are restored together."""

    change: ModelChange
    verb: Literal["recovers", "does not recover"]
    token: str
    against: str
    pairs: str
    share: float | None = None
    often: float | None = None

    def __post_init__(self) -> None:
        check_share(self.often, lowest="5%", highest="95%", field="often")
        if self.verb == NOT and self.often is not None:
            raise FieldError(
                "often", "a claim of 'does not' is one of all pairs; leave the share of pairs out"
            )
        if self.verb == NOT and self.share is not None:
            message = "a claim of 'does not' names no number; the share that would matter is its margin"
            raise FieldError("share", message, f"margin: {number_text(self.share)}")

    def __str__(self) -> str:
        return TEMPLATE.render(self)

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons restored together."""
        return self.change.neurons


class RestorationOptions(MarginOptions):
    """What claims of restoration take besides."""

    at: At = Field(ALL_TOKENS, description=AT)
    noise_floor: float | None = Field(
        None, gt=0, description="The size below which a difference between two predictions is noise."
    )


TEMPLATE = Template(
    "{change:change} {verb:recovers|does not recover} "
    "[at least {share:share} of] {token:token} over {against:token} in {pairs:pairs} "
    "[for at least {often:share} of pairs]",
    Restoring,
    options=RestorationOptions,
    pooled=False,
    margin="'margin: 0.1', the share that would matter",
    field_types={"change": ChangeField("restoring")},
)


@dataclass(frozen=True, slots=True)
class RestorationRequest:
    """A claim with its pairs in the order of their texts, so that the order of a file changes no number."""

    claim: Claim[Restoring, RestorationOptions]
    pairs: tuple[PromptPair, ...]
    units: TextUnits

    @classmethod
    def of(cls, claim: Claim[Restoring, RestorationOptions]) -> RestorationRequest:
        """Look up the pairs; raise ClaimError for fewer than two units."""
        named = claim.pairs[claim.sentence.pairs].pairs
        pairs = tuple(sorted(named, key=lambda pair: (pair.clean, pair.corrupted)))
        return cls(claim, pairs, TextUnits.of([pair.group for pair in pairs], "pair"))

    @property
    def prediction(self) -> Prediction:
        """What is predicted."""
        return Prediction(self.claim.sentence.token, self.claim.sentence.against)

    @property
    def denies(self) -> bool:
        """Whether the claim is that hardly anything is recovered."""
        return self.claim.sentence.verb == NOT

    @property
    def number(self) -> float:
        """The share claimed, 0 where none is named; of a claim of "does not" its margin.

        Raises ClaimError for a margin that will not do.
        """
        if not self.denies:
            return self.claim.sentence.share or 0.0
        return plain_margin_of(self.claim, "0.1", "the share recovered that would matter", 1.0)

    @property
    def seed(self) -> int:
        """A seed that comes from the pairs."""
        texts = [text for pair in self.pairs for text in (pair.clean, pair.corrupted)]
        return stats.seed_from(*texts, purpose="restoration", run_seed=self.claim.settings.seed)

    @property
    def together(self) -> Restoration:
        """Ask for all neurons together."""
        return self._changed(places(self.claim.sentence.neurons))

    def controls(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for what the neurons are compared with; their size counts in the clean texts, whose values they get."""
        clean = [pair.clean for pair in self.pairs]
        return controls_needed(self.claim, facts, clean, together=self._changed, alone=self.sweep)

    def sweep(self, layer: int) -> RestorationSweep:
        """Ask for each neuron of a layer alone."""
        settings = self.claim.settings
        return RestorationSweep(settings.site, layer, self.prediction, self._texts, settings.options.at)

    def _changed(self, neurons: Places) -> Restoration:
        settings = self.claim.settings
        return Restoration(settings.site, neurons, self.prediction, self._texts, settings.options.at)

    @property
    def _texts(self) -> tuple[Pair, ...]:
        names = self.claim.settings.options.at.columns
        return tuple(Pair(*(prompt.item(names) for prompt in pair.prompts)) for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class RestorationData:
    """What was measured: per pair the predictions, and what each neuron of a layer alone adds.

    ``lists`` are the shares recovered by lists of other neurons [lists].
    """

    request: RestorationRequest
    clean: Floats
    corrupted: Floats
    patched: Floats
    sweeps: LayerSweeps
    lists: Floats

    @classmethod
    def of(cls, request: RestorationRequest, answers: Answers) -> RestorationData:
        """Read the answers; raise ClaimError where a pair holds nothing to restore."""
        together, units = request.together, request.units
        clean, corrupted, patched = together.columns(answers[together])
        _check_floor(request, np.abs(clean - corrupted))
        sweeps = LayerSweeps.of(
            answers, RestorationSweep, lambda need, answer: units.means(_gains(need.columns(answer)))
        )
        whole = float(units.means(clean - corrupted).mean())
        others = [need for need in answers if isinstance(need, Restoration) and need != together and whole]
        lists = [_mean_gain(units, need, answers) / whole for need in others]
        return cls(request, clean, corrupted, patched, sweeps, np.array(lists))

    @property
    def gained(self) -> Floats:
        """What is recovered, per unit."""
        return self.request.units.means(self.patched - self.corrupted)

    @property
    def lost(self) -> Floats:
        """What there is to recover, per unit."""
        return self.request.units.means(self.clean - self.corrupted)

    @property
    def change(self) -> BeforeAfter:
        """What is recovered, compared with the share of what was lost that is claimed, or that is the margin."""
        request, claim = self.request, self.request.claim
        searched = self.sweeps if is_searched(claim) else None
        due, draws = request.number * self.lost, resamples_of(claim.settings)
        neuron = claim.sentence.neurons[0]
        return BeforeAfter(self.gained, due, request.units, request.seed, draws, searched, neuron)

    @property
    def kept(self) -> UnitValues:
        """What was recovered per unit, and what there was to recover: the effect is the ratio of their sums."""
        claim, pairs, rows = self.request.claim, self.request.pairs, self.request.units.rows
        texts = tuple(f"{len(pair.clean)}:{pair.clean}{pair.corrupted}" for pair in pairs)
        keys = tuple(unit_key(texts[place] for place in row) for row in rows)
        named = ", ".join(map(str, claim.sentence.neurons))
        of = f"{claim.settings.site} {named} restored: {self.request.prediction}"
        return UnitValues(of, "ratio", True, (keys, keys), (plain(self.gained), plain(self.lost)))


def _mean_gain(units: TextUnits, need: Restoration, answers: Answers) -> float:
    """Return the mean of what a list of neurons adds."""
    found = need.columns(units.means(answers[need]))
    return float(found.patched.mean() - found.corrupted.mean())


def _gains(found: RestorationSweepColumns) -> Floats:
    """Return what each neuron of a layer alone adds [pairs, width]."""
    return found.patched - found.corrupted[:, None]


def _check_floor(request: RestorationRequest, sizes: Floats) -> None:
    floor = request.claim.settings.options.noise_floor or NOISE_FLOOR
    small = sizes < floor
    if small.any():
        place = int(sizes.argmin())
        pair = request.pairs[place]
        raise ClaimError(
            f"{plural(int(small.sum()), 'pair')} of {request.claim.sentence.pairs!r} "
            f"{'holds' if small.sum() == 1 else 'hold'} nothing to restore: the clean and the corrupted text "
            f"differ in {request.prediction} by less than the noise floor of {floor:g}, as {pair.clean!r} and "
            f"{pair.corrupted!r} ({pair.source}) do: by {sizes[place]:.2g}. Take pairs whose texts predict different "
            "tokens."
        )
