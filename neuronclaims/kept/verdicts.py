"""Verdicts that were reached before: read back if and only if nothing that they depend on has changed."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

from neuronclaims.cache import layout
from neuronclaims.cache.notes import Notes
from neuronclaims.cache.run_cache import RunCache, context_key
from neuronclaims.cache.trust import written_by_others
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kept.outlines import FileOutline, keep_outline

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.foreign_files import Json
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.sources import Source
    from neuronclaims.results import Result


States: TypeAlias = "dict[str, Json]"
"""What verdicts depend on besides their file, by model: folder, context, label, and the files of values."""


@dataclass(frozen=True, slots=True)
class JudgedBefore:
    """The results of all claims of a file on a model, by id, with the number of texts of each, where it runs any."""

    results: Mapping[str, Result]
    texts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class KeptVerdicts:
    """The verdicts in a run cache, for one way to run models and one setting of heat maps.

    ``opened`` finds the model of a file by its name, or raises NeuronClaimsError.
    """

    cache: RunCache
    options: RunOptions
    heat_maps: str
    opened: Callable[[FileOutline, str], Source]
    _known: dict[tuple[object, ...], dict[str, JudgedBefore] | None] = field(default_factory=dict)
    _before: dict[tuple[object, ...], States] = field(default_factory=dict)

    def of(self, outline: FileOutline, model: str, *, fresh: bool = False) -> JudgedBefore | None:
        """Return what a file came to on a model, None where it must be judged, as always where that is to be ``fresh``.

        The models of a series are judged together, so they are known together. To be asked for before it is judged is
        what lets a file be kept.
        """
        models = outline.models if outline.series and model in outline.models else (model,)
        key = (outline.path, outline.key, models)
        if key not in self._known:
            self._known[key] = self._recalled(outline, models, fresh) if outline.key else None
        found = self._known[key]
        return None if found is None else found.get(model)

    def keep(
        self,
        file: ClaimFile,
        results: Mapping[str, Mapping[str, Result]],
        refused: Mapping[str, Collection[str]],
        texts: Callable[[str, str], int | None],
    ) -> None:
        """Keep the results of a file, by model and id, where nothing but what is looked at can change them.

        ``refused`` are the claims of each model that were refused before anything was measured: other errors may heal.
        ``texts`` returns how many texts a claim on a model has.
        """
        from neuronclaims.reports.plain import to_plain

        outline, models = FileOutline.of(file), tuple(results)
        before = self._before.get((outline.path, outline.key, models))
        states = self._states(outline, models) if outline.key else None
        if states is None or before is None or not _grown(before, states) or _may_heal(results, refused):
            return
        plain: dict[str, Json] = {
            "key": outline.key,
            "states": states,
            "results": {
                model: {name: _fit(to_plain(result)) for name, result in found.items()}
                for model, found in results.items()
            },
            "texts": {
                model: {name: texts(model, name) for name in found} for model, found in results.items()
            },
        }
        keep_outline(Notes(self.cache), file)
        Notes(self.cache).keep(self._name(outline, states), plain)

    def _recalled(
        self, outline: FileOutline, models: Sequence[str], fresh: bool
    ) -> dict[str, JudgedBefore] | None:
        states = self._states(outline, models)
        if states is not None:
            self._before[outline.path, outline.key, tuple(models)] = states
        if states is None or fresh:
            return None
        with _no_search_for_garbage():
            return self._read(outline, models, states)

    def _read(
        self, outline: FileOutline, models: Sequence[str], states: States
    ) -> dict[str, JudgedBefore] | None:
        found = Notes(self.cache).recall(self._name(outline, states))
        if found is None or found.get("key") != outline.key or found.get("states") != states:
            return None
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # pydantic's error is a ValueError
            read = {model: _results(found, outline, model) for model in models}
            for _, key, *_ in cast("list[list[str]]", [*states.values()]):
                with suppress(OSError):
                    os.utime(layout.context_folder(self.cache.folder, key) / layout.ABOUT)
            return read
        return None

    def _name(self, outline: FileOutline, states: Mapping[str, Json]) -> list[str]:
        keys = [str(cast("list[Json]", state)[1]) for state in states.values()]
        return ["verdicts", str(outline.path), self.heat_maps, *states, *keys]

    def _states(self, outline: FileOutline, models: Sequence[str]) -> States | None:
        """Return what verdicts on some models depend on besides the file; None where that cannot be told."""
        found: States = {}
        for model in models:
            try:
                source = self.opened(outline, model)
                if source.loaded is not None or self.cache.fingerprints is None:
                    return None  # an object can change in ways that nobody sees
                fingerprint = source.fingerprint(self.cache.fingerprints)
                if fingerprint.unknown is not None:
                    return None
                key = context_key(source, self.options, fingerprint)
            except (NeuronClaimsError, OSError):
                return None  # which judging says
            folder = layout.context_folder(self.cache.folder, key)
            values = layout.listing(folder)
            if not self.cache.trust and written_by_others([folder, *(folder / name for name, *_ in values)]):
                return None
            found[model] = [str(source.folder), key, source.name, [list(value) for value in values]]
        return found


def _results(found: Mapping[str, Json], outline: FileOutline, model: str) -> JudgedBefore:
    from neuronclaims.reports.plain import from_plain

    results = cast("dict[str, dict[str, dict[str, Json]]]", found["results"])[model]
    texts = cast("dict[str, dict[str, int | None]]", found["texts"])[model]
    read = {name: from_plain(plain) for name, plain in results.items()}
    names = [claim.id for claim in outline.claims]
    if sorted(read) != sorted(names) or any(result.id != name for name, result in read.items()):
        raise ValueError("it has other claims than the file")
    return JudgedBefore({name: read[name] for name in names}, texts)


def _fit(plain: dict[str, Json]) -> dict[str, Json]:
    """Spell out counts of arrangements beyond 64 bits; read as a result, they are numbers again."""
    evidence = plain["evidence"]
    test = evidence.get("test") if isinstance(evidence, dict) else None
    if isinstance(test, dict):
        for name, value in test.items():
            if isinstance(value, int) and abs(value) >= 1 << 63:
                test[name] = str(value)
    return plain


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Let Python not look for circles among objects of which millions are made and all are kept."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _grown(before: States, now: States) -> bool:
    """Say whether all values that there were before a file was judged are still there: more may have been measured."""
    for model, state in before.items():
        first, later = cast("list[list[Json]]", [state, now[model]])
        values, grown = cast("list[list[list[Json]]]", [first[3], later[3]])
        if first[:3] != later[:3] or any(value not in grown for value in values):
            return False
    return True


def _may_heal(results: Mapping[str, Mapping[str, Result]], refused: Mapping[str, Collection[str]]) -> bool:
    """Say whether a claim has an error that another session may not meet."""
    from neuronclaims.cache.failures import lasting

    return any(
        result.error is not None and not (name in refused[model] and lasting(NeuronClaimsError(result.error)))
        for model, found in results.items()
        for name, result in found.items()
    )
