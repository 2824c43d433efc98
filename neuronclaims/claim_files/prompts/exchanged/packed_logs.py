"""Packed logs of Inspect AI (``.eval``) as rows: a zip archive with one JSON for each sample.

The format is that of ``inspect_ai.log._recorders.eval``: ``header.json`` (or, where the run ended early,
``_journal/start.json``) and ``samples/ID_epoch_EPOCH.json``. One sample is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuronclaims.claim_files.prompts.exchanged.inspect_logs import inspect_rows, is_inspect_log
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, Json, parse_json
from neuronclaims.foreign_files.archives import Archive, NotUnpackedError, open_archive

LARGEST_SAMPLE = 100 * MEGABYTE
"""The most bytes that one sample may unpack to."""

LARGEST_IN_ALL = 4_000 * MEGABYTE
"""The most bytes that all samples may unpack to."""

_HEADER, _STARTED, _SAMPLES = "header.json", "_journal/start.json", "samples/"


def packed_rows(file: Path) -> list[dict[str, Json] | str]:
    """Return a row for each sample of a packed log, or a sentence on what is wrong with it, ordered as a ``.json`` is.

    Raises ForeignFileError for what is no such log.
    """
    try:
        return _rows(file)
    except NotUnpackedError as error:
        convert = f"inspect log convert {file.name} --to json --output-dir FOLDER"
        raise ForeignFileError(f"{str(error).rstrip('.')}, or make a .json of it: {convert}") from None


def _rows(file: Path) -> list[dict[str, Json] | str]:
    with open_archive(file) as archive:
        log = _read(archive, _HEADER if _HEADER in archive.members else _STARTED)
        if isinstance(log, dict):
            log = {"status": "started", **log}
        if not is_inspect_log(log):
            raise ForeignFileError(f"{file} is no log of Inspect AI: it does not say what was evaluated.")
        names = [name for name in archive.members if name.startswith(_SAMPLES) and name.endswith(".json")]
        size = sum(archive.members[name].file_size for name in names)
        if size > LARGEST_IN_ALL:
            most = f"at most {LARGEST_IN_ALL / MEGABYTE:,.0f} MB are read"
            raise ForeignFileError(f"{file} unpacks to {size / MEGABYTE:,.0f} MB, and {most}.")
        return sorted(inspect_rows(log, _samples(archive, names)), key=_order)


def _samples(archive: Archive, names: list[str]) -> Iterator[Json]:
    for name in names:
        yield _read(archive, name)


def _read(archive: Archive, name: str) -> Json:
    if name not in archive.members:
        raise ForeignFileError(f"{archive.path} is no log of Inspect AI: it has no {name}.")
    return parse_json(
        archive.read(name, LARGEST_SAMPLE), f"{archive.path} is broken: {name[:100]!a}", infinite=True
    )


def _order(row: dict[str, Json] | str) -> tuple[bool, float, str]:
    """Return where a sample comes: by epoch, then by id, as Inspect sorts them; what is no sample comes last."""
    if isinstance(row, str):
        return True, 0.0, row
    epoch, own = row.get("epoch"), row.get("id")
    number = float(epoch) if isinstance(epoch, (int, float)) else 0.0
    return False, number, own if isinstance(own, str) else str(own).zfill(20)
