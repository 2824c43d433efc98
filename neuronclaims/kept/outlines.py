"""The outline of a claim file: what a test session must know of its claims before any is judged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from neuronclaims.foreign_files.witness import FilesSeen
from neuronclaims.kept.code import code_and_libraries
from neuronclaims.loading.settings import SETTINGS, UNSAID_BLOCK, LoadBlock, LoadSettings

if TYPE_CHECKING:
    from neuronclaims.cache.notes import Notes
    from neuronclaims.claim_files.claims import Claim, ClaimFile, ReadFrom
    from neuronclaims.foreign_files import Json


@dataclass(frozen=True, slots=True)
class ClaimOutline:
    """One claim of a file: its id, its place, and what pytest marks it with."""

    id: str
    path: str
    line: int
    column: int
    tags: tuple[str, ...] = ()
    skip: str | None = None
    xfail: str | None = None

    @classmethod
    def of(cls, claim: Claim) -> ClaimOutline:
        """Return the outline of a claim."""
        at, own = claim.place, claim.settings
        return cls(claim.id, at.path, at.line, at.column, own.tags, own.skip, own.xfail)


@dataclass(frozen=True, slots=True)
class FileOutline:
    """A claim file: its claims, its models, and how these are found and loaded; as in the file itself.

    ``key`` changes with whatever the file was read from, and with the code that read it. It is empty where that is not
    known: nothing is kept about such a file.
    """

    path: Path
    models: tuple[str, ...]
    claims: tuple[ClaimOutline, ...]
    key: str = ""
    if_missing: str = "fail"
    series: str | None = None
    load: LoadBlock = UNSAID_BLOCK
    places: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, file: ClaimFile) -> FileOutline:
        """Return the outline of a claim file."""
        origin = file.read_from
        return cls(
            file.path,
            file.models,
            tuple(map(ClaimOutline.of, file.claims)),
            _key(file.path, _state(origin), origin.seen)
            if origin is not None and origin.seen.lasting
            else "",
            file.if_missing,
            file.series,
            file.load,
            file.places,
        )

    def where(self, model: str) -> str:
        """Return where a model is, by its name here."""
        return self.places.get(model, model)


def recalled_outline(notes: Notes, path: Path, root: Path, allowed: tuple[Path, ...]) -> FileOutline | None:
    """Return the outline of a claim file as it was kept; None unless all is as it was when that was read."""
    found = notes.recall(("outline", str(path)))
    if found is None:
        return None
    state: list[Json] = [*_here(str(root), tuple(map(str, allowed))), ""]
    try:
        seen = FilesSeen(dict(cast("dict[str, str]", found["seen"])))
        if found["state"] != state or str(path.absolute()) not in seen.states or not seen.unchanged:
            return None
        return _from_plain(path, _key(path, state, seen), cast("dict[str, Json]", found["file"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def keep_outline(notes: Notes, file: ClaimFile) -> None:
    """Keep the outline of a claim file that was read from a file."""
    origin = file.read_from
    if origin is None or origin.text or not origin.seen.lasting:
        return
    plain: dict[str, Json] = {
        "seen": {**origin.seen.states},
        "state": _state(origin),
        "file": _to_plain(FileOutline.of(file)),
    }
    notes.keep(("outline", str(file.path)), plain)


def _state(origin: ReadFrom) -> list[Json]:
    return [*_here(origin.root, origin.allowed), origin.text]


def _here(root: str, allowed: tuple[str, ...]) -> list[Json]:
    """Return what the reading of a file depends on besides files."""
    try:
        here = os.getcwd()
    except OSError:  # a folder that was removed
        here = ""
    return [code_and_libraries(), here, root, list(allowed)]


def _key(path: Path, state: list[Json], seen: FilesSeen) -> str:
    content = [str(path), state, sorted(seen.states.items())]
    return sha256(dumps(content).encode()).hexdigest()


def _to_plain(outline: FileOutline) -> dict[str, Json]:
    load = outline.load
    return {
        "models": list(outline.models),
        "if_missing": outline.if_missing,
        "series": outline.series,
        "load": _settings(load.all),
        "loads": {name: _settings(each) for name, each in load.models.items()},
        "places": {**outline.places},
        "claims": [
            [each.id, each.path, each.line, each.column, list(each.tags), each.skip, each.xfail]
            for each in outline.claims
        ],
    }


def _settings(load: LoadSettings) -> dict[str, Json]:
    return {
        name: [list(pair) for pair in said] if isinstance(said := getattr(load, name), tuple) else said
        for name in SETTINGS
    }


def _load(found: Mapping[str, Json]) -> LoadSettings:
    pairs = {name: tuple(map(tuple, said)) for name, said in found.items() if isinstance(said, list)}  # type: ignore[arg-type]
    return LoadSettings(**{**found, **pairs})  # type: ignore[arg-type]


def _from_plain(path: Path, key: str, found: Mapping[str, Json]) -> FileOutline:
    """Return an outline that was plain; raise one of Python's own errors for other data."""
    texts = cast("list[str]", found["models"])
    loads = cast("dict[str, dict[str, Json]]", found["loads"])
    claims = cast("list[tuple[str, str, int, int, list[str], str | None, str | None]]", found["claims"])
    return FileOutline(
        path,
        tuple(texts),
        tuple(
            ClaimOutline(name, at, line, column, tuple(tags), skip, xfail)
            for name, at, line, column, tags, skip, xfail in claims
        ),
        key,
        cast(Literal["fail", "skip"], found["if_missing"]),
        cast("str | None", found["series"]),
        LoadBlock(
            _load(cast("dict[str, Json]", found["load"])),
            {name: _load(each) for name, each in loads.items()},
        ),
        dict(cast("dict[str, str]", found["places"])),
    )
