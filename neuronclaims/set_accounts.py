"""What became of the texts of a prompt set, as plain data: rows taken and left, near copies, frames, odd cells.

Made when a claim file is read (``claim_files/prompts/account.py``), shown by ``neuronclaims check``, dry runs and
reports. Nothing here changes what is measured or which verdict is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neuronclaims.sentences.messages import quoted

MOST_VALUES = 12
"""How many values of a column an account names; the rows of all others are counted together."""

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ColumnTaken:
    """What one column of ``where`` took: each value with the number of its rows, most frequent first.

    ``taken`` and ``left`` are counted over all rows of the file, by this column alone. ``alike`` are values among those
    left that look like a value asked for. ``others`` counts rows with values that are not named here, ``without`` rows
    that hold nothing in the column.
    """

    column: str
    taken: Counts
    left: Counts
    alike: Counts = ()
    others: int = 0
    without: int = 0

    def __str__(self) -> str:
        left = ", ".join(self._left())
        return f"{self.column} {_counted(self.taken) or 'nothing'} taken" + (f", {left} left" if left else "")

    @property
    def held(self) -> str:
        """What the column holds, whether it was taken or not.

        >>> ColumnTaken("label", (), (("True", 6),), others=2).held
        "label holds 'True' (6), other values (2)"
        """
        return f"{self.column} holds {', '.join([*filter(None, [_counted(self.taken)]), *self._left()])}"

    def _left(self) -> Iterator[str]:
        if self.left:
            yield _counted(self.left)
        if self.others:
            yield f"other values ({self.others:,})"
        if self.without:
            yield f"no value ({self.without:,})"


@dataclass(frozen=True, slots=True)
class RowsTaken:
    """From which file a set was taken, how many rows it has, and what each column of ``where`` took.

    ``divided_by`` says what divides its cells where that is not what its name promises, such as ``semicolons``.
    """

    file: str
    rows: int
    where: tuple[ColumnTaken, ...] = ()
    divided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """Words that several prompts share but for one or two (``…``), and the number of those prompts."""

    text: str
    prompts: int


@dataclass(frozen=True, slots=True)
class SetAccount:
    """The account of one prompt set, or of the clean texts of one entry of pairs.

    ``taken`` is None for a set that is written in the claim file. ``begin`` and ``end`` count texts with white space at
    that edge, ``same_words`` prompts that have the words of an earlier one (capitals, punctuation and order aside),
    ``near_copies`` prompts that have all but one of its words. ``frames`` are found in the texts. ``units`` counts the
    declared ones (groups, or else prompts), ``units_with_frames`` what is left of them if prompts of one frame in no
    common block are one unit, too. ``odd`` are sentences on cells that look like no text.
    """

    name: str
    prompts: int
    taken: RowsTaken | None = None
    begin: int = 0
    end: int = 0
    same_words: int = 0
    near_copies: int = 0
    frames: tuple[Frame, ...] = ()
    units: int = 0
    units_with_frames: int = 0
    odd: tuple[str, ...] = ()

    @property
    def framed(self) -> int:
        """How many prompts have a frame."""
        return sum(frame.prompts for frame in self.frames)

    @property
    def frames_count(self) -> bool:
        """Whether prompts of one frame count as so many units that it is told; of one frame alone it is not."""
        lost = self.units - self.units_with_frames
        return not self.one_frame and lost >= max(2, self.units / 10)

    @property
    def dependent(self) -> int:
        """How many prompts repeat the words or the frame of another, and count as units of their own all the same."""
        return self.same_words + (self.framed if self.frames_count else 0)

    @property
    def dependent_words(self) -> str:
        """How many that are, in words.

        >>> frames = (Frame("the … of Hanoi", 4),)
        >>> SetAccount("hanoi", 9, same_words=1, frames=frames, units=9, units_with_frames=6).dependent_words
        "5 of 9 prompts of 'hanoi'"
        """
        return f"{self.dependent:,} of {_many(self.prompts, 'prompt')} of {quoted(self.name)}"

    @property
    def one_frame(self) -> bool:
        """Whether all prompts have the same frame."""
        return len(self.frames) == 1 and self.framed == self.prompts

    @property
    def summary(self) -> str:
        """The account in one line.

        >>> where = ColumnTaken("label", (("h", 4), ("h ", 1)), (("b", 6), ("H", 1)), (("H", 1),))
        >>> print(SetAccount("hanoi", 5, RowsTaken("p.csv", 12, (where,)), end=1).summary)
        5 of 12 rows of p.csv (label 'h' (4), 'h ' (1) taken, 'b' (6), 'H' (1) left); 1 ends in white space
        """
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.taken is None:
            yield f"{self.prompts:,} written in the claim file"
        else:
            cells = [f"cells divided by {self.taken.divided_by}"] if self.taken.divided_by else []
            said = [*cells, *map(str, self.taken.where)]
            where = f" ({'; '.join(said)})" if said else ""
            yield f"{self.prompts:,} of {self.taken.rows:,} rows of {self.taken.file}{where}"
        if self.begin:
            yield f"{self.begin:,} {'begins' if self.begin == 1 else 'begin'} with white space"
        if self.end:
            yield f"{self.end:,} {'ends' if self.end == 1 else 'end'} in white space"
        if self.same_words:
            yield f"{self.same_words:,} with the same words as another"
        if self.near_copies:
            yield f"{self.near_copies:,} with all but one word of another"
        if self.frames:
            first = self.frames[0]
            yield f"{self.framed:,} in {_many(len(self.frames), 'frame')} ({quoted(first.text)}: {first.prompts:,})"
        yield from self.odd


@dataclass(frozen=True, slots=True)
class DataAccount:
    """The accounts of all sets and pairs of a claim, and sentences on what may mislead in them."""

    sets: tuple[SetAccount, ...] = ()
    warnings: tuple[str, ...] = ()


def _counted(values: Counts) -> str:
    return ", ".join(f"{quoted(value)} ({count:,})" for value, count in values)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
