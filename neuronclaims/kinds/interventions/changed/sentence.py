"""What claims of changed neurons say: sentences that differ in the front alone, their sides and their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuronclaims.kinds.interventions.changed.refused import check_changed
from neuronclaims.kinds.interventions.controls.options import ControlOptions
from neuronclaims.kinds.interventions.controls.random_neurons import TAIL, Compared
from neuronclaims.kinds.interventions.damage import DamageOn
from neuronclaims.kinds.interventions.outcomes.said import check_said, size_of
from neuronclaims.kinds.outliers.token_share import check_share
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.changes.field import ChangeField
from neuronclaims.sentences.numbers import gain_text, number_text
from neuronclaims.sentences.options import OneOf, PromptSetName
from neuronclaims.sentences.outcomes.said import SaidOutcome
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.tokens.forms import AT, At
from neuronclaims.tokens.spans import ALL_TOKENS

if TYPE_CHECKING:
    from neuronclaims.stats import Alternative
    from neuronclaims.stats.effects.margins import MarginSide

Way: TypeAlias = Literal["lowers", "raises", "does not lower", "does not raise", "does not change"]

SIDES: Mapping[Way, Alternative] = MappingProxyType(
    {
        "lowers": "less",
        "raises": "greater",
        "does not lower": "less",
        "does not raise": "greater",
        "does not change": "two-sided",
    }
)
"""The side of no change that is claimed or denied."""

DENIED: Mapping[Way, MarginSide] = MappingProxyType(
    {"does not lower": "not less", "does not raise": "not greater", "does not change": "within"}
)
"""Where the change lies, seen from the margin, by a claim of "does not"."""


@dataclass(frozen=True, slots=True)
class ChangedPredictionSentence:
    """A sentence of neurons that are changed together, in parts: each verb has a class of its own."""

    template: ClassVar[Template[Any]]

    change: ModelChange
    direction: Way
    outcome: SaidOutcome
    where: Literal["in", "of"]
    first: str
    than: Literal["in", "of"] | None = None
    second: str | None = None
    by: float | None = None
    per: Literal["per unit"] | None = None
    share: float | None = None
    compared: Compared | None = None

    def __post_init__(self) -> None:
        check_share(self.share, lowest="5%", highest="95%")
        if self.direction in DENIED and self.by is not None:
            message = "a claim of 'does not' names no number; the change that would matter is its margin"
            raise FieldError("by", message, f"margin: {number_text(self.by)}")
        compared: Literal["second", "beyond"] | None = "beyond" if self.beyond else None
        compared = compared if self.second is None else "second"
        check_said(self.outcome, self.direction, (self.where, self.than), self.by, compared=compared)
        self._check_compared()
        if self.direction in DENIED and self.share is not None:
            raise FieldError("share", "a claim of 'does not' is one of the mean change; leave the share out")
        if self.trend and self.by is not None and self.per is None:
            message = "over several amounts it is a slope that is claimed: say 'per unit' after the number"
            raise FieldError("by", message, f"{gain_text(self.by)} per unit")
        if self.per is not None and (not self.trend or self.by is None):
            message = "'per unit' stands after 'by at least' and a number, in a sentence with several amounts"
            raise FieldError("per", message)
        if self.trend and self.beyond:
            message = "a trend over several amounts is not compared with random neurons; claim one amount"
            raise FieldError("compared", message)
        if self.by is not None and self.by <= 0:
            raise FieldError("by", "the least change claimed must be above 0: the direction is said in words")

    def _check_compared(self) -> None:
        """Raise FieldError for a second set that it cannot be compared with."""
        if self.second is None:
            return
        if self.second == self.first:
            raise FieldError("second", "a set changes as much as itself: name another one")
        if self.direction == "does not change":
            raise FieldError("direction", "'more than' needs a direction", "does not raise")
        if self.share is not None:
            raise FieldError(
                "share", "of two sets the mean changes are compared; leave the share of prompts out"
            )
        if self.trend:
            raise FieldError("second", "a trend over several amounts is claimed of one set")
        if self.beyond:
            message = (
                "a change is compared with that in another set or with that by random neurons, not with both"
            )
            raise FieldError("compared", message)

    def __str__(self) -> str:
        return self.template.render(self)

    @property
    def token(self) -> str:
        """The token whose logit or probability is read; empty where another outcome is."""
        return self.outcome.token

    @property
    def against(self) -> str | None:
        """The token whose logit is taken off that of ``token``, if any."""
        return self.outcome.against

    @property
    def least_change(self) -> float | None:
        """The least change claimed, as a size in the unit of the outcome's effect; None where none is."""
        return None if self.by is None else size_of(self.by, falling=SIDES[self.direction] == "less")

    @property
    def trend(self) -> bool:
        """Whether it says how a prediction goes with the amount of a change."""
        return len(self.change.amounts) > 1

    @property
    def beyond(self) -> bool:
        """Whether what is claimed is a change beyond that by random neurons."""
        return self.compared is not None

    @property
    def least(self) -> str:
        """The least change claimed, in words; empty where none is."""
        return " ".join(filter(None, ["" if self.by is None else gain_text(self.by), self.per]))

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons changed together."""
        return self.change.neurons


class Ablating(ChangedPredictionSentence):
    """The sentence of ablated neurons."""

    __slots__ = ()


class Adding(ChangedPredictionSentence):
    """The sentence of steered neurons."""

    __slots__ = ()


class Scaling(ChangedPredictionSentence):
    """The sentence of scaled neurons."""

    __slots__ = ()


class Clamping(ChangedPredictionSentence):
    """The sentence of clamped neurons."""

    __slots__ = ()


class ChangedPredictionOptions(ControlOptions):
    """What all claims of changed neurons take besides."""

    outcome: Annotated[Literal["logit", "probability"], OneOf("outcome")] = Field(
        "logit", description="What of a prediction counts: logit (default) or probability."
    )
    at: At = Field(ALL_TOKENS, description=AT)
    loss_at: At | None = Field(
        None,
        description="The tokens whose loss counts, such as 'assistant' or 'all of subject': all by default.",
    )
    damage: DamageOn | None = Field(
        None, description="The prompt set on which a change of the model is to do no harm."
    )


class AblationOptions(ChangedPredictionOptions):
    """What claims of ablation take besides."""

    replacement: Annotated[Literal["zero", "mean", "resample"], OneOf("replacement")] = Field(
        "zero", description="What an ablated neuron holds: zero (default), mean or resample."
    )
    reference: PromptSetName | None = Field(
        None, description="The prompt set that means or resampled values are taken from."
    )


def template_of(
    verb: str,
    build: type[ChangedPredictionSentence],
    options: type[ChangedPredictionOptions] = ChangedPredictionOptions,
) -> Template[Any]:
    """Return the template of the sentences with one verb."""
    build.template = Template(
        "{change:change} {direction:lowers|raises|does not lower|does not raise|does not change} {outcome:outcome} "
        "{where:in|of} {first:texts} [more than {than:in|of} {second:texts}] [by at least {by:gain}] [{per:per unit}] "
        "[for at least {share:share} of prompts] " + TAIL,
        build,
        options=options,
        pooled=False,
        margin="'margin: 0.5', the change that would matter, in logits (with 'outcome: probability': in probability)",
        check=check_changed,
        field_types={"change": ChangeField(verb)},
    )
    return build.template
