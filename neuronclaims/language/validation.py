"""From what the schema objects to, to problems with a place and our own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from neuronclaims.language.errors import Problem, quoted
from neuronclaims.language.marks import Entries, Items, Node, Scalar, plain
from neuronclaims.language.source import Source
from neuronclaims.language.suggest import closest

M = TypeVar("M", bound=BaseModel)

_Wording: TypeAlias = Callable[[str, str, Mapping[str, Any]], str]


def validate(
    model: type[M], node: Node, source: Source, where: str, elsewhere: Mapping[str, str] | None = None
) -> tuple[M | None, list[Problem]]:
    """Check a node against a model: the model's instance, or None and the problems.

    ``where`` names the place in words ("a claim"); ``elsewhere`` says, of keys that are known but not here, where
    they belong.
    """
    try:
        return model.model_validate(plain(node)), []
    except ValidationError as error:
        found = [_problem(detail, model, node, source, where, elsewhere or {}) for detail in error.errors()]
        return None, [problem for problem in found if problem is not None]


def missing_values(node: Node, source: Source) -> Iterator[Problem]:
    """Yield a problem for every key and list item below a node that has nothing written after it."""
    if isinstance(node, Items):
        for item in node.items:
            if isinstance(item, Scalar) and item.missing:
                yield source.problem(max(0, item.start - 1), "this list item is empty")
            yield from missing_values(item, source)
    elif isinstance(node, Entries):
        for name, (key, value) in node.entries.items():
            if isinstance(value, Scalar) and value.missing:
                message = f"{quoted(name)} has no value: write one, or leave the key out"
                yield source.problem(key.start, message, width=key.end - key.start)
            yield from missing_values(value, source)


def _problem(
    detail: ErrorDetails,
    model: type[BaseModel],
    node: Node,
    source: Source,
    where: str,
    elsewhere: Mapping[str, str],
) -> Problem | None:
    found, parent, key = _resolve(node, detail["loc"])
    name = str(detail["loc"][-1]) if detail["loc"] else where
    if detail["type"] == "extra_forbidden" and key is not None:
        return _unknown_key(key, parent, model, source, where, elsewhere, detail["loc"])
    if isinstance(found, Scalar) and found.missing:
        return None  # said once already, as a key without a value
    if detail["type"] == "missing":
        width = found.end - found.start if isinstance(found, Scalar) else 1
        owner = where if len(detail["loc"]) < 2 else quoted(str(detail["loc"][-2]))
        return source.problem(found.start, f"{owner} lacks the key {quoted(name)}", width=width)
    context = detail.get("ctx", {})
    options = tuple(context.get("options", ()))
    width = found.end - found.start if isinstance(found, Scalar) else 1
    label = next((str(part) for part in reversed(detail["loc"]) if isinstance(part, str)), where)
    message = _message(detail, quoted(label), found, context)
    return source.problem(found.start, message, width=width, suggestion=context.get("near"), allowed=options)


def _resolve(node: Node, loc: tuple[int | str, ...]) -> tuple[Node, Node, Scalar | None]:
    """Follow a location as far as the nodes go: the node there, its parent, and the key it stands under."""
    parent, key = node, None
    for step in loc:
        if isinstance(node, Entries) and isinstance(step, str) and step in node.entries:
            parent = node
            key, node = node.entries[step]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            parent, key, node = node, None, node.items[step]
    return node, parent, key


def _unknown_key(
    key: Scalar,
    parent: Node,
    model: type[BaseModel],
    source: Source,
    where: str,
    elsewhere: Mapping[str, str],
    loc: tuple[int | str, ...],
) -> Problem:
    fields = _fields_at(model, loc[:-1])
    given = parent.entries if isinstance(parent, Entries) else {}
    free = tuple(field for field in fields if field not in given)
    owner = where if len(loc) < 2 else quoted(str(loc[-2]))
    width = key.end - key.start
    if len(loc) < 2 and key.text in elsewhere:
        message = f"{quoted(key.text)} cannot stand in {owner}: {elsewhere[key.text]}"
        return source.problem(key.start, message, width=width)
    message = f"unknown key {quoted(key.text)} in {owner}"
    return source.problem(
        key.start, message, width=width, suggestion=closest(key.text, free), allowed=tuple(fields)
    )


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the model that a location leads to, through fields that are models themselves."""
    for step in loc:
        annotation = model.model_fields[str(step)].annotation if str(step) in model.model_fields else None
        inner = [a for a in (annotation, *getattr(annotation, "__args__", ())) if isinstance(a, type)]
        model = next((a for a in inner if issubclass(a, BaseModel)), model)
    return list(model.model_fields)


def _message(detail: ErrorDetails, name: str, found: Node, context: Mapping[str, Any]) -> str:
    text = (
        quoted(found.text)
        if isinstance(found, Scalar)
        else "a list"
        if isinstance(found, Items)
        else "a mapping"
    )
    wording = _WORDINGS.get(detail["type"])
    return wording(name, text, context) if wording else f"{name}: {detail['msg']}"


_WORDINGS: Mapping[str, _Wording] = {
    "claims_choice": lambda _name, text, context: f"{text} is not a {context['what']}",
    "claims_form": lambda _name, text, context: f"{text} will not do: {context['rule']}",
    "int_parsing": lambda name, text, _: f"{name} is a whole number, not {text}",
    "int_parsing_size": lambda name, text, _: f"{name} is too large a number: {text}",
    "int_from_float": lambda name, text, _: f"{name} is a whole number, not {text}",
    "int_type": lambda name, text, _: f"{name} is a whole number, not {text}",
    "float_parsing": lambda name, text, _: f"{name} is a number, not {text}",
    "float_type": lambda name, text, _: f"{name} is a number, not {text}",
    "finite_number": lambda name, text, _: f"{name} is a finite number, not {text}",
    "greater_than": lambda name, text, context: f"{name} is greater than {context['gt']}, not {text}",
    "greater_than_equal": lambda name, text, context: f"{name} is at least {context['ge']}, not {text}",
    "less_than": lambda name, text, context: f"{name} is less than {context['lt']}, not {text}",
    "less_than_equal": lambda name, text, context: f"{name} is at most {context['le']}, not {text}",
    "string_type": lambda name, text, _: f"{name} is one text, not {text}",
    "string_too_short": lambda name, *_: f"{name} is empty",
    "too_short": lambda name, *_: f"{name} is an empty list",
    "list_type": lambda name, text, _: f"{name} is a list, not {text}",
    "dict_type": lambda name, text, _: f"{name} is a mapping of keys and values, not {text}",
    "model_type": lambda name, text, _: f"{name} is a mapping of keys and values, not {text}",
}
"""How we say what pydantic found, by its error type; a type not listed keeps pydantic's own words."""
