"""The keys of ``generate``: how prompts are continued where generated tokens count."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.sentences.messages import quoted


def _temperature(value: float) -> float:
    if 0 < value <= 100:
        return value
    rule = "a temperature is above 0 and at most 100; for the likeliest token at every step, leave it out"
    raise PydanticCustomError("claims_form", "", {"rule": rule})


Temperature = Annotated[
    float,
    AfterValidator(_temperature),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 100}),
]


class Generate(FileMapping):
    """How prompts are continued if generated tokens count: greedily, or drawn at a temperature."""

    max_new_tokens: int = Field(ge=1, le=100_000, description="The most tokens to generate per prompt.")
    temperature: Temperature | None = Field(
        None,
        description="Tokens are drawn at random, from what is predicted at this temperature; greedy by default.",
    )
    samples: int | None = Field(
        None, ge=1, le=10_000, description="How many texts are drawn per prompt, and averaged: 1 by default."
    )
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="Seed of the texts drawn: 0 by default.")

    @model_validator(mode="after")
    def _drawn(self) -> Generate:
        given = [name for name in ("samples", "seed") if getattr(self, name) is not None]
        if given and self.temperature is None:
            rule = (
                f"{quoted(given[0])} needs a 'temperature'; without one the likeliest token is always taken"
            )
            raise PydanticCustomError("claims_rule", "", {"rule": rule})
        return self

    @property
    def sampling(self) -> Sampling | None:
        """Return how tokens are drawn, None where they are greedy."""
        if self.temperature is None:
            return None
        return Sampling(self.temperature, self.samples or 1, self.seed or 0)
