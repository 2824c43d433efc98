"""Open the engine of a model, with the time it takes to import the libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.engines.local import LocalEngine
    from neuronclaims.models.running.loading import Ready


def open_engine(
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
