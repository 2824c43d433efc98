"""The prediction after neurons hold something else, at all tokens or at some: ablated, steered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.changing.along import ChangedAlong
from neuronclaims.measurements.changing.interventions import REPLACEMENTS, Intervention, intervention_of
from neuronclaims.measurements.changing.needs import ChangedPrediction, ChangeNeed
from neuronclaims.measurements.changing.outcomes.reading import AblationColumns, Floats, Reading
from neuronclaims.measurements.changing.outcomes.readings import Prediction
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest
from neuronclaims.sites import Site
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens, changed_of


class AblationSweepColumns(NamedTuple):
    """The prediction before, [prompts], and after changing each neuron of the layer alone, [prompts, width]."""

    before: Floats
    after: Floats


class ChangedPrompts(ChangedPrediction):
    """A change in prompts, to the values that an intervention, or its word, gives."""

    __slots__ = ()

    replacement: Intervention
    prompts: tuple[str, ...]
    at: ChangedTokens

    def __post_init__(self) -> None:
        object.__setattr__(self, "replacement", intervention_of(self.replacement))
        object.__setattr__(self, "at", changed_of(self.at))

    @property
    def what(self) -> str:  # type: ignore[override]
        """What was done, for errors and plans."""
        return "ablated neurons" if self.replacement in REPLACEMENTS.values() else "changed neurons"

    @property
    def request(self) -> TextRequest:
        """The predictions of each prompt."""
        return TextRequest(self.need, self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        need = self.need
        where = "" if self.at == ALL_TOKENS else f"at {self.at}"
        return Description(self.what, need.site, where, need.layers, ("prompts", self.prompts))

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model, and has the tokens that are changed."""
        for prompt in self.prompts:
            lengths.check_length(prompt)
            lengths.check_changed(prompt, self.at)
            if self.prediction.at is not None:
                lengths.check_changed(prompt, self.prediction.at)


@dataclass(frozen=True, slots=True)
class Ablation(ChangedPrompts):
    """What changing the values of some neurons does to a prediction, to the loss and so on, and to everything else.

    ``neurons`` are (layer, index), changed together at the tokens ``at``. ``replacement`` is what they hold instead, an
    intervention or its word; ``reference`` are the texts over whose positions a mean is taken or values are drawn,
    where it takes any; ``also`` is what is changed with them. The answer is float32 [prompts, 5]; ``columns`` names
    them. The divergence is that of the
    next-token distributions before from those after (Kullback-Leibler, nats), averaged over the positions that hold
    text.

    >>> from neuronclaims.measurements import Prediction
    >>> Ablation("mlp_post", ((3, 17),), "zero", Prediction(" an"), ("I ate",)).replacement
    Zero()
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    replacement: Intervention
    prediction: Reading
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()
    at: ChangedTokens = ALL_TOKENS
    also: tuple[ChangedAlong, ...] = ()

    @property
    def need(self) -> ChangeNeed:
        """The predictions needed of each prompt."""
        neurons, reference = tuple(sorted(set(self.neurons))), tuple(sorted(set(self.reference)))
        return ChangeNeed(
            self.replacement, self.site, neurons, None, self.at, self.prediction, reference, self.also
        )

    def columns(self, answer: NDArray[np.floating]) -> AblationColumns:
        """Return the answer, or its means over units, by its columns."""
        return AblationColumns(*answer.astype(np.float64).T)


@dataclass(frozen=True, slots=True)
class AblationSweep(ChangedPrompts):
    """The prediction before, and after changing each neuron of one layer alone: float32 [prompts, 1 + width].

    >>> from neuronclaims.measurements import Prediction
    >>> sweep = AblationSweep("mlp_post", 3, "zero", Prediction(" an"), ("I ate",))
    >>> sweep.columns(np.array([[2.0, 1.0, 1.5]], np.float32)).after
    array([[1. , 1.5]])
    """

    site: Site
    layer: int
    replacement: Intervention
    prediction: Prediction
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()
    at: ChangedTokens = ALL_TOKENS

    @property
    def need(self) -> ChangeNeed:
        """The predictions needed of each prompt."""
        reference = tuple(sorted(set(self.reference)))
        return ChangeNeed(self.replacement, self.site, (), self.layer, self.at, self.prediction, reference)

    def columns(self, answer: NDArray[np.floating]) -> AblationSweepColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return AblationSweepColumns(rows[:, 0], rows[:, 1:])
