"""Look for neurons that bring a prediction back when they are restored, or take it away when they are corrupted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts.changes import ChangeSettings, ChangeSort, ExactChange, Stages, in_stages
from neuronclaims.discovery.sorts.outcomes import read_outcome
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.kinds.interventions.restoration import CORRUPTION, RESTORATION, RestorationKind
from neuronclaims.kinds.interventions.restoration_request import RestorationData, RestorationRequest
from neuronclaims.kinds.interventions.restoration_sentence import Corrupting, PatchingSentence, Restoring
from neuronclaims.measurements import PairAttribution
from neuronclaims.sentences.changes.change import ChangedPart, ModelChange
from neuronclaims.sentences.outcomes.said import SaidOutcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.discovery.sorts.measuring import MeasuredNeurons, SearchedHalf
    from neuronclaims.discovery.sorts.sort import SortSettings
    from neuronclaims.discovery.values import Floats
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats.designs import Unit


@dataclass(frozen=True, slots=True)
class WayOfPatching:
    """One of both ways that values change hands: its kind, its sentence, and the verb of that."""

    kind: RestorationKind
    build: type[PatchingSentence]
    verb: str

    @property
    def sign(self) -> int:
        """Which way the prediction goes."""
        return self.build.way.sign


WAYS: Mapping[str, WayOfPatching] = {
    "restoration": WayOfPatching(RESTORATION, Restoring, "restoring"),
    "corruption": WayOfPatching(CORRUPTION, Corrupting, "corrupting"),
}


@dataclass(frozen=True)
class RestorationSort(ChangeSort):
    """Neurons that recover, or remove, the largest share of a prediction, that of ``outcome``, over pairs of texts."""

    outcome: SaidOutcome = SaidOutcome("token", " a")  # noqa: RUF009
    said: ChangeSettings = ChangeSettings()  # noqa: RUF009
    name: str = "restoration"
    unit: Unit = "pair"
    of_pairs: bool = True
    grid: tuple[float, ...] = (
        *(round(0.01 * step, 2) for step in range(1, 10)),
        *(round(0.05 * step, 2) for step in range(2, 20)),
    )

    def looked_for(self, names: Sequence[str]) -> str:
        """Return what is done, and to which prediction."""
        return f"{self.name} of {self.outcome} in {names[0]}"

    def options(self, names: Sequence[str]) -> Mapping[str, object]:  # noqa: ARG002
        """Return the tokens at which values change."""
        return self.said.options

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> PatchingSentence:
        """Return that the neuron recovers, or removes, at least a share."""
        way = WAYS[self.name]
        change = ModelChange(way.verb, (ChangedPart((neuron,)),))
        verb, said = f"{way.build.way.does}s", self.outcome
        return way.build(
            change, verb, said.token, said.against, names[0], number, compared=self.said.compared
        )

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure attribution to all neurons, and what patching the best of them does, each beside its controls."""
        request, way = RestorationRequest.of(half.claim), WAYS[self.name]
        like, units = request.together, request.units

        def estimate(layer: int) -> PairAttribution:
            return PairAttribution(like.site, layer, like.prediction, like.pairs, like.at)

        def estimated(need: Measurement, answer: NDArray[np.float32]) -> Floats:
            assert isinstance(need, PairAttribution)
            return way.sign * units.means(need.columns(answer).change)

        def changed(claim: Claim, answers: Answers) -> ExactChange:
            data = RestorationData.of(RestorationRequest.of(claim), answers)
            random = None if data.controls is None else float(data.controls.mean.mean())
            return ExactChange(data.gained, random)

        def whole(need: Measurement, answer: NDArray[np.float32]) -> Floats:
            assert isinstance(need, PairAttribution)
            found = need.columns(answer)
            return way.sign * units.means(found.clean - found.corrupted)

        stages = Stages(
            lambda neuron: replace(half.claim, sentence=self.sentence(neuron, half.names, self.least)),
            estimate,
            estimated,
            lambda claim: way.kind.needs(claim, half.facts),
            changed,
            whole,
        )
        return in_stages(half, stages, self.said.best, self.words)

    def words(self, effect: float) -> str:
        """Return a share of the prediction."""
        return f"{100 * effect:.2g} %"


def _made(name: str, said: SortSettings) -> RestorationSort:
    """Return the search; raise DiscoveryError for an outcome that is no prediction of a token."""
    outcome = read_outcome(said.others.get("outcome"), name)
    if outcome.what != "token":
        raise DiscoveryError(
            f"A share of a prediction is what {name} is of: name a token, or one over another, such as "
            f'\'" an" over " a"\', not {outcome}.'
        )
    return RestorationSort(outcome=outcome, said=ChangeSettings.of(said), name=name)


SORTS = tuple(SortEntry(name, partial(_made, name), ("outcome", "at", "best", "beyond")) for name in WAYS)
