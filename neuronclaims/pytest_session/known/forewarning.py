"""Say before any model runs which claims cannot pass, and what may mislead in their prompts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

from neuronclaims.cache.notes import Notes
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files.witness import state_of
from neuronclaims.foreign_text import harmless_line
from neuronclaims.models.sources import open_model
from neuronclaims.models.structure.finding import keep_in
from neuronclaims.pytest_session.known.remembered import cache_of
from neuronclaims.pytest_session.nodes import ClaimFileNode, ClaimItem
from neuronclaims.pytest_session.settings import model_folders

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.claim_files.errors import Place
    from neuronclaims.foreign_files import Json
    from neuronclaims.models.chats.odd_tokens import OddTokens
    from neuronclaims.models.sources import LoadedModel

MOST_FOREWARNED = 3
"""How many things that may mislead are named of one file; ``neuronclaims check`` names all."""

SMALL = (".json", ".txt", ".model", ".jinja")
"""How the names of files end that a model's settings and its tokenizer are in."""

WAITING = pytest.StashKey[list[tuple[tuple[str, ...], "dict[str, Json]"]]]()
"""What is kept when claims are judged: a session that only collects writes nothing."""

Said: TypeAlias = "tuple[tuple[str, str], ...]"
"""What is said once, as a line at the first of the claims that it concerns, each by its id."""


@dataclass(frozen=True, slots=True)
class Forewarning:
    """What is to be said of one file: of claims by their id, and of prompts, each with the claims that it concerns."""

    unreachable: Mapping[str, str]
    of_models: tuple[Said, ...]
    data: tuple[Said, ...]

    def cannot_pass(self, name: str) -> list[str]:
        """Return the line about a claim that cannot be supported, if it is one."""
        return [self.unreachable[name]] if name in self.unreachable else []

    def misleading(self, path: str, names: Collection[str]) -> list[str]:
        """Return what may mislead in the prompts of some claims: the first three things of either sort."""
        models, data = (
            [
                next(line for name, line in each if name in names)
                for each in said
                if any(name in names for name, _ in each)
            ]
            for said in (self.of_models, self.data)
        )
        return [*_told(models, path, "--claims-dry-run"), *_told(data, path, "neuronclaims check")]


def forewarn(items: Iterable[pytest.Item]) -> list[str]:
    """Say which claims cannot pass, however large their effect, and then what data may mislead."""
    chosen = [item for item in items if isinstance(item, ClaimItem)]
    nodes: dict[ClaimFileNode, dict[str, None]] = {}
    ids: dict[ClaimFileNode, dict[str, None]] = {}
    for item in chosen:
        nodes.setdefault(item.parent.parent, {}).setdefault(item.spec)
        ids.setdefault(item.parent.parent, {}).setdefault(item.outline.id)
    for node in [*nodes][:1]:
        cache = cache_of(node.config)
        keep_in(cache.fingerprints if cache is not None else None)
    found = {node: _of(node, list(specs)) for node, specs in nodes.items()}
    return [
        line for node, names in ids.items() for name in names for line in found[node].cannot_pass(name)
    ] + [
        line
        for node, names in ids.items()
        for line in found[node].misleading(node.outline.claims[0].path, names)
    ]


def keep_waiting(config: pytest.Config) -> None:
    """Keep what was worked out while claims were collected."""
    cache = cache_of(config)
    if cache is not None:
        for name, content in config.stash.get(WAITING, []):
            Notes(cache).keep(name, content)


def _of(node: ClaimFileNode, specs: Sequence[str]) -> Forewarning:
    """Return what is to be said of a file on some models, as it was worked out before if nothing has changed."""
    cache, key = cache_of(node.config), node.outline.key
    name = ("forewarning", str(node.path), *specs)
    state: list[Json] = []
    if cache is not None and key:
        state = [key, *(_state(node, spec) for spec in specs)]
        kept = Notes(cache).recall(name)
        if kept is not None and kept.get("state") == state:
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                return _from_plain(kept)
    found = worked_out(node.claim_file, specs, model_folders(node.config))
    if state:
        node.config.stash.setdefault(WAITING, []).append((name, {"state": state, **_to_plain(found)}))
    return found


def _state(node: ClaimFileNode, spec: str) -> Json:
    """Return what of a model these words depend on, its small files; nothing where it is not on this machine."""
    with suppress(NeuronClaimsError, OSError):
        source = open_model(
            spec, node.path.parent, model_folders(node.config), weights=False, where=node.outline.where(spec)
        )
        folders = {
            folder for folder in (source.folder, source.model_folder, source.tokenizer_folder) if folder
        }
        files = (file for folder in folders for file in folder.iterdir() if file.suffix in SMALL)
        return [spec, source.name, [state_of(str(file)) for file in sorted(files)]]
    return [spec, None]


