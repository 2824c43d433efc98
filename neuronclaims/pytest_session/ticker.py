"""Show that a step which takes long is still under way: something is written each second until the next step."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

EVERY = 0.9
"""Seconds between two signs of life: no silence is longer than a second."""


class Ticker:
    """Writes to a terminal or a log from a thread of its own, past pytest's capture.

    ``text`` returns what to write, given how often it was asked before. ``descriptor`` is that of the terminal while
    nothing captures it; a copy of it is kept until ``stop``.
    """

    def __init__(self, descriptor: int, text: Callable[[int], str]) -> None:
        self._descriptor = os.dup(descriptor)
        self._text = text
        self._stopped = Event()
        self._thread = Thread(target=self._tick, name="neuronclaims-ticker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write nothing more; return when that is certain."""
        self._stopped.set()
        self._thread.join()
        with suppress(OSError):
            os.close(self._descriptor)

    def _tick(self) -> None:
        times = 0
        while not self._stopped.wait(EVERY):
            times += 1
            with suppress(OSError):
                os.write(self._descriptor, self._text(times).encode("utf-8", "replace"))
