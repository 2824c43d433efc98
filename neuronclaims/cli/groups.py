"""Options that belong together: a dataclass whose fields are options, taken by a command as one argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from inspect import Parameter, signature
from types import NoneType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Without:
    """The options of a group that a command does not have: they keep their defaults.

    A command says so of its argument: ``Annotated[RunFlags, Without("engine")]``.
    """

    names: frozenset[str]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", frozenset(names))


def flat(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command that takes each option of its groups by itself, as typer reads commands.

    Groups may hold groups. Every option has its name, its help and its default where it is a field; two of one name
    are a ValueError.

    >>> @dataclass(frozen=True)
    ... class Size:
    ...     width: int = 80
    ...     height: int = 24
    >>> def draw(name: str, size: Size) -> int:
    ...     return size.width * size.height
    >>> str(signature(flat(draw)))
    '(*, name: str, width: int = 80, height: int = 24) -> int'
    >>> flat(draw)(name="square", width=3, height=3)
    9
    """
    plain = signature(command)
    hints = _hints(command)

    def called(**given: Any) -> int:
        return command(**{name: _gathered(hints[name], given, name) for name in plain.parameters})

    options = [
        option
        for name, each in plain.parameters.items()
        for option in _options(Parameter(name, each.kind, default=each.default, annotation=hints[name]))
    ]
    options = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in options]
    called.__signature__ = plain.replace(parameters=options, return_annotation=hints["return"])  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in options} | {"return": hints["return"]}
    called.__doc__ = command.__doc__
    return called


def _hints(told: Any) -> dict[str, Any]:
    """Return annotations as they were written: Python 3.10 adds None around those whose default it is."""
    hints = get_type_hints(told, include_extras=True)
    inside = {name: [each for each in get_args(hint) if each is not NoneType] for name, hint in hints.items()}
    return {
        name: one[0]
        if get_origin(hints[name]) is Union and len(one) == 1 and get_origin(one[0]) is Annotated
        else hints[name]
        for name, one in inside.items()
    }


def _options(told: Parameter) -> Iterator[Parameter]:
    """Yield an argument itself, or the options of the group that it is."""
    group, without = _group(told.annotation)
    if group is None:
        yield told
        return
    hints = _hints(group)
    for each in fields(group):
        if each.name not in without:
            yield from _options(
                Parameter(each.name, told.kind, default=_default(each), annotation=hints[each.name])
            )


def _gathered(annotation: Any, given: Mapping[str, Any], name: str) -> Any:
    """Return the value of an argument: of a group, an object made of what its options were given."""
    group, without = _group(annotation)
    if group is None:
        return given[name]
    hints = _hints(group)
    there = [each.name for each in fields(group) if each.name not in without]
    return group(**{each: _gathered(hints[each], given, each) for each in there})


def _group(annotation: Any) -> tuple[Any, frozenset[str]]:
    """Return the dataclass that an argument is, None where it is an option, and the names that are left out of it."""
    without: frozenset[str] = frozenset()
    if get_origin(annotation) is Annotated:
        annotation, *said = get_args(annotation)
        without = frozenset().union(*(each.names for each in said if isinstance(each, Without)))
    return (annotation, without) if is_dataclass(annotation) else (None, without)


def _default(option: Field[Any]) -> Any:
    return Parameter.empty if option.default is MISSING else option.default
