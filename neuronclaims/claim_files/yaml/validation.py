"""Turn errors of the schema into problems with a place, in our own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar, index_in, plain
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.options import models_in

M = TypeVar("M", bound=BaseModel)

_Wording: TypeAlias = Callable[[str, str, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Section(Generic[M]):
    """A part of a claim file that is checked by itself.

    ``where`` names it in messages ("in a claim"); ``keys`` lists its keys where the model's own are not the whole list;
    ``elsewhere`` says, of keys that are known but not here, where they belong; ``unlisted`` are keys that may stand
    here but would only lengthen a listing. ``own`` says where names of the user's own belong.
    """

    model: type[M]
    where: str
    keys: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()
    own: str = ""


def validate(section: Section[M], node: Node, source: SourceText) -> tuple[M | None, list[Problem]]:
    """Check a node against a section's model: the model's instance, or None and the problems."""
    try:
        return section.model.model_validate(plain(node)), []
    except ValidationError as error:
        details = error.errors()
        details.sort(key=lambda detail: detail["type"] == "missing")
        problems: list[Problem] = []
        for detail in details:
            problem = _problem(detail, section, node, source)
            if problem is not None and not _misspelt(detail, problems):
                problems.append(problem)
        return None, problems


def missing_values(node: Node, source: SourceText) -> Iterator[Problem]:
    """Yield a problem for every key and list item below a node that has nothing written after it."""
    if isinstance(node, Items):
        for item in node.items:
            if isinstance(item, Scalar) and item.missing:
                yield source.problem(max(0, item.start - 1), "this list item is empty")
            yield from missing_values(item, source)
    elif isinstance(node, Entries):
        for name, (key, value) in node.entries.items():
            if isinstance(value, Scalar) and value.missing:
                message = f"{quoted(name)} has no value"
                yield source.problem(key.start, message, width=key.end - key.start)
            yield from missing_values(value, source)


def _problem(detail: ErrorDetails, section: Section[Any], node: Node, source: SourceText) -> Problem | None:
    loc = detail["loc"]
    found, key = resolve(node, loc)
    where = section.where if len(loc) < 2 else f"in {quoted(str(loc[-2]))}"
    if detail["type"] == "extra_forbidden" and key is not None:
        return _unknown_key(key, loc, section, where, source)
    if isinstance(found, Scalar) and found.missing:
        return None  # said already, as a key without a value
    width = found.end - found.start if isinstance(found, Scalar) else 1
    if detail["type"] == "missing":
        return source.problem(found.start, f"the key {quoted(str(loc[-1]))} is missing {where}", width=width)
    context = detail.get("ctx", {})
    start = None
    if isinstance(found, Scalar) and "offset" in context:
        start = index_in(source, found, context["offset"])
    if start is not None:
        width = context["width"]
    return source.problem(
        found.start if start is None else start,
        _message(detail, section.where, found),
        width=width,
        suggestion=context.get("near")
        or _as_mapping(detail, section.model, found)
        or _as_number(detail, found),
        allowed=tuple(context.get("options", ())),
    )


def _misspelt(detail: ErrorDetails, problems: Sequence[Problem]) -> bool:
    """Say whether a missing key was already suggested for a misspelt one."""
    return detail["type"] == "missing" and any(p.suggestion == detail["loc"][-1] for p in problems)


def resolve(node: Node, loc: tuple[int | str, ...]) -> tuple[Node, Scalar | None]:
    """Follow a location as far as nodes exist; return the node there and its key."""
    key = None
    for step in loc:
        if isinstance(node, Entries) and isinstance(step, str) and step in node.entries:
            key, node = node.entries[step]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            key, node = None, node.items[step]
    return node, key


def _unknown_key(
    key: Scalar, loc: tuple[int | str, ...], section: Section[Any], where: str, source: SourceText
) -> Problem:
    width = key.end - key.start
    if len(loc) == 1 and key.text in section.elsewhere:
        message = f"{quoted(key.text)} cannot stand {where}: {section.elsewhere[key.text]}"
        return source.problem(key.start, message, width=width)
    keys = (section.keys if len(loc) == 1 else ()) or _keys_at(section.model, loc[:-1])
    message, near = f"unknown key {quoted(key.text)} {where}", closest(key.text, keys)
    if section.own and len(loc) == 1 and near is None:
        message += f" ({section.own})"
    allowed = tuple(name for name in keys if name not in section.unlisted or name == near)
    found = source.problem(key.start, message, width=width, suggestion=near, allowed=allowed)
    return replace(found, of_each=True)


def _keys_at(
    model: type[BaseModel], loc: tuple[int | str, ...], *, required: bool = False
) -> tuple[str, ...]:
    """Return the keys of the model that a location leads to, through fields that are models themselves."""
    for step in loc:
        if str(step) in model.model_fields:
            model = next(models_in(model.model_fields[str(step)].annotation), model)
    fields = model.model_fields.items()
    return tuple(found.alias or name for name, found in fields if found.is_required() or not required)


def _as_mapping(detail: ErrorDetails, model: type[BaseModel], found: Node) -> str | None:
    """Suggest ``{key: text}`` for a text that stands where a mapping belongs that needs one key."""
    keys = _keys_at(model, detail["loc"], required=True)
    if detail["type"] == "model_type" and len(keys) == 1 and isinstance(found, Scalar):
        return f"{{{keys[0]}: {found.text}}}"
    return None


def _as_number(detail: ErrorDetails, found: Node) -> str | None:
    """Suggest the number that a percentage, or a whole number with an exponent, was meant to be."""
    if not isinstance(found, Scalar) or detail["type"] not in ("float_parsing", "int_parsing"):
        return None
    percent = found.text.endswith("%")
    try:
        value = float(found.text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        return None
    if detail["type"] == "float_parsing":
        return f"{value:g}" if percent else None
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else None


def _message(detail: ErrorDetails, where: str, found: Node) -> str:
    name = next(
        (quoted(step) for step in reversed(detail["loc"]) if isinstance(step, str)), f"what stands {where}"
    )
    text = quoted(found.text) if isinstance(found, Scalar) else _SHAPES[type(found)]
    wording = _WORDINGS.get(detail["type"])
    return wording(name, text, detail.get("ctx", {})) if wording else f"{name}: {detail['msg']}"


_SHAPES = {Items: "a list", Entries: "a mapping"}

_WORDINGS: Mapping[str, _Wording] = {
    "claims_choice": lambda _name, text, context: f"{text} is not a {context['what']}",
    "claims_form": lambda _name, text, context: f"{text} will not do: {context['rule']}",
    "claims_rule": lambda name, _text, context: f"{name} will not do: {context['rule']}",
    "claims_search": lambda _name, text, context: f"{text} does not say what was searched: {context['rule']}",
    "int_parsing": lambda name, text, _: f"{name} must be a whole number, not {text}",
    "int_parsing_size": lambda name, text, _: f"{name} is too large: {text}",
    "int_from_float": lambda name, text, _: f"{name} must be a whole number, not {text}",
    "int_type": lambda name, text, _: f"{name} must be a whole number, not {text}",
    "float_parsing": lambda name, text, _: f"{name} must be a number, not {text}",
    "float_type": lambda name, text, _: f"{name} must be a number, not {text}",
    "finite_number": lambda name, text, _: f"{name} must be a finite number, not {text}",
    "greater_than": lambda name, text, context: f"{name} must be greater than {context['gt']:g}, not {text}",
    "greater_than_equal": lambda name, text, context: f"{name} must be at least {context['ge']}, not {text}",
    "less_than": lambda name, text, context: f"{name} must be less than {context['lt']:g}, not {text}",
    "less_than_equal": lambda name, text, context: f"{name} must be at most {context['le']}, not {text}",
    "string_type": lambda name, text, _: f"{name} must be one text, not {text}",
    "string_too_short": lambda name, *_: f"{name} is empty",
    "too_short": lambda name, *_: f"{name} is an empty list",
    "list_type": lambda name, text, _: f"{name} must be a list, not {text}",
    "dict_type": lambda name, text, _: f"{name} must be a mapping of keys and values, not {text}",
    "value_error": lambda name, _text, context: f"{name} will not do: {context['error']}",
    "model_type": lambda name, text, _: f"{name} must be a mapping of keys and values, not {text}",
}
"""How we say what pydantic found, by its error type; a type not listed keeps pydantic's own words."""
