"""What claims of restored and of corrupted neurons ask for and get: request and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed_neurons import TextUnits, changed_along, is_searched, places
from neuronclaims.kinds.interventions.controls.random_neurons import RandomNeurons, beyond_controls
from neuronclaims.kinds.interventions.controls.standing import controls_needed, sampled
from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
from neuronclaims.kinds.interventions.picked import Picked
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.requests import plain, plural, resamples_of
from neuronclaims.kinds.shared.units import pair_text, unit_key
from neuronclaims.measurements import Pair, Prediction, Restoration, RestorationSweep
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.results import UnitValues

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, PromptPair
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.restoration_sentence import (
        Patching,
        PatchingSentence,
        RestorationOptions,
    )
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.changing.restorations import RestorationSweepColumns
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import EffectSize

    PatchingClaim: TypeAlias = Claim[PatchingSentence, RestorationOptions]

NOISE_FLOOR = 1e-3
"""Logits: about ten times what batching, and the order of sums in float32, can change of a logit of 100."""


@dataclass(frozen=True, slots=True)
class RestorationRequest:
    """A claim with its pairs in the order of their texts, so that the order of a file changes no number."""

    claim: PatchingClaim
    pairs: tuple[PromptPair, ...]
    units: TextUnits

    @classmethod
    def of(cls, claim: PatchingClaim) -> RestorationRequest:
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
        """Whether the claim is that hardly anything is recovered, or removed."""
        return self.claim.sentence.denies

    @property
    def way(self) -> Patching:
        """Whether neurons are restored or corrupted, and how that is said."""
        return self.claim.sentence.way

    @property
    def number(self) -> float:
        """The share claimed, 0 where none is named; of a claim of "does not" its margin.

        Raises ClaimError for a margin that will not do.
        """
        if not self.denies:
            return self.claim.sentence.share or 0.0
        return plain_margin_of(self.claim, "0.1", f"the {self.way.effect.name} that would matter", 1.0)

    @property
    def effect(self) -> EffectSize:
        """What is claimed of: the share or, by the sentence's end, that beyond random neurons."""
        effect = self.way.effect
        return (
            beyond_controls(effect, noun_of(self.claim.settings.site))
            if self.claim.sentence.beyond
            else effect
        )

    @property
    def seed(self) -> int:
        """A seed that comes from the pairs."""
        texts = [text for pair in self.pairs for text in (pair.clean, pair.corrupted)]
        return stats.seed_from(*texts, purpose=self.way.purpose, run_seed=self.claim.settings.seed)

    @property
    def picks(self) -> bool:
        """Whether the sentence names no neuron: that which does the most is picked from all changed alone."""
        return self.claim.sentence.change.among is not None

    @property
    def together(self) -> Restoration:
        """Ask for all neurons together."""
        settings = self.claim.settings
        change = self.claim.sentence.change
        neurons, along = places(change.neurons), changed_along(change, settings.site)
        return Restoration(settings.site, neurons, self.prediction, self._texts, settings.options.at, along)

    def controls(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for what the neurons are compared with; their size counts in the clean texts."""
        clean = [pair.clean for pair in self.pairs]
        return controls_needed(self.claim, facts, clean, together=self.together, alone=self.sweep)

    def sweep(self, layer: int) -> RestorationSweep:
        """Ask for each neuron of a layer alone."""
        settings = self.claim.settings
        return RestorationSweep(settings.site, layer, self.prediction, self._texts, settings.options.at)

    @property
    def _texts(self) -> tuple[Pair, ...]:
        names = self.claim.settings.options.at.columns
        both = [[prompt.item(names) for prompt in pair.prompts] for pair in self.pairs]
        # The second text of each is the one that is run with the neurons' values of the first.
        return tuple(Pair(*(texts if self.way.restores else reversed(texts))) for texts in both)


@dataclass(frozen=True, slots=True)
class RestorationData:
    """What was measured: per pair the predictions, and what each neuron of a layer alone adds.

    ``patched`` are the predictions on the corrupted text with neurons restored, or on the clean one with neurons
    corrupted. ``controls`` are the random neurons drawn for each pair, if there are any.
    """

    request: RestorationRequest
    clean: Floats
    corrupted: Floats
    patched: Floats
    sweeps: LayerSweeps
    controls: RandomNeurons | None
    neuron: Neuron
    picked: Picked | None = None

    @classmethod
    def of(cls, request: RestorationRequest, answers: Answers) -> RestorationData:
        """Read the answers; raise ClaimError where a pair holds nothing to restore."""
        together, units = request.together, request.units
        sweeps = LayerSweeps.of(
            answers,
            RestorationSweep,
            lambda need, answer: units.means(_gains(need.columns(answer), request.way.sign)),
            noun_of(request.claim.settings.site),
        )
        if request.picks:
            return cls._picked(request, answers, sweeps)
        source, start, patched = together.columns(answers[together])
        clean, corrupted = (source, start) if request.way.restores else (start, source)
        _check_floor(request, np.abs(clean - corrupted))
        neuron = request.claim.sentence.change.leading
        return cls(request, clean, corrupted, patched, sweeps, _controls(request, answers), neuron)

    @classmethod
    def _picked(cls, request: RestorationRequest, answers: Answers, sweeps: LayerSweeps) -> RestorationData:
        """Read what each neuron alone recovers, or removes, and take the one that does the most."""
        swept = {
            need.layer: need.columns(answer)
            for need, answer in answers.items()
            if isinstance(need, RestorationSweep)
        }
        source, start, _ = next(iter(swept.values()))
        clean, corrupted = (source, start) if request.way.restores else (start, source)
        _check_floor(request, np.abs(clean - corrupted))
        lost = request.units.means(clean - corrupted)[:, None]
        beyond = sweeps.all - request.number * lost
        often = None
        if request.claim.sentence.often is not None:
            often = (lost > 0) & (beyond >= 0 if request.number else beyond > 0)
        picked = Picked(sweeps, beyond, often)
        neuron = picked.neuron
        patched = swept[neuron.layer].patched[:, neuron.index]
        return cls(request, clean, corrupted, patched, sweeps, None, neuron, picked)

    @property
    def moved(self) -> Floats:
        """What is recovered of each pair, or removed."""
        start = self.corrupted if self.request.way.restores else self.clean
        return self.request.way.sign * (self.patched - start)

    @property
    def own(self) -> Floats:
        """What is recovered, or removed, per unit."""
        return self.request.units.means(self.moved)

    @property
    def gained(self) -> Floats:
        """What is claimed, per unit: all of that, or what is beyond what random neurons recover, or remove."""
        if self.controls is None or not self.controls.claimed:
            return self.own
        return self.own - self.controls.mean

    @property
    def lost(self) -> Floats:
        """What there is to recover, or to remove, per unit."""
        return self.request.units.means(self.clean - self.corrupted)

    @property
    def change(self) -> BeforeAfter:
        """What is recovered, compared with the share of what was lost that is claimed, or that is the margin."""
        request, claim = self.request, self.request.claim
        searched = self.sweeps if is_searched(claim) else None
        due, draws = request.number * self.lost, resamples_of(claim.settings)
        return BeforeAfter(self.gained, due, request.units, request.seed, draws, searched, self.neuron)

    @property
    def kept(self) -> UnitValues:
        """What was recovered per unit, and what there was to recover: the effect is the ratio of their sums."""
        claim, pairs, rows = self.request.claim, self.request.pairs, self.request.units.rows
        keys = tuple(unit_key(pair_text(pairs[place]) for place in row) for row in rows)
        change = claim.sentence.change
        named = change.subject if change.mixed else ", ".join(map(str, change.neurons or (self.neuron,)))
        beyond = " beyond random neurons" if claim.sentence.beyond else ""
        of = f"{claim.settings.site} {named} {self.request.way.done}: {self.request.prediction}{beyond}"
        return UnitValues(of, "ratio", True, (keys, keys), (plain(self.gained), plain(self.lost)))


def _controls(request: RestorationRequest, answers: Answers) -> RandomNeurons | None:
    """Read what random neurons recover, or remove, in each pair, beside what the claim's do there."""
    need, way = sampled(answers, request.together), request.way
    if need is None:
        return None
    source, start, patched = request.together.columns(answers[request.together])
    found, sentence = need.columns(answers[need]), request.claim.sentence
    whole = way.sign * (source - start)
    return RandomNeurons(
        way.sign * (patched - start),
        way.sign * (found.after - start[:, None]),
        request.units,
        found.relative_sizes,
        1,
        way.effect.name,
        way.done,
        len(sentence.neurons),
        float(request.units.means(whole).mean()) or 1.0,
        claimed=sentence.beyond,
        names=need.names(answers[need]),
        noun=noun_of(need.need.site),
    )


def _gains(found: RestorationSweepColumns, sign: int) -> Floats:
    """Return what each neuron of a layer alone recovers, or removes [pairs, width]."""
    return sign * (found.patched - found.corrupted[:, None])


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
