"""Batches written to the cache while the next one is measured."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.context import Context
from neuronclaims.measurements.measurement import Need


class BackgroundWriter(AbstractContextManager["BackgroundWriter"]):
    """Writes batches one after the other in a thread of its own; one waits at most, so that memory holds no more.

    At the end of the ``with`` block everything is written. What goes wrong is raised at the next batch or at the end.
    ``written`` has the files.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._thread = ThreadPoolExecutor(1, "neuronclaims-cache")
        self._last: Future[Path] | None = None
        self.written: list[Path] = []

    def write(self, prompts: tuple[str, ...], values: Mapping[Need, NDArray[np.float32]]) -> None:
        """Write a batch once the last one is written; raise CacheError if that could not be."""
        self._wait()
        self._last = self._thread.submit(self._context.write, prompts, values)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Wait for the last batch; raise CacheError if it could not be written, unless an error is raised already."""
        self._thread.shutdown()
        if error is None or (self._last is not None and self._last.exception() is None):
            self._wait()

    def _wait(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            self.written.append(last.result())
