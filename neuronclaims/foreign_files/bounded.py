"""Read files that others wrote, within bounds on type, size, depth and digits.

A stranger's ``config.json`` may be a pipe that never ends, a sparse file of many gigabytes, brackets nested a million
deep, or a number of 5,000 digits. Each of these is one clear error here, and costs neither memory nor time.
"""

from __future__ import annotations

import json
import math
import os
import stat
import sys
from collections import Counter
from pathlib import Path
from typing import NoReturn, TypeAlias

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files.witness import saw

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MEGABYTE = 1_000_000
DEEPEST = 60
"""How deep lists and objects may be nested. What our own writers make is 12 deep at most."""

MOST_DIGITS = 40
"""How many digits a whole number may have. Transformers writes ``model_max_length`` with 31."""


MOST_VALUES = 8_000_000
"""How many values and lists one file may hold: each takes up to 64 bytes of memory."""


class ForeignFileError(NeuronClaimsError):
    """A file that is not read; the message says which, and why."""


class BoundError(ValueError):
    """JSON with a value out of bounds."""


def read_bytes(path: Path, most: int = 50 * MEGABYTE) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes.

    Raises FileNotFoundError where there is no file, and ForeignFileError for anything but a regular file, for one that
    is too large, and for one that cannot be read.
    """
    saw(path)
    try:
        # A pipe that nobody writes to would keep an ordinary open waiting for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ForeignFileError(f"{path} cannot be read: {_why(error)}.") from None
    try:
        _check_status(path, os.fstat(handle), most)
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ForeignFileError(f"{path} cannot be read: {_why(error)}.") from None
    finally:
        os.close(handle)
    if len(data) > most:
        raise ForeignFileError(f"{path} grew while it was read. Try again when nothing writes to it.")
    return data


def read_text(path: Path, most: int = 50 * MEGABYTE) -> str:
    """Return the text of a regular UTF-8 file; raise as ``read_bytes``, and for other bytes than UTF-8."""
    data = read_bytes(path, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ForeignFileError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None


def read_json(path: Path, most: int = 50 * MEGABYTE, *, infinite: bool = False, once: bool = False) -> Json:
    """Return the JSON of a file; raise as ``read_text``, and for JSON that is broken, too deep or too long a number.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "config.json"
    ...     _ = path.write_text('{"n_layer": 6}')
    ...     read_json(path)
    {'n_layer': 6}
    """
    return parse_json(read_text(path, most), str(path), infinite=infinite, once=once)


def read_json_object(
    path: Path, most: int = 50 * MEGABYTE, *, infinite: bool = False, once: bool = False
) -> dict[str, Json]:
    """Return the JSON object of a file; raise as ``read_json``, and for any other JSON."""
    found = read_json(path, most, infinite=infinite, once=once)
    if not isinstance(found, dict):
        raise ForeignFileError(f"{path} holds no JSON object but {_called(found)}.")
    return found


def check_file(path: Path, most: int = 1_000 * MEGABYTE) -> None:
    """Raise ForeignFileError for what another library must not open: no regular file, or one that is too large."""
    saw(path)
    _check_status(path, path.stat(), most)


def check_folder(folder: Path) -> None:
    """Raise ForeignFileError for a folder that another library must not be let loose on.

    A pipe in it would never end, and JSON that is nested too deep or has too long numbers would do harm in a parser.
    """
    for path in sorted(folder.iterdir()):
        if path.is_dir() or not path.exists():
            continue
        if path.suffix != ".json":
            check_file(path, sys.maxsize)
        elif path.name == "tokenizer.json":  # read by a parser with bounds of its own, and large
            check_file(path)
        else:
            read_json(path, infinite=True)


def parse_json(text: str | bytes, place: str, *, infinite: bool = False, once: bool = False) -> Json:
    """Return JSON as plain data; raise ForeignFileError with its place for what is broken or out of bounds.

    ``NaN`` and ``Infinity``, which JSON does not have, are refused unless ``infinite``. Numbers too large for a float
    are always refused, and with ``once`` also a name that stands twice in one object, of which one would be lost.
    """
    try:
        return bounded_json(text, infinite=infinite, once=once)
    except json.JSONDecodeError as error:
        raise ForeignFileError(
            f"{place} is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})."
        ) from None
    except BoundError as error:
        raise ForeignFileError(f"{place} is not read: {error}.") from None
    except ValueError as error:
        raise ForeignFileError(f"{place} is not valid JSON: {_why(error)}.") from None


def bounded_json(text: str | bytes, *, infinite: bool = False, once: bool = False) -> Json:
    """Return JSON as ``parse_json`` does; raise BoundError or JSONDecodeError, both ValueErrors, without a place."""
    comma, opening = (",", "[") if isinstance(text, str) else (b",", b"[")
    if text.count(comma) + text.count(opening) > MOST_VALUES:  # type: ignore[arg-type]
        raise BoundError(f"it holds more than {MOST_VALUES:,} values")
    try:
        found: Json = json.loads(
            text,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=float if infinite else _refuse,
            object_pairs_hook=_once if once else None,
        )
    except RecursionError:
        raise BoundError(f"it is nested more than {DEEPEST} levels deep") from None
    level: list[Json] = [found]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return found
    raise BoundError(f"it is nested more than {DEEPEST} levels deep")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise BoundError(f"a whole number in it has {len(text):,} digits")
    return int(text)


def _finite(text: str) -> float:
    value = float(text) if len(text) < 1_000 else math.inf
    if not math.isfinite(value):
        raise BoundError(f"the number {text[:20]} in it is too large")
    return value


def _refuse(word: str) -> NoReturn:
    raise BoundError(f"{word} in it is no number of JSON")


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise BoundError(f"it has {counts.most_common(1)[0][0]!r} twice")
    return found


def _inside(value: Json) -> list[Json]:
    """Return the lists and objects that a list or an object holds."""
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, (dict, list))]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, (dict, list))]
    return []


def _sort(mode: int) -> str:
    sorts = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return sorts.get(stat.S_IFMT(mode), "something else")


def _called(value: Json) -> str:
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"a {type(value).__name__}"


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _check_status(path: Path, status: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ForeignFileError(f"{path} is not a regular file but {_sort(status.st_mode)}.")
    if status.st_size > most:
        raise ForeignFileError(
            f"{path} has {status.st_size / MEGABYTE:,.0f} MB, and at most {most / MEGABYTE:,.0f} MB are read. "
            "Is it the right file?"
        )
