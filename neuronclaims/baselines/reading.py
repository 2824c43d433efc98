"""Find and read a baseline; everything that can be wrong with it gives one clear error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from os.path import commonpath
from pathlib import Path
from typing import Any

from neuronclaims import foreign_files
from neuronclaims.baselines.aligned import FOLDER as FOLDER
from neuronclaims.baselines.aligned import from_folder
from neuronclaims.baselines.checking import Unfit, check_environment, check_row
from neuronclaims.baselines.rows import (
    FIRST_SCHEMA,
    SCHEMA,
    Baseline,
    BaselineError,
    Environment,
    SavedClaim,
    row_from,
)
from neuronclaims.foreign_files import ForeignFileError

NAME = "main"
"""What a baseline is called where nobody says."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]*")
MOST_BYTES = 500_000_000
"""The size of a file that is not even read: thousands of times what a large baseline has."""


def is_path(word: str) -> bool:
    """Say whether the text that chooses a baseline is a path, not a name."""
    return "/" in word or "\\" in word or word.endswith(".json")


def check_name(name: str) -> None:
    """Raise BaselineError for what cannot be the name of a baseline."""
    if not _NAME.fullmatch(name):
        raise BaselineError(
            f"{name!r} cannot be the name of a baseline: take letters, digits and any of _ . @ + -, such as 'main'."
        )


def home_of(files: Iterable[Path], top: Path, name: str | None = None) -> Path:
    """Return the folder of the baselines of some claim files: ``.baselines`` in their nearest common folder.

    Where a folder above that, up to ``top``, has the baseline ``name`` already, or any where no name is given, that one
    is taken: so that a run of a part finds the baseline of the whole.
    """
    nearest = Path(commonpath([path.parent for path in files]))
    for folder in (nearest, *nearest.parents):
        home = folder / FOLDER
        if (home / f"{name}.json").is_file() if name else home.is_dir():
            return home
        if folder == top or top not in folder.parents:
            break
    return nearest / FOLDER


def find(word: str, home: Path, base: Path) -> Path:
    """Return the file of a baseline: by its name in ``home``, or by its path relative to ``base``.

    Raises BaselineError with the folder that was looked in and what is there instead.
    """
    if is_path(word):
        try:
            path = (base / Path(word).expanduser()).resolve()
            if path.is_file():
                return path
        except (OSError, RuntimeError, ValueError) as error:  # a link to itself, an unknown user, a NUL
            reason = str(getattr(error, "strerror", None) or error).rstrip(".")
            raise BaselineError(f"The baseline {word!r} cannot be looked for: {reason}.") from None
        raise BaselineError(f"There is no baseline {path}.{_beside(path.parent, path.stem)}")
    check_name(word)
    path = home / f"{word}.json"
    if path.is_file():
        return path
    raise BaselineError(
        f"There is no baseline {word!r}: looked in {home}.{_beside(home, word)} "
        f"Save one from a run that is as it should be: pytest --claims-save={word}"
    )


def read_baseline(path: Path) -> Baseline:
    """Read a baseline. Raises BaselineError for a file that is none, or does not say what it was measured with."""
    return parse_baseline(path, read_json(path))


def parse_baseline(path: Path, data: Mapping[str, Any]) -> Baseline:
    """Return the baseline that is written in some JSON; raise BaselineError as ``read_baseline`` does."""
    if "schema" not in data or "claims" not in data:
        raise BaselineError(f"{path} is no baseline: it has no 'schema' or no 'claims'. {_AGAIN}")
    if data["schema"] not in (FIRST_SCHEMA, SCHEMA) or isinstance(data["schema"], (bool, float)):
        raise BaselineError(
            f"{path} is of schema {data['schema']!r}, and this version reads schema {FIRST_SCHEMA} to {SCHEMA}. "
            f"{'Use the version of neuronclaims that wrote it, or save it again' if _later(data['schema']) else _AGAIN}"
        )
    environments = _environments(path, data)
    rows = _rows(path, data["claims"], environments)
    return Baseline(from_folder(rows, path) if data["schema"] == FIRST_SCHEMA else rows, environments)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a file holds. Raises BaselineError."""
    try:
        data = foreign_files.read_json(path, MOST_BYTES, once=True)
    except FileNotFoundError:
        raise BaselineError(f"{path} cannot be read: there is no such file.") from None
    except ForeignFileError as error:
        raise BaselineError(f"{error} {_MERGED}") from None
    if not isinstance(data, dict):
        raise BaselineError(f"{path} is no baseline: it holds no JSON object. {_AGAIN}")
    return data


def _environments(path: Path, data: Mapping[str, Any]) -> dict[str, Environment]:
    given = data.get("environments")
    if not isinstance(given, dict) or (data["claims"] and not given):
        raise BaselineError(
            f"{path} does not say what it was measured with ('environments'), so a change could not be told from "
            f"another library. {_AGAIN}"
        )
    found = {}
    for key, each in given.items():
        what = f"the environment {key!r}"
        try:
            check_environment(what, each)
        except Unfit as error:
            raise BaselineError(f"{path}: {_within(what, error)}. {_AGAIN}") from None
        found[key] = Environment(**each)
    return found


def _rows(path: Path, given: Any, environments: Mapping[str, Environment]) -> dict[str, SavedClaim]:
    if not isinstance(given, dict):
        raise BaselineError(f"{path}: 'claims' is no mapping of names to claims. {_AGAIN}")
    rows = {}
    for name, each in given.items():
        what = f"the row of {name!r}"
        try:
            if name.count("::") < 2:
                raise Unfit(
                    f"{what} is not named by file, model and id, such as x.claims.yaml::demo::hanoi", what
                )
            check_row(what, each)
        except Unfit as error:
            raise BaselineError(f"{path}: {_within(what, error)}. {_AGAIN}") from None
        rows[name] = row_from(each)
        if rows[name].environment not in environments:
            raise BaselineError(
                f"{path}: {what} does not say what it was measured with "
                f"(no environment {rows[name].environment!r}). {_AGAIN}"
            )
    return rows


def _within(what: str, fault: Unfit) -> str:
    """Say where a fault is, once: a fault of the whole says it already."""
    return str(fault) if fault.of == what else f"{what}: {fault}"


_MERGED = "Was it merged by hand? Take one side whole, or save it again (pytest --claims-save)."
_AGAIN = "Save it again from a run that is as it should be: pytest --claims-save"


def _later(schema: Any) -> bool:
    return isinstance(schema, int) and schema > SCHEMA


def _beside(folder: Path, wanted: str) -> str:
    if not folder.is_dir():
        return " There is no such folder."
    names = sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))
    close = get_close_matches(wanted, names, n=1, cutoff=0.5)
    there = f" There: {', '.join(names)}." if names else " It holds no baseline."
    return f"{there} Did you mean {close[0]!r}?" if close and len(names) > 1 else there
