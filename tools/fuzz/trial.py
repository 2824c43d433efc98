"""What a sort of damaged file is: how good ones are made, and what one trial does."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol


class WrongError(Exception):
    """A damaged file of which something wrong was read, or an error that is not one clear sentence."""


class Fuzz(Protocol):
    """One sort of file. Whatever a trial raises is a fault of this package."""

    name: ClassVar[str]
    trials: ClassVar[int]

    def prepare(self, folder: Path) -> None:
        """Write good files into a folder; called once."""
        ...

    def trial(self, folder: Path, seed: int) -> str:
        """Damage a copy of the good files, read it, and return in a few words what came of it."""
        ...


def check_message(message: str, most: int = 3_000) -> None:
    """Raise WrongError for a message that is empty, endless, or holds what no terminal should be given."""
    strange = [
        letter for letter in message if (ord(letter) < 32 and letter not in "\n\t") or ord(letter) == 127
    ]
    if not message.strip() or len(message) > most or strange:
        raise WrongError(f"a message of {len(message)} characters: {message[:200]!r}")
