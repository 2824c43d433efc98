"""JSON Lines that are too large to be held, read line by line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.prompts.rows import (
    MOST_PROBLEMS,
    SHOWN,
    PromptTable,
    json_object,
    json_row,
    no_json,
)
from neuronclaims.claim_files.prompts.streamed.taking import RowsSource, TakenRows, TooManyRowsError
from neuronclaims.claim_files.yaml import source
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, check_file

LARGEST_FILE = 2_000 * MEGABYTE
"""The most bytes of a file."""

LONGEST_LINE = 5 * MEGABYTE
"""The most bytes of a line."""


_WIDE = 1_000
"""The most characters of a line that an error shows."""


def is_large(files: Sequence[Path]) -> bool:
    """Say whether files are larger than what is read at once."""
    try:
        return any(file.stat().st_size > source.LARGEST_FILE for file in files)
    except OSError:
        return False


def read_json_lines(
    files: Sequence[Path], name: str, wanted: Collection[str], taken: TakenRows
) -> PromptTable:
    """Take rows of a file, with the ``wanted`` columns; lines after the last row that is taken are not looked at.

    Raises ClaimFileError with its faulty lines, or with the reason why it is not read.
    """
    columns: dict[str, None] = {}
    problems: list[Problem] = []
    try:
        for number, line in enumerate(_lines(files), start=1):
            if taken.full or len(problems) >= MOST_PROBLEMS:
                break
            place = 0
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                if not text.strip():
                    continue
                if strange := source.unreadable(text):
                    place = strange.start()
                    raise ValueError(source.odd(strange[0]))
                row = json_object(text)
                columns.update(dict.fromkeys(row))
                taken.offer(json_row({key: row[key] for key in row if key in wanted}, number))
            except UnicodeDecodeError as error:
                byte = f"byte {error.start} of this line (0x{line[error.start]:02x})"
                said = f"{byte} is not UTF-8; save the file as UTF-8"
                problems.append(_problem(name, number, line.decode("utf-8", "replace"), 0, said))
            except json.JSONDecodeError as error:
                problems.append(_problem(name, number, text, error.pos, no_json(error)))
            except ValueError as error:
                problems.append(_problem(name, number, text, place, str(error)))
    except (ForeignFileError, TooManyRowsError) as error:
        raise ClaimFileError([Problem(Place(name, 1, 1), str(error))]) from None
    except OSError as error:
        said = f"the file cannot be read: {error.strerror or error}"
        raise ClaimFileError([Problem(Place(name, 1, 1), said)]) from None
    if problems:
        raise ClaimFileError(problems)
    return PromptTable(name, RowsSource(name, "", rows=taken.rows), tuple(columns), tuple(taken.rows))


def _lines(files: Sequence[Path]) -> Iterator[bytes]:
    for path in files:
        check_file(path, LARGEST_FILE)
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise ForeignFileError(f"a line has more than {LONGEST_LINE // MEGABYTE} MB")
                yield line.rstrip(b"\r\n")


def _problem(name: str, number: int, line: str, place: int, message: str) -> Problem:
    """Return a problem at a character of a line; of a very long line what stands before it is not shown."""
    start = place - SHOWN // 2 if place > _WIDE else 0
    return Problem(Place(name, number, place + 1 - start), message, line[start : start + _WIDE], 1)
