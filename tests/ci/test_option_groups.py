"""Options that belong together, taken by commands as one argument and by a user one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from typing import Annotated, Optional

import pytest

from neuronclaims.cli.groups import Without, flat


@dataclass(frozen=True)
class Paper:
    size: str = "A4"
    sheets: int = 1


@dataclass(frozen=True)
class Printing:
    name: str
    paper: Paper = field(default_factory=Paper)
    colour: bool = False


def test_a_command_takes_all_options_of_groups_in_groups_but_those_it_does_without() -> None:
    got = []

    def command(
        copies: int, first: Annotated[Printing, Without("colour", "sheets")], *, quiet: bool = True
    ) -> int:
        """Print."""
        got.append((copies, first, quiet))
        return 3

    made = flat(command)
    told = signature(made).parameters
    assert {name: each.default for name, each in told.items()} == {
        "copies": signature(command).empty,
        "name": signature(command).empty,
        "size": "A4",
        "sheets": 1,
        "quiet": True,
    }
    assert made.__doc__ == "Print."
    assert made(copies=2, name="x", size="A5", sheets=4, quiet=False) == 3
    assert got == [(2, Printing("x", Paper("A5", 4), False), False)]


def test_two_options_of_one_name_are_refused() -> None:
    def command(sheets: int, paper: Paper) -> int:
        return 0

    with pytest.raises(ValueError, match="sheets"):
        flat(command)


def test_an_option_is_itself_where_python_adds_none_around_it() -> None:
    """Python 3.10 makes ``Optional`` of an annotation whose default is None, and typer then saw no argument."""

    def command(one: Optional[Annotated[list[str], "said"]] = None, two: Optional[str] = None) -> int:  # noqa: UP045
        return len(one or ())

    taken = signature(flat(command)).parameters
    assert taken["one"].annotation == Annotated[list[str], "said"]
    assert taken["two"].annotation == Optional[str]  # noqa: UP045
    assert flat(command)(one=["a"], two=None) == 1
