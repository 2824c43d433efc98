"""What a model writes after texts, before and while some of its neurons are changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from neuronclaims.measurements.activations import Generation, written
from neuronclaims.measurements.changing.ablations import Ablation
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.changing.outcomes.readings import Written
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest


@dataclass(frozen=True, slots=True)
class ChangedContinuations:
    """What a model writes after the prompts of a change, without it and with it.

    The change of ``of`` goes on while text is written, where it is one of all tokens; a change at named tokens of the
    prompt is made at these alone. Texts that are drawn are drawn with the same noise before and after. The answer is an
    array of str [prompts, 2, samples], the texts before first.

    >>> from neuronclaims.measurements.changing.outcomes.readings import Prediction
    >>> change = Ablation("mlp_post", ((3, 17),), "zero", Prediction(" an"), ("I ate",))
    >>> str(ChangedContinuations(change, Generation(8)).request.need)
    '["zero", "mlp_post", "3:17", "all", {"read": "written/8"}]'
    """

    of: Ablation
    generate: Generation
    reader: ClassVar[str | None] = "neuronclaims.models.continuations:changed_continuations"

    @property
    def need(self) -> ChangeNeed:
        """The tokens written after each prompt, before and after the change."""
        asked = Written(self.generate.max_new_tokens, self.generate.sampling)
        return replace(self.of.need, prediction=asked)

    @property
    def request(self) -> TextRequest:
        """The tokens written after each prompt."""
        return TextRequest(self.need, self.of.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        own = self.of.description
        drawn = written(self.generate.sampling)
        return replace(own, what=f"continuations of {own.what}", rule=f"{own.rule} {drawn}".strip())

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """No tokens."""
        return ()

    def check(self, facts: ModelFacts) -> None:
        """Check nothing: the need does it."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model with what is written, and has the tokens that are changed."""
        for prompt in self.of.prompts:
            lengths.check_length(prompt, self.generate.max_new_tokens)
            lengths.check_changed(prompt, self.of.at)
