"""The options of a kind of claim: settings in addition to those of all claims.

A kind declares them as a pydantic model, in its own file. Values arrive as the text that stands in the claim file, and
pydantic turns them into numbers and truths; ``OneOf``, ``Form``, ``Truth`` and ``Size`` say more of what is wrong than
pydantic does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from neuronclaims.sentences.field_types import MisreadError, composed, split_words
from neuronclaims.sentences.messages import closest
from neuronclaims.sentences.numbers import Amount, AmountField


class Options(BaseModel):
    """The base of every kind's options, and the options of a kind without any.

    An option may be left out where its field has a default. Give each a description: editors show it.

    >>> from pydantic import Field
    >>> class SteeringOptions(Options):
    ...     drawn: int = Field(10, gt=0, description="How many random directions are drawn.")
    ...     texts: PromptSetName | None = Field(None, description="The prompt set that is steered.")
    >>> options = SteeringOptions.model_validate({"texts": "hanoi"})
    >>> options.drawn, given_options(options), prompt_sets_of(options)
    (10, {'texts': 'hanoi'}, ('hanoi',))
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A mark of a text that must be one of some words; its error has the nearest word and all words.

    The words are those of the ``Literal`` it annotates, or ``options``. ``what`` names what they are, in the singular.

    >>> from typing import Annotated, Literal
    >>> class ChangeOptions(Options):
    ...     held: Annotated[Literal["zero", "mean"], OneOf("replacement")] = "zero"
    >>> ChangeOptions(held="mean").held
    'mean'
    """

    what: str
    options: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self.options:
            return handler.generate_schema(Annotated[str, OneOf(self.what, get_args(source))])
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"enum": list(self.options)} if self.options else handler(schema)

    def _check(self, text: str) -> str:
        written = " ".join(text.split())
        if written in self.options:
            return written
        near = closest(written, self.options)
        raise PydanticCustomError(
            "claims_choice", "", {"what": self.what, "near": near, "options": self.options}
        )


@dataclass(frozen=True, slots=True)
class Form:
    """A mark of a text that must match a pattern; ``rule`` describes the pattern in words."""

    pattern: str
    rule: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        return {"type": ["string", "number"], "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text):
            return text
        raise PydanticCustomError("claims_form", "", {"rule": self.rule})


def _truth(value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("claims_rule", "", {"rule": "write true or false"})


def _size(value: object) -> Amount:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "")
    words = split_words(value)
    rule, near = "write an amount above 0, such as 0.1 or '0.5 sd'", None
    try:
        found, used = AmountField().read(words)
        if used == len(words) and found.value > 0:
            return found
    except MisreadError as misread:
        rule, near = misread.reason or rule, misread.suggestion if misread.ahead == 0 else None
    raise PydanticCustomError("claims_form", "", {"rule": rule, "near": near})


@dataclass(frozen=True, slots=True)
class NamesPromptSet:
    """A mark of an option, or a field in it, that names a prompt set, which must exist in the file."""


SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
"""The JSON Schema of a text, which an editor may take for a number or a truth."""

Truth: TypeAlias = Annotated[
    bool, PlainValidator(_truth), WithJsonSchema({"enum": [True, False, "true", "false"]})
]
"""``true`` or ``false``."""

Size: TypeAlias = Annotated[
    Amount,
    PlainValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^\S+( +sd)?$"},
            ]
        }
    ),
]
"""An amount above 0, such as ``0.1`` or ``0.5 sd``."""


PromptSetName: TypeAlias = Annotated[
    str, Field(min_length=1), AfterValidator(composed), WithJsonSchema(SCALAR), NamesPromptSet()
]
"""The name of a prompt set of the file."""


def given_options(options: Options) -> dict[str, object]:
    """Return the options that the claim or its file gives, by name in alphabetical order; defaults are left out."""
    return {name: getattr(options, name) for name in sorted(options.model_fields_set)}


def prompt_sets_of(options: Options) -> tuple[str, ...]:
    """Return the names of the prompt sets that options name, each once."""
    found = (_followed(options, path) for path in set_paths(type(options)))
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str)))


@cache
def set_paths(model: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Return the paths of fields in a model that name prompt sets."""
    paths: list[tuple[str, ...]] = []
    for name, info in model.model_fields.items():
        if any(isinstance(mark, NamesPromptSet) for mark in (*info.metadata, *_marks(info.annotation))):
            paths.append((name,))
        paths += [(name, *path) for inner in models_in(info.annotation) for path in set_paths(inner)]
    return tuple(paths)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def _marks(annotation: Any) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for inner in get_args(annotation):
        yield from _marks(inner)


def _followed(value: object, path: tuple[str, ...]) -> object:
    for step in path:
        value = getattr(value, step, None)
    return value


def declared_options(models: Mapping[str, type[Options]]) -> dict[str, FieldInfo]:
    """Return the fields of several kinds' options by name, each once; the models are given by their kinds' names.

    Raises OptionError where two kinds declare one name differently, since a file may give it for claims of both.
    """
    found: dict[str, tuple[str, FieldInfo]] = {}
    for kind, model in models.items():
        for name, info in model.model_fields.items():
            first, earlier = found.setdefault(name, (kind, info))
            if _declaration(earlier) != _declaration(info):
                raise OptionError(
                    f"{first} and {kind} both take the option {name!r}, and declare it differently: "
                    "use one declaration for both, or another name"
                )
    return {name: info for name, (_, info) in found.items()}


class OptionError(ValueError):
    """A mistake in the options that kinds of claim declare, not in a claim."""


def _declaration(info: FieldInfo) -> tuple[object, ...]:
    return info.annotation, list(info.metadata), info.default, info.default_factory, info.description
