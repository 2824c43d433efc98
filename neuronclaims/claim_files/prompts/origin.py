"""Where a set's rows come from: a file, a folder that ``datasets`` saved, or a data set in its cache on this machine.

Nothing is ever fetched, and no code of a data set is run: what lies on the disk is read as plain columns.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from neuronclaims.claim_files.entries import FilePairs, FileSet
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.yaml.positions import Entries, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.foreign_files import ForeignFileError, read_json_object
from neuronclaims.foreign_files.witness import saw, saw_beside
from neuronclaims.sentences.messages import closest, either, quoted

SUFFIXES = (".txt", ".jsonl", ".csv", ".tsv", ".parquet", ".json", ".eval")
"""The kinds of file that hold prompts."""

PARQUET = ".parquet"
COLUMNAR = (PARQUET, ".arrow")
"""The formats that need the extra ``data``."""

WITH_COLUMNS = ".csv or .jsonl"
"""What a message suggests to those whose file has no columns."""

_DATASET = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_SAVED, _SPLITS = "state.json", "dataset_dict.json"


@dataclass(frozen=True, slots=True)
class RowsOrigin:
    """The files of one format that hold the rows of a set; ``name`` is how messages call them."""

    name: str
    files: tuple[Path, ...]
    format: str


def naming(node: Entries) -> Scalar | None:
    """Return the scalar in which a mapping names its file or its data set, None where it names neither."""
    for key in ("file", "dataset"):
        value = node.get(key)
        if isinstance(value, Scalar):
            return value
    return None


def origin_of(chosen: FileSet | FilePairs, at: Scalar, node: Entries, source: SourceText) -> RowsOrigin:
    """Return where a set's rows lie. Raises ClaimFileError at ``at``, where it is named, if they cannot be there."""
    if chosen.file is not None and chosen.dataset is not None:
        raise _error(source, at, "'file' and 'dataset' exclude each other: rows come from one of them")
    found = _cached(chosen, at, source) if chosen.dataset is not None else _filed(chosen, at, source)
    if found.format != ".arrow":
        _refuse(("split", "config", "revision"), node, source, f"a {found.format} file")
    elif chosen.dataset is None:
        _refuse(("config", "revision"), node, source, "a folder of rows")
    if found.format in COLUMNAR and find_spec("pyarrow") is None:
        what = "a data set" if chosen.dataset is not None else f"{quoted(found.name)}"
        message = f'{what} is read with pyarrow, which is not installed: pip install "neuronclaims[data]"'
        raise _error(source, at, message)
    return found


def _refuse(keys: Iterable[str], node: Entries, source: SourceText, what: str) -> None:
    for key in keys:
        scalar = node.key(key)
        if scalar is not None:
            raise _error(source, scalar, f"{quoted(key)} means nothing to {what}")


def _filed(chosen: FileSet | FilePairs, at: Scalar, source: SourceText) -> RowsOrigin:
    """Return the origin in a file or in a folder; it must lie where files of prompts may be read."""
    written = chosen.file or ""
    base = Path(source.path).parent
    target = Path(os.path.normpath(base / written))
    folders = source.folders or PromptFolders.around(Path(source.path))
    allowed = folders.holds(base / written)
    saved = allowed and target.suffix not in SUFFIXES and _is_saved(target)
    parts = _parts(target) if allowed and not saved else []
    if target.suffix not in SUFFIXES and not saved and not parts:
        folder = f"a folder of {PARQUET} files or one that 'datasets' saved"
        rule = f"its name must end in {either(SUFFIXES)}, or it is {folder}"
        raise _error(source, at, f"{quoted(written)} is no file of prompts: {rule}")
    if not allowed:
        raise _error(
            source,
            at,
            f"{quoted(written)} is not read: it leads out of the project ({folders.root}). Move the file there, or "
            f"allow its folder with the setting 'claims_prompt_folders' of pytest, --prompt-folder of neuronclaims, or "
            f"prompt_folders of judge",
        )
    if saved:
        return _saved(target, chosen, folders, at, source)
    if parts:
        saw_beside()  # one part more is another set
        if not all(path.is_file() and folders.holds(path) for path in parts):
            raise _error(
                source,
                at,
                f"{quoted(written)} takes a link that leads out of the project, or what is no file",
            )
        return RowsOrigin(str(target), tuple(parts), PARQUET)
    try:
        if target.is_file():
            return RowsOrigin(str(target), (target,), target.suffix)
        if target.exists():
            raise _error(source, at, f"{quoted(written)} is not a regular file")
        neighbours = [path.name for path in sorted(target.parent.iterdir()) if path.suffix in SUFFIXES]
    except (OSError, ValueError):
        neighbours = []
    near = closest(target.name, neighbours)
    suggestion = str(Path(written).with_name(near)) if near else None
    raise _error(source, at, f"there is no file {quoted(str(target))}", suggestion)