def worked_out(
    file: ClaimFile, specs: Sequence[str], models: Mapping[str, LoadedModel | Path]
) -> Forewarning:
    """Return what is to be said of a file that is tested on some models."""
    from neuronclaims.claim_files.prompts.misleading import data_problems, of_claim
    from neuronclaims.planning.announcements import is_to_hold, unreachable

    reasons = unreachable(file, searched_everywhere(file, specs, models))
    of_models: dict[str, Said] = {}
    for each in _odd(file, specs, models):
        for claim in reversed(file.claims):
            for said in of_claim(claim, each):
                own = claim.id, _line(claim.place, said)
                of_models[said] = (own, *(one for one in of_models.get(said, ()) if one[0] != claim.id))
    about: dict[str, list[str]] = {}
    for claim in file.claims:
        for warning in claim.data.warnings:
            about.setdefault(warning, []).append(claim.id)
    return Forewarning(
        {
            claim.id: _line(claim.place, f"cannot be supported: {reasons[claim.id]}")
            for claim in file.claims
            if claim.id in reasons and is_to_hold(claim)
        },
        tuple(of_models.values()),
        tuple(
            tuple((name, _line(problem.place, problem.message)) for name in about[problem.message])
            for problem in data_problems(file)
            if problem.message in about
        ),
    )


def searched_everywhere(
    file: ClaimFile, specs: Iterable[str], models: Mapping[str, LoadedModel | Path]
) -> dict[str, int] | None:
    """Return by id from how many neurons those of claims were picked, on the model where they are fewest.

    None where nothing was searched, and where no model is on this machine; of a model only small files are read.
    """
    from neuronclaims.kinds.shared.subjects.selection import searches
    from neuronclaims.planning.reach import searched_in

    if not any(map(searches, file.claims)):
        return None
    found: dict[str, int] = {}
    for spec in specs:
        with suppress(NeuronClaimsError):
            source = open_model(spec, file.path.parent, models, weights=False, where=file.where(spec))
            for name, neurons in searched_in(file, source.facts()).items():
                found[name] = min(neurons, found.get(name, neurons))
    return found or None


def _odd(
    file: ClaimFile, specs: Iterable[str], models: Mapping[str, LoadedModel | Path]
) -> list[Mapping[str, OddTokens]]:
    """Return what the tokenizers of some models make of odd texts; nothing of a model that is not on this machine."""
    from neuronclaims.claim_files.prompts.misleading import items_of
    from neuronclaims.models.chats.odd_tokens import is_odd, odd_tokens

    sets = items_of(file)
    found: list[Mapping[str, OddTokens]] = []
    if any(is_odd(item) for items in sets.values() for item in items):
        for spec in specs:
            with suppress(NeuronClaimsError):
                found.append(
                    odd_tokens(
                        open_model(spec, file.path.parent, models, weights=False, where=file.where(spec)),
                        sets,
                    )
                )
    return found


def _told(lines: Sequence[str], path: str, command: str) -> list[str]:
    """Return the first three of what may mislead, and where the others are."""
    more = len(lines) - MOST_FOREWARNED
    if more <= 0:
        return list(lines)
    such = f"{path}: {more} more such {'line' if more == 1 else 'lines'}: {command} {path}"
    return [*lines[:MOST_FOREWARNED], harmless_line(such)]


def _line(place: Place, message: str) -> str:
    return harmless_line(f"{place.path}:{place.line}: {message}")


def _to_plain(found: Forewarning) -> dict[str, Json]:
    plain: dict[str, Json] = {"unreachable": {**found.unreachable}}
    for name, said in (("of_models", found.of_models), ("data", found.data)):
        plain[name] = [[list(pair) for pair in each] for each in said]
    return plain


def _from_plain(found: Mapping[str, Json]) -> Forewarning:
    """Return what was made plain; raise one of Python's own errors for other data."""
    models, data = (
        tuple(
            tuple((str(name), harmless_line(str(line))) for name, line in each)
            for each in cast("list[list[list[str]]]", found[part])
        )
        for part in ("of_models", "data")
    )
    reasons = cast("dict[str, str]", found["unreachable"])
    return Forewarning({name: harmless_line(line) for name, line in reasons.items()}, models, data)
