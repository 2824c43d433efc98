"""Errors with a place: what is wrong, the words it is about, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.messages import allowed_lines, caret_lines, quoted

MOST_SHOWN = 100
"""How many problems of one file an error's text shows."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column count from 1, columns in characters."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    ``excerpt`` is the whole source line the place points into, ``width`` the number of characters meant
    there. ``suggestion`` is what was probably meant; ``allowed`` lists what could stand there. ``of_each`` says that
    the items of a list may have it all alike: of those it is told once (``told_once``). ``not_shipped`` says that
    nothing is wrong in the file: it names a file that its readers must get themselves.
    """

    place: Place
    message: str
    excerpt: str | None = None
    width: int = 1
    suggestion: str | None = None
    allowed: tuple[str, ...] = ()
    of_each: bool = False
    not_shipped: bool = False

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}"
        hint = f"did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        number = str(self.place.line).rjust(5)
        if self.excerpt is None:
            body = [f"      {hint}"] if hint else []
        else:
            body = caret_lines(self.excerpt, self.place.column, self.width, number, hint)
        return "\n".join([head, *body, *allowed_lines(self.allowed)])


def told_once(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems; of those that items of a list have alike, the first, which says how many more there are.

    >>> alike = [Problem(Place("x", line, 1), "unknown key 'size' in a prompt", of_each=True) for line in (3, 4, 5)]
    >>> [problem.message for problem in told_once(alike)]
    ["unknown key 'size' in a prompt, and in 2 more"]
    """
    found: list[Problem] = []
    alike: dict[str, list[Problem]] = {}
    for problem in problems:
        group = alike.setdefault(problem.message, [])
        if not group or not problem.of_each:
            found.append(problem)
        group.append(problem)
    return [
        replace(each, message=f"{each.message}, and in {len(alike[each.message]) - 1:,} more")
        if each.of_each and len(alike[each.message]) > 1
        else each
        for each in found
    ]


class ClaimFileError(NeuronClaimsError):
    """A claim file that cannot be read: all its problems at once, in the order of their places.

    ``problems`` has them all; the text shows the first hundred.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.place))
        super().__init__(self.problems)

    @property
    def wanting(self) -> tuple[str, ...]:
        """Return which files must be got first, where that is all that is wrong; else nothing."""
        if not all(problem.not_shipped for problem in self.problems):
            return ()
        return tuple(dict.fromkeys(problem.message for problem in self.problems))

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - len(shown)
        return "\n".join([*shown, f"and {more} more problems"] if more else shown)
