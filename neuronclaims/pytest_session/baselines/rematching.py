"""Look for the neurons of lost claims in the tested model, at the end of a compared session.

Only where all reports arrive, never on an xdist worker. Whatever goes wrong here is a sentence: the session has its
outcome already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.baselines.origins import SHORT
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.pytest_session.baselines.baseline_settings import old_models
from neuronclaims.pytest_session.baselines.lost import Lost
from neuronclaims.pytest_session.load_settings import load_settings
from neuronclaims.pytest_session.settings import folder_of, is_on, prompt_folders
from neuronclaims.reports.entry import Rematch
from neuronclaims.run_settings import TRUST_CACHE

if TYPE_CHECKING:
    from neuronclaims.models.sources import Source
    from neuronclaims.rematch import Rematched


class Rematching:
    """The search for the neurons of lost claims: ``found`` by node id, and ``notes`` if a search was not possible."""

    def __init__(self, config: pytest.Config, report: Callable[[str], None]) -> None:
        self.config, self._report = config, report
        self._old = old_models(config)
        self.found: dict[str, Rematch] = {}
        self.notes: list[str] = []
        self.moved: list[tuple[Lost, str]] = []
        """The claims of which some have neurons that moved, and the old model as it is called from here."""
        self.began = False

    @property
    def wanted(self) -> bool:
        """Whether to search at all: an old model was given."""
        return bool(self._old)

    def look(self, families: Sequence[Lost]) -> None:
        """Look for the neurons of all lost claims, family by family, until done or interrupted."""
        self.began = True
        for place, lost in enumerate(families):
            try:
                self._look(lost)
            except NeuronClaimsError as error:
                self._note(lost, str(error))
            except KeyboardInterrupt:
                left = ", ".join(each.name for each in families[place:])
                self.notes.append(one_line(f"Interrupted: no neurons were looked for in {left}."))
                return
            except Exception as error:
                defect = f"{type(error).__name__}: {error}"
                self._note(lost, f"by a defect of what looks for neurons, none were found ({defect}).")

    def _look(self, lost: Lost) -> None:
        old, base = self._old.get(lost.model) or self._old.get(lost.spec) or self._old.get("") or ("", Path())
        if not old:
            named = ", ".join(sorted(self._old))
            self._note(
                lost, f"no old model is given: add --claims-rematch={lost.model}=OLD (given: {named})."
            )
            return
        if lost.far:
            self._note(
                lost,
                "the model is an object that conftest.py hands over, and lives in another process: run without -n.",
            )
            return
        from neuronclaims.models.sources import open_model

        source = open_model(old, base)
        lost = self._of(lost, old, source)
        if lost.was and self._keep(lost, self._rematched(lost, source)):
            self.moved.append((lost, spelled(old, base, self.config.invocation_params.dir)))

    def _of(self, lost: Lost, old: str, source: Source) -> Lost:
        """Return the claims whose baseline is about the old model, and note why others are left out."""
        weights = source.fingerprint(fingerprints(self.config)).weights
        if weights == lost.weights:
            self._note(lost, f"{old} has the very weights that were tested, so no neuron can have moved.")
            return replace(lost, was={})
        others = {name: was for name, was in lost.was.items() if was != weights}
        if others:
            which = (
                "its baseline"
                if len(others) == len(lost.was)
                else f"the baseline of {', '.join(sorted(others))}"
            )
            self._note(
                lost,
                f"{old} (weights {weights[:SHORT]}) is not the model that {which} is about (weights "
                f"{', '.join(sorted({was[:SHORT] for was in others.values()}))}): give the one it was saved from.",
            )
        return replace(lost, was={name: was for name, was in lost.was.items() if name not in others})

    def _rematched(self, lost: Lost, source: Source) -> list[Rematched]:
        from neuronclaims.claim_files.reader import read_claim_file
        from neuronclaims.kinds import templates
        from neuronclaims.models.options import RunOptions
        from neuronclaims.rematch import TwoModels, rematch

        many = f"{len(lost.was)} lost {'claim' if len(lost.was) == 1 else 'claims'}"
        self._report(one_line(f"{lost.name}: looking for the neurons of {many} ..."))
        given, unsaid = load_settings(self.config)
        load = given.over(unsaid)
        handed = {} if lost.handed_over is None else {lost.spec: lost.handed_over}
        return rematch(
            read_claim_file(lost.file, templates(), prompt_folders(self.config)),
            TwoModels(str(source.folder), lost.spec, lost.file.parent, handed),
            only=lost.was,
            options=RunOptions.of(load),
        )

    def _keep(self, lost: Lost, done: Sequence[Rematched]) -> bool:
        """Store what became of the neurons; return whether the neurons of any claim moved."""
        found = {lost.nodeids[each.claim.id]: plain(each) for each in done}
        self.found.update(found)
        return any(each.status == "moved" for each in found.values())

    def _note(self, lost: Lost, text: str) -> None:
        self.notes.append(one_line(f"{lost.name}: {text}"))


def plain(done: Rematched) -> Rematch:
    """Return what became of a claim's neurons as reports have it."""
    from neuronclaims.rematch.sentences import sentence

    found = [
        (str(match.old), None, None) if match.why else (str(match.old), str(match.best), round(match.held, 3))
        for match in done.matches
    ]
    verdict = done.result.verdict if done.result is not None else None
    return Rematch(done.status or "not looked for", one_line(sentence(done)), tuple(found), verdict)


def spelled(model: str, base: Path, called: Path) -> str:
    """Return the path, from the folder ``called``, of a model whose folder is relative to ``base``."""
    folder = (base / Path(model).expanduser()).resolve()
    return path_from(called, folder) if model != "demo" and folder.is_dir() else model


def fingerprints(config: pytest.Config) -> Path | None:
    """Return where the hashes of unchanged model files are remembered."""
    from neuronclaims.cache.run_cache import RunCache

    cache = folder_of(config, "cache")
    return RunCache(cache, is_on(config, TRUST_CACHE)).fingerprints if cache is not None else None


def path_from(base: Path, path: Path) -> str:
    """Return the shortest path from a folder, but never one that looks like an option."""
    shown = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    return f"./{shown}" if shown.startswith("-") else shown
