"""Graders: functions of one's own that say what a text is worth, for claims of continuations graded by them.

A claim file names a grader, `conftest.py` (or any module that is imported before claims are judged) defines it:

>>> @grader
... def refuses(text: str) -> bool:
...     return "I cannot" in text
>>> grader_named("refuses")("I cannot say.", "Tell me.")
1.0
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, TypeVar

from neuronclaims.errors import NeuronClaimsError

GraderT = TypeVar("GraderT", bound=Callable[..., object])
Graded: TypeAlias = Callable[[str, str], float]
"""What a grader gives for a continuation and its prompt."""

_GRADERS: dict[str, Callable[..., object]] = {}
_ASKED = [0]
_TWICE: dict[str, tuple[str, str]] = {}
"""Names that two files define, with the files: which of them a claim means cannot be told."""


class GraderError(NeuronClaimsError):
    """A grader that is not there, that fails, or that gives no number."""


def grader(function: GraderT) -> GraderT:
    """Let claims name a function that grades texts: ``continuations graded by refuses``.

    It is given a continuation and, if it takes two arguments, the prompt too; it returns True or False, or a number. A
    later function of the same name takes the place of an earlier one; where they stand in two files, such as the
    ``conftest.py`` of two folders, claims that name it are refused.
    """
    name = function.__name__
    files = _file(_GRADERS.get(name)), _file(function)
    if all(files) and files[0] != files[1]:
        _TWICE[name] = files
    _GRADERS[name] = function
    return function


def graders() -> tuple[str, ...]:
    """Return the names of all graders."""
    return tuple(sorted(_GRADERS))


def grader_named(name: str) -> Graded:
    """Return what grades texts by a name; raise GraderError where there is none, also when it fails later."""
    _ASKED[0] += 1
    function = _GRADERS.get(name)
    if function is None:
        near = difflib.get_close_matches(name, _GRADERS, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        known = f"{meant} There are: {', '.join(graders())}." if _GRADERS else ""
        raise GraderError(
            f"There is no grader {name!r}.{known} Define it in conftest.py: a function of that name under "
            "'@neuronclaims.grader', which is given a text and returns True, False or a number."
        )
    if name in _TWICE:
        raise GraderError(
            f"The grader {name!r} is defined in two files, {' and '.join(_TWICE[name])}: give one of them another name."
        )
    takes_prompt = _takes_prompt(function)

    def graded(text: str, prompt: str) -> float:
        try:
            found = function(text, prompt) if takes_prompt else function(text)
        except Exception as error:
            raise GraderError(
                f"The grader {name!r} fails: {type(error).__name__}: {error}. (On {_short(text)}.)"
            ) from None
        return _number(found, name, text)

    return graded


def times_asked() -> int:
    """Return how often any grader was asked for in this process: what one finds depends on code that nobody knows."""
    return _ASKED[0]


def _file(function: Callable[..., object] | None) -> str:
    """Return the file that a function stands in; empty where it stands in none, as in a notebook."""
    code = getattr(function, "__code__", None)
    file = getattr(code, "co_filename", "")
    return file if Path(file).is_file() else ""


def _takes_prompt(function: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in needed and each.default is each.empty for each in parameters) > 1


def _number(found: object, name: str, text: str) -> float:
    item = getattr(found, "item", None)  # of NumPy and torch
    try:
        number = float(item() if callable(item) else found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(found, str) or not math.isfinite(number):
        raise GraderError(
            f"The grader {name!r} gives {found!r}, which is no finite number: return True, False or a number. "
            f"(For {_short(text)}.)"
        )
    return number


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