def _parts(target: Path) -> list[Path]:
    """Return the files that a pattern such as ``corpus/*.parquet`` names, or those of a folder of nothing else."""
    pattern = target.name if "*" in target.name else None
    folder = target.parent if pattern else target
    try:
        seen = [path for path in folder.iterdir() if path.name[0] != "."] if folder.is_dir() else []
    except (OSError, ValueError):
        return []
    found = [path for path in seen if fnmatchcase(path.name, pattern or f"*{PARQUET}")]
    whole = all(path.suffix == PARQUET for path in (found if pattern else seen))
    return sorted(found) if whole else []


def _is_saved(folder: Path) -> bool:
    for name in (_SAVED, _SPLITS):
        saw(folder / name)
    try:
        return any((folder / name).is_file() for name in (_SAVED, _SPLITS))
    except (OSError, ValueError):
        return False


def _saved(
    folder: Path, chosen: FileSet | FilePairs, folders: PromptFolders, at: Scalar, source: SourceText
) -> RowsOrigin:
    """Return the files of a folder that ``save_to_disk`` of ``datasets`` wrote."""
    try:
        if (folder / _SPLITS).is_file():
            splits = _texts(read_json_object(folder / _SPLITS).get("splits"))
            folder = folder / _one(splits, chosen.split, "split", str(folder), at, source)
        elif chosen.split is not None:
            raise _error(source, at, f"{quoted(str(folder))} has no splits: leave 'split' out")
        state = read_json_object(folder / _SAVED)
    except (ForeignFileError, FileNotFoundError) as error:
        raise _error(source, at, f"{quoted(str(folder))} cannot be read: {error}") from None
    if state.get("_indices_data_files") or state.get("_indices_files"):
        advice = "call flatten_indices() before save_to_disk()"
        raise _error(source, at, f"{quoted(str(folder))} keeps a choice of its rows apart: {advice}")
    listed = state.get("_data_files")
    names = (
        [each.get("filename") for each in listed if isinstance(each, dict)]
        if isinstance(listed, list)
        else []
    )
    files = [folder / name for name in _texts(names)]
    if not files or any(file.parent != folder or file.suffix != ".arrow" for file in files):
        raise _error(source, at, f"{quoted(str(folder))} names no .arrow files of its own in {_SAVED}")
    if not all(folders.holds(file) for file in files):
        raise _error(source, at, f"{quoted(str(folder))} holds a link that leads out of the project")
    return RowsOrigin(str(folder), tuple(files), ".arrow")


def _cached(chosen: FileSet | FilePairs, at: Scalar, source: SourceText) -> RowsOrigin:
    """Return the files of a data set that ``datasets`` has in its cache; it is never fetched."""
    name = chosen.dataset or ""
    if not _DATASET.fullmatch(name):
        raise _error(source, at, f"{quoted(name)} is no name of a data set, such as 'stanfordnlp/imdb'")
    saw_beside()  # a version more, and which is meant is another question
    cache = _cache()
    folder = cache / name.replace("/", "___")
    versions = sorted(path.parent for path in folder.glob("*/*/*/dataset_info.json"))
    if not versions:
        held = sorted(path.name.replace("___", "/") for path in cache.glob("*") if path.is_dir())
        message = (
            f"the data set {quoted(name)} is not on this machine: load it once with datasets.load_dataset, "
            f"which keeps it in {cache}"
        )
        raise _error(source, at, message, closest(name, held))
    for key, part, wanted in (("config", -3, chosen.config), ("revision", -1, chosen.revision)):
        there = sorted({version.parts[part] for version in versions})
        one = _one(there, wanted, key, name, at, source)
        versions = [version for version in versions if version.parts[part] == one]
    last = name.rpartition("/")[2].lower()
    by_split: dict[str, list[Path]] = {}
    for file in sorted(versions[-1].glob("*.arrow")):
        match = re.fullmatch(r"(.+?)-(\w+?)(-\d{5}-of-\d{5})?\.arrow", file.name)
        if match and match[1].lower() in (last, last.replace("-", "_")):
            by_split.setdefault(match[2], []).append(file)
    split = _one(sorted(by_split), chosen.split, "split", name, at, source)
    return RowsOrigin(f"{name} ({split})", tuple(by_split[split]), ".arrow")


def _cache() -> Path:
    """Return the folder in which ``datasets`` keeps what it has loaded, as it finds it itself."""
    own = os.environ.get("HF_DATASETS_CACHE")
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(own or Path(home) / "datasets").expanduser()


def _one(there: list[str], wanted: str | None, key: str, what: str, at: Scalar, source: SourceText) -> str:
    """Return the one that is wanted, or the only one; which of several is never a guess."""
    if wanted in there or (wanted is None and len(there) == 1):
        return wanted or there[0]
    if wanted is not None:
        message, near = f"{quoted(what)} has no {key} {quoted(wanted)}", closest(wanted, there)
    else:
        message, near = f"which {key} of {quoted(what)} is meant? Add '{key}: NAME'", None
    raise ClaimFileError(
        [source.problem(at.start, message, width=at.end - at.start, suggestion=near, allowed=tuple(there))]
    )


def _texts(found: object) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _error(source: SourceText, at: Scalar, message: str, suggestion: str | None = None) -> ClaimFileError:
    problem = source.problem(at.start, message, width=at.end - at.start, suggestion=suggestion)
    return ClaimFileError([problem])
