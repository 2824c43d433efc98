"""Open the study of a pytest session, and warn of claims that cannot pass."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.prompts.misleading import data_problems, items_of, of_claim
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import harmless_line
from neuronclaims.kinds.shared.subjects.selection import searches
from neuronclaims.planning.announcements import is_to_hold, unreachable
from neuronclaims.planning.reach import searched_in
from neuronclaims.pytest_session.load_settings import load_settings
from neuronclaims.pytest_session.nodes import ClaimItem, ModelNode
from neuronclaims.pytest_session.progress import progress_of
from neuronclaims.pytest_session.settings import folder_of, is_on, model_folders, value_of
from neuronclaims.study import HeatMaps, Study

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.models.chats.odd_tokens import OddTokens
    from neuronclaims.models.sources import LoadedModel

MOST_FOREWARNED = 3
"""How many things that may mislead are named of one file; ``neuronclaims check`` names all."""


def open_study(session: pytest.Session, models: Mapping[str, LoadedModel | Path]) -> Study:
    """Return the study of a session, which knows all claim files and models that were not deselected."""
    from neuronclaims.models.options import RunOptions

    if not isinstance(models, Mapping):
        pytest.fail(
            f"The fixture claims_models in conftest.py returns a {type(models).__name__}. Let it return a mapping from "
            "names of models to a LoadedModel or a folder.",
            pytrace=False,
        )
    config = session.config
    given, unsaid = load_settings(config)
    study = Study(
        cache=folder_of(config, "cache"),
        options=RunOptions.of(
            given,
            verify=is_on(config, "verify"),
            engine=value_of(config, "engine"),
            memory=value_of(config, "memory") or None,
            store=value_of(config, "store"),
        ),
        models={**models, **model_folders(config)},
        progress=progress_of(config),
        trust_cache=is_on(config, "trust-cache"),
        load=unsaid,
        download=is_on(config, "download"),
    )
    if folder_of(config, "report") is not None:
        study.heat_maps = cast("HeatMaps", value_of(config, "heatmaps"))
    for node in model_nodes(session.items):
        study.expect(node.claim_file, node.spec)
    return study


def model_nodes(items: Iterable[pytest.Item]) -> list[ModelNode]:
    """Return the model nodes of the claims among some items, each once, in order."""
    return list(dict.fromkeys(item.parent for item in items if isinstance(item, ClaimItem)))


def forewarn(items: Iterable[pytest.Item]) -> list[str]:
    """Say before any model runs which claims cannot pass, however large their effect, and what data may mislead."""
    chosen = {(item.claim_file.path, item.claim.id): item for item in items if isinstance(item, ClaimItem)}
    files = {item.claim_file.path: item.claim_file for item in chosen.values()}
    specs: dict[Path, dict[str, None]] = {}
    folders = {
        name: folder for item in [*chosen.values()][:1] for name, folder in model_folders(item.config).items()
    }
    for item in [*chosen.values()][:1]:
        _keep_architectures(item.config)
    for item in chosen.values():
        specs.setdefault(item.claim_file.path, {}).setdefault(item.parent.spec)
    reasons = {
        path: unreachable(file, searched_everywhere(file, specs[path], folders))
        for path, file in files.items()
    }
    return [
        _forewarning(item.claim, reasons[path][name])
        for (path, name), item in chosen.items()
        if name in reasons[path] and is_to_hold(item.claim)
    ] + [
        line
        for path, file in files.items()
        for line in _misleading(
            file, {name for at, name in chosen if at == path}, _odd(file, specs[path], folders)
        )
    ]


def _keep_architectures(config: pytest.Config) -> None:
    """Look for derived architectures in the run cache, and keep them there, so that a later session needs no torch."""
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.models.structure.finding import keep_in

    cache = folder_of(config, "cache")
    keep_in(RunCache(cache, is_on(config, "trust-cache")).fingerprints if cache is not None else None)


def searched_everywhere(
    file: ClaimFile, specs: Iterable[str], models: Mapping[str, LoadedModel | Path]
) -> dict[str, int] | None:
    """Return by id from how many neurons those of claims were picked, on the model where they are fewest.

    None where nothing was searched, and where no model is on this machine; of a model only small files are read.
    """
    if not any(map(searches, file.claims)):
        return None
    from neuronclaims.models.sources import open_model

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
    from neuronclaims.models.chats.odd_tokens import is_odd, odd_tokens
    from neuronclaims.models.sources import open_model

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


def _misleading(file: ClaimFile, names: Collection[str], odd: Iterable[Mapping[str, OddTokens]]) -> list[str]:
    """Say what may mislead in the data of some claims of a file, given by id: the first three things."""
    meant = {warning for claim in file.claims if claim.id in names for warning in claim.data.warnings}
    found = [problem for problem in data_problems(file) if problem.message in meant]
    of_models = {
        said: Problem(claim.place, said)
        for each in odd
        for claim in reversed(file.claims)
        if claim.id in names
        for said in of_claim(claim, each)
    }
    return [*_told([*of_models.values()], "--claims-dry-run"), *_told(found, "neuronclaims check")]


def _told(found: Sequence[Problem], command: str) -> list[str]:
    """Return the first three of what may mislead as lines, and where the others are."""
    lines = [
        harmless_line(f"{each.place.path}:{each.place.line}: {each.message}")
        for each in found[:MOST_FOREWARNED]
    ]
    more = len(found) - len(lines)
    if more > 0:
        path = found[0].place.path
        lines.append(
            harmless_line(f"{path}: {more} more such {'line' if more == 1 else 'lines'}: {command} {path}")
        )
    return lines


def _forewarning(claim: Claim, reason: str) -> str:
    return harmless_line(f"{claim.place.path}:{claim.place.line}: cannot be supported: {reason}")
