"""Open the engine of a run: the local one, another of ours, or one of another package.

Another package brings an engine through the entry-point group ``neuronclaims.engines``: each entry names a function of
the shape of ``engines.engine.OpensEngine``. In the package's ``pyproject.toml``::

    [project.entry-points."neuronclaims.engines"]
    dask = "my_package.dask_engine:open_engine"
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from neuronclaims.engines.engine import LOCAL, Engine, EngineAsked, EngineError
from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements.errors import RunWarning, first_line, shorten
from neuronclaims.models.identity.code import patched_library
from neuronclaims.models.identity.surroundings import surroundings
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.engines.local import LocalEngine
    from neuronclaims.models.running.loading import Ready

ENTRY_POINTS = "neuronclaims.engines"
"""The entry-point group through which other packages bring engines."""

OWN_ENGINES: dict[str, tuple[str, str]] = {
    "ray": ("neuronclaims.engines.remote.ray_pool:open_engine", "ray"),
}
"""Our engines besides the local one: the function that opens each, and the package that it needs."""


def engines() -> tuple[str, ...]:
    """Return the names of all engines, our own first.

    >>> engines()[0]
    'local'
    """
    brought = sorted({each.name for each in entry_points(group=ENTRY_POINTS)})
    return (LOCAL, *OWN_ENGINES, *(name for name in brought if name not in (LOCAL, *OWN_ENGINES)))


def check_engine(said: str) -> EngineAsked:
    """Return what was asked for. Raises EngineError where there is no such engine, or its package is missing.

    Nothing is imported for it.

    >>> check_engine("locla")
    Traceback (most recent call last):
        ...
    neuronclaims.engines.engine.EngineError: There is no engine 'locla'; did you mean local? There are: local, ray.
    """
    asked = EngineAsked.of(said)
    if asked.name not in engines():
        near = get_close_matches(asked.name[:80].lower(), engines(), n=1)
        meant = f"; did you mean {near[0]}?" if near else "."
        known = one_line(", ".join(engines()))
        raise EngineError(f"There is no engine {shorten(one_line(asked.name))}{meant} There are: {known}.")
    if asked.name == LOCAL and (asked.address or asked.workers is not None):
        raise EngineError(
            f"The engine local is this process: it has no address and no workers, so write {LOCAL}."
        )
    needed = OWN_ENGINES[asked.name][1] if asked.name in OWN_ENGINES else ""
    if needed and find_spec(needed) is None:
        raise EngineError(
            f"The engine {asked.name} needs the package {needed}, which is not installed: "
            f"pip install 'neuronclaims[{asked.name}]'."
        )
    return asked


def open_engine(
    source: Source,
    options: RunOptions,
    report: Callable[[Progress], None],
    watch: Stopwatch,
    loads: Callable[[Source, RunOptions, Any], Ready] | None = None,
) -> Engine:
    """Return the engine that the options name. Raises EngineError where there is none.

    A model handed over as an object is in this process and measured here, which is said where another was asked for.
    ``watch`` and ``loads`` are for the local engine.
    """
    asked = check_engine(options.engine)
    if asked.name == LOCAL:
        return open_local(source, options, report, watch, loads)
    stays = _stays(source)
    if stays is not None:
        warnings.warn(
            f"{source.name} is measured in this process and not by the engine {one_line(asked.name)}: {stays}.",
            RunWarning,
            stacklevel=2,
        )
        return open_local(source, options, report, watch, loads)
    try:
        opened: Engine = _entry(asked.name).load()(source, options, report, asked)
    except EngineError:
        raise
    except Exception as error:  # of another package, whose defect is told as one sentence
        raise EngineError(
            f"The engine {one_line(asked.name)} does not open: {one_line(first_line(error))}"
        ) from error
    return opened


def open_local(
    source: Source,
    options: RunOptions,
    report: Callable[[Progress], None],
    watch: Stopwatch,
    loads: Callable[[Source, RunOptions, Any], Ready] | None = None,
) -> LocalEngine:
    """Return an engine for a model in this process; the libraries are imported here if they were not before."""
    fresh, start = "torch" not in sys.modules, watch.clock()
    from neuronclaims.engines.local import LocalEngine

    if fresh:
        watch.imported(watch.clock() - start)
    return LocalEngine(source, options, report, loads, watch)


def _stays(source: Source) -> str | None:
    """Return why a model cannot be measured by other processes, None where it can."""
    if source.loaded is not None:
        return "it was handed over as an object, which cannot be sent; give its folder"
    here = surroundings()
    patched = patched_library(str(source.config.get("model_type")))
    strange = [*here.settings, *here.unknown, *([patched] if patched else [])]
    return (
        f"torch is changed in this process ({', '.join(strange)}), which workers would not be"
        if strange
        else None
    )


def _entry(name: str) -> EntryPoint:
    if name in OWN_ENGINES:
        return EntryPoint(name, OWN_ENGINES[name][0], ENTRY_POINTS)
    return next(each for each in entry_points(group=ENTRY_POINTS) if each.name == name)
