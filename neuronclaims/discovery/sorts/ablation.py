"""Look for neurons that lower, or raise, an outcome when they are ablated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts.changes import ChangeSettings, ChangeSort, ExactChange, Stages, in_stages
from neuronclaims.discovery.sorts.outcomes import read_outcome, round_numbers
from neuronclaims.discovery.sorts.sort import SortEntry
from neuronclaims.kinds.interventions.changed.data import ChangedPredictionData
from neuronclaims.kinds.interventions.changed.kind import ABLATION
from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
from neuronclaims.kinds.interventions.changed.sentence import Ablating
from neuronclaims.kinds.interventions.outcomes.outcome import Outcome
from neuronclaims.kinds.interventions.outcomes.said import size_of
from neuronclaims.measurements import Attribution
from neuronclaims.sentences.changes.change import ChangedPart, ModelChange
from neuronclaims.sentences.messages import closest, either, quoted
from neuronclaims.sentences.numbers import Percent
from neuronclaims.sentences.outcomes.said import SaidOutcome
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.discovery.sorts.measuring import MeasuredNeurons, SearchedHalf
    from neuronclaims.discovery.sorts.sort import SortSettings
    from neuronclaims.discovery.values import Floats
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement
    from neuronclaims.stats.designs import Unit

Direction = Literal["lowers", "raises"]
DIRECTIONS: tuple[Direction, ...] = ("lowers", "raises")
REPLACEMENTS = ("zero", "mean", "resample")


@dataclass(frozen=True)
class AblationSort(ChangeSort):
    """Neurons whose ablation ``direction`` an ``outcome`` most; the effect is the mean change, in its unit.

    ``replacement`` is what they hold then; means and values drawn are those of the prompts themselves.
    """

    outcome: SaidOutcome = SaidOutcome("token", " a")  # noqa: RUF009
    direction: Direction = "lowers"
    replacement: str = "zero"
    said: ChangeSettings = ChangeSettings()  # noqa: RUF009
    name: str = "ablation"
    unit: Unit = "prompt"
    of_pairs: bool = False

    @property
    def grid(self) -> tuple[float, ...]:
        """The numbers that claims name, in the unit of the outcome; of a perplexity, percentages."""
        if self.outcome.what == "perplexity":
            shares = [each for each in round_numbers(-3, 1) if not self._falls or each < 1]
            return tuple(size_of(Percent(each), falling=self._falls) for each in shares)
        return round_numbers(-4, 0 if self._what.largest_margin == 1 else 2)

    def looked_for(self, names: Sequence[str]) -> str:
        """Return what ablation does to the outcome."""
        return f"ablation that {self.direction} {self.outcome} {self._where} {names[0]}"

    def options(self, names: Sequence[str]) -> Mapping[str, object]:
        """Return what neurons hold, if not 0, and the tokens at which they do."""
        held = {"replacement": self.replacement, "reference": names[0]} if self.replacement != "zero" else {}
        return {**held, **self.said.options}

    def sentence(self, neuron: Neuron, names: Sequence[str], number: float | None) -> Ablating:
        """Return that ablating the neuron changes the outcome."""
        change = ModelChange("ablating", (ChangedPart((neuron,)),))
        by = number
        if number is not None and self.outcome.what == "perplexity":
            by = Percent(round(-np.expm1(-number) if self._falls else np.expm1(number), 9))
        return Ablating(
            change,
            self.direction,
            self.outcome,
            self._where,
            names[0],
            by=by,
            compared=self.said.compared,
        )

    def measured(self, half: SearchedHalf) -> MeasuredNeurons:
        """Measure attribution to all neurons, and what ablating the best of them does, each beside its controls."""
        request = ChangedPredictionRequest.of(half.claim)
        sign = -1 if self._falls else 1
        like, units = request.together, request.units

        def estimate(layer: int) -> Attribution:
            return Attribution(
                like.site,
                layer,
                like.replacement,
                like.prediction,
                like.prompts,
                like.reference,
                like.at,
                beside=request.outcome.beside,
            )

        def estimated(need: Measurement, answer: NDArray[np.float32]) -> Floats:
            assert isinstance(need, Attribution)
            return sign * units.means(need.columns(answer).change)

        def changed(claim: Claim, answers: Answers) -> ExactChange:
            data = ChangedPredictionData.of(ChangedPredictionRequest.of(claim), answers)
            random = None if data.controls is None else sign * float(data.controls.mean.mean())
            return ExactChange(sign * (data.change.after - data.change.before), random)

        stages = Stages(
            lambda neuron: replace(half.claim, sentence=self.sentence(neuron, half.names, self.least)),
            estimate,
            estimated,
            lambda claim: ABLATION.needs(claim, half.facts),
            changed,
            lambda need, answer: np.ones(len(units.rows)),  # noqa: ARG005
        )
        return in_stages(half, stages, self.said.best, self.words)

    def words(self, effect: float) -> str:
        """Return a change of the outcome in its unit; of a perplexity in percent."""
        if self.outcome.what == "perplexity":
            return f"{100 * abs(np.expm1(-effect if self._falls else effect)):.2g} %"
        nats = " nats" if self.outcome.what in ("loss", "entropy") else ""
        return f"{effect:.2g}{nats}"

    @property
    def _falls(self) -> bool:
        return self.direction == "lowers"

    @property
    def _what(self) -> Outcome:
        return Outcome.of("logit", self.outcome)

    @property
    def _where(self) -> Literal["in", "of"]:
        return "of" if self.outcome.of_texts else "in"


def _made(said: SortSettings) -> AblationSort:
    """Return the search; raise DiscoveryError for an outcome, a direction or a replacement that there is not."""
    direction = said.others.get("direction", "lowers")
    replacement = said.others.get("replacement", "zero")
    for what, word, known in (
        ("direction", direction, DIRECTIONS),
        ("replacement", replacement, REPLACEMENTS),
    ):
        if word not in known:
            near = closest(word, known)
            meant = f"; did you mean {quoted(near)}?" if near else ""
            raise DiscoveryError(f"The {what} is {either(known)}, not {quoted(word)}{meant}")
    outcome = read_outcome(said.others.get("outcome"), "ablation")
    sort = AblationSort(
        outcome=outcome,
        direction="raises" if direction == "raises" else "lowers",
        replacement=replacement,
        said=ChangeSettings.of(said),
    )
    try:
        sort.sentence(Neuron(0, 0), ("texts",), None)
    except FieldError as error:
        raise DiscoveryError(f"No claim can say {quoted(str(outcome))} here: {error.message}.") from None
    return sort


SORT = SortEntry("ablation", _made, ("outcome", "direction", "replacement", "at", "best", "beyond"))
