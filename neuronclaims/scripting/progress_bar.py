"""Show how far a run is, with the time left, in a terminal or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

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


class _Display(Protocol):
    """Where progress is shown."""

    def show(self, said: str, progress: Progress) -> None:
        """Show one step, in words and as a count."""
        ...

    def stop(self) -> None:
        """Take away what is shown."""
        ...


class _Line(Protocol):
    """A display of IPython that can be shown again."""

    def update(self, shown: object) -> None:
        """Show something else in its place."""
        ...


class ProgressBar:
    """A bar that appears with the first step of a run and goes when the run is over.

    Nothing is shown where the output is neither a terminal nor a notebook, unless ``always``.
    """

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        self._display: _Display | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        if self._display is None:
            self._display = _display(self._always)
        if self._display is not None:
            by = f" by {progress.workers} worker{'s' * (progress.workers != 1)}" if progress.workers else ""
            self._display.show(f"{one_line(progress.model)}: {WORDS[progress.stage]}{by}", progress)


def _display(always: bool) -> _Display | None:
    if "IPython" in sys.modules and in_notebook():
        return NotebookLine()
    return TerminalBar() if always or sys.stderr.isatty() else None


def in_notebook() -> bool:
    """Say whether this process is the kernel of a notebook."""
    from IPython import get_ipython

    return type(get_ipython()).__name__ == "ZMQInteractiveShell"


class TerminalBar:
    """A bar of rich on the standard error stream."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        words = TextColumn("{task.description}", markup=False)
        columns = words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bars: Bars = Bars(*columns, console=Console(stderr=True), transient=True)
        self._task: TaskID = self._bars.add_task("", total=None)
        self._bars.start()

    def show(self, said: str, progress: Progress) -> None:
        """Move the bar; its time left counts from the first prompt that is measured."""
        if progress.stage == "measuring" and progress.done == 0:
            self._bars.reset(self._task)
        total = progress.total or None
        self._bars.update(self._task, description=said, completed=progress.done, total=total)

    def stop(self) -> None:
        """Take the bar away."""
        self._bars.stop()


class NotebookLine:
    """A line of text below the cell that is written again with each step; it needs no widgets."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        from IPython.display import Pretty, display

        self._pretty: Callable[[str], object] = Pretty
        self._line: _Line = display(Pretty(""), display_id=True)
        self._now, self._began = now, now()

    def show(self, said: str, progress: Progress) -> None:
        """Write the line again."""
        self._line.update(self._pretty(self.text(said, progress)))

    def text(self, said: str, progress: Progress) -> str:
        """Return the line of one step."""
        if progress.stage != "measuring" or not progress.total:
            return said
        if progress.done == 0:
            self._began = self._now()
            return f"{said}, {progress.total}"
        left = (self._now() - self._began) / progress.done * (progress.total - progress.done)
        return f"{said}, {progress.done} of {progress.total}, about {max(left, 1):.0f} s left"

    def stop(self) -> None:
        """Leave an empty line."""
        self._line.update(self._pretty(""))
