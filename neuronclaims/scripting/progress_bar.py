"""Show how far a run is, with the time left, in a terminal or a notebook."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from neuronclaims.foreign_text import one_line

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from neuronclaims.models.options import Progress

WORDS = {
    "hashing": "hashing its files",
    "importing": "importing torch and transformers",
    "loading": "loading the model",
    "verifying": "comparing the cache with the model",
    "measuring": "measuring prompts",
    "cached": "reading the cache",
    "waiting": "waiting for another process that measures this model",
}


class ProgressBar:
    """A bar of rich that appears with the first step of a run and goes when the run is over.

    Nothing is shown where the output is neither a terminal nor a notebook, unless ``always``.
    """

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        bars = self._shown()
        if bars is None or self._task is None:
            return
        said = f"{one_line(progress.model)}: {WORDS[progress.stage]}"
        if progress.stage == "measuring" and progress.done == 0:
            bars.reset(self._task)
        bars.update(self._task, description=said, completed=progress.done, total=progress.total or None)

    def _shown(self) -> Bars | None:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            console = Console(stderr=True)
            if not (self._always or console.is_terminal or console.is_jupyter):
                return None
            columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
            self._bars = Bars(*columns, TimeRemainingColumn(), console=console, transient=True)
            self._task = self._bars.add_task("", total=None)
            self._bars.start()
        return self._bars
