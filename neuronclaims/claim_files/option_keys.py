"""The options of kinds of claim as keys of a claim file: their types, bounds and descriptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.options import CHOICES, OPTIONS, Bins, Damage
from neuronclaims.claim_files.yaml.entries import Part, Text
from neuronclaims.claim_files.yaml.texts import AMOUNT, Form, OneOf, amount, truth
from neuronclaims.sentences.numbers import Amount

MOST_BINS = 10_000

_DECIMAL = Form(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?", "write a decimal such as 0.2")


RankBy = Annotated[str, OneOf("ranking", CHOICES["rank_by"])]
Weighting = Annotated[str, OneOf("weighting", CHOICES["weighting"])]
Replacement = Annotated[str, OneOf("replacement", CHOICES["replacement"])]
Changed = Annotated[str, OneOf("choice of positions", CHOICES["positions"])]
Reading = Annotated[str, OneOf("readout", CHOICES["readout"])]
Norm = Annotated[str, OneOf("choice of norm", CHOICES["norm"])]
Measure = Annotated[str, OneOf("measure", CHOICES["measure"])]
Outcome = Annotated[str, OneOf("outcome", CHOICES["outcome"])]
Score = Annotated[str, OneOf("score", CHOICES["score"])]


class BinsEntry(Part):
    """Bins of equal width, half-open, with exact decimal edges."""

    start: Annotated[str, _DECIMAL] = Field(description="The first edge.")
    stop: Annotated[str, _DECIMAL] = Field(description="The last edge.")
    width: Annotated[str, _DECIMAL] = Field(description="The width of a bin.")

    @model_validator(mode="after")
    def _whole(self) -> BinsEntry:
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        rule = None
        if width <= 0 or stop <= start:
            rule = "'width' must be above 0, and 'stop' above 'start'"
        elif (stop - start) % width:
            rule = f"from {start} to {stop} is not a whole number of steps of {width}"
        elif (stop - start) / width > MOST_BINS:
            rule = f"there can be {MOST_BINS} bins at most"
        if rule:
            raise PydanticCustomError("claims_rule", "", {"rule": rule})
        return self

    @property
    def value(self) -> Bins:
        """The bins, their decimals without needless zeros."""
        return Bins(*(_shortest(text) for text in (self.start, self.stop, self.width)))


class DamageEntry(Part):
    """The prompts on which a change of the model is to do no harm."""

    set: Text = Field(description="The prompt set on which the KL divergence is reported.")
    at_most: float | None = Field(None, gt=0, description="The largest mean KL divergence allowed, in nats.")

    @property
    def value(self) -> Damage:
        """The set's name and its limit."""
        return Damage(self.set, self.at_most)


def _shortest(decimal: str) -> str:
    return f"{Decimal(decimal).normalize() + 0:f}"


def _named(value: object) -> object:
    return {"set": value} if isinstance(value, str) else value


Margin = Annotated[Amount, PlainValidator(amount), WithJsonSchema(AMOUNT)]
Truth = Annotated[bool, PlainValidator(truth), WithJsonSchema({"enum": [True, False, "true", "false"]})]
DamageOn = Annotated[
    DamageEntry,
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [{"type": "string"}, DamageEntry.model_json_schema()]}),
]


class OptionKeys(Part):
    """Settings that only some kinds of claim take."""

    margin: Margin | None = Field(
        None, description="The size below which an effect counts as none: 0.1, or 0.5 sd."
    )
    rank_by: RankBy | None = Field(
        None, description="What neurons are ranked by: diff (if unsaid), abs or z."
    )
    weighting: Weighting | None = Field(
        None, description="How generated tokens are weighted: uniform (if unsaid) or legacy_growing."
    )
    replacement: Replacement | None = Field(
        None, description="What an ablated neuron holds: zero (if unsaid), mean or resample."
    )
    positions: Changed | None = Field(
        None, description="The positions at which neurons are changed: all (if unsaid) or last."
    )
    readout: Reading | None = Field(
        None, description="What makes predictions: model (if unsaid) or legacy_embed."
    )
    norm: Norm | None = Field(
        None, description="Whether the final norm's scale is folded in: folded (if unsaid) or plain."
    )
    measure: Measure | None = Field(None, description="How weights are compared: dot (if unsaid) or cosine.")
    outcome: Outcome | None = Field(
        None, description="What of a prediction counts: logit (if unsaid) or probability."
    )
    score: Score | None = Field(None, description="How a projection is scaled: z (if unsaid), raw or cosine.")
    reference: Text | None = Field(
        None, description="The prompt set that means or resampled values are taken from."
    )
    damage: DamageOn | None = Field(
        None, description="The prompt set on which a change of the model is to do no harm."
    )
    centred: Truth | None = Field(
        None, description="Whether the vocabulary's mean is taken from token weights: true if unsaid."
    )
    bins: BinsEntry | None = Field(None, description="The bins that values are counted in.")
    fewest: int | None = Field(
        None, ge=1, le=1_000_000_000, description="The least count with which a bin is shown."
    )
    noise_floor: float | None = Field(
        None, gt=0, description="The size below which a difference between two predictions is noise."
    )
    forming_threshold: float | None = Field(
        None, gt=0, description="The t beyond which a cell can be part of a cluster."
    )

    def option(self, name: str) -> Any:
        """Return the value of an option, None where it is not given."""
        found = getattr(self, name)
        return found.value if isinstance(found, (BinsEntry, DamageEntry)) else found


assert set(OptionKeys.model_fields) == set(OPTIONS)
