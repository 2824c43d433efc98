"""Show the progress of a model while pytest is in the middle of a line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from neuronclaims.foreign_text import inert, one_line
from neuronclaims.pytest_session.ticker import Ticker

if TYPE_CHECKING:
    from _pytest.capture import CaptureManager
    from _pytest.terminal import TerminalReporter

    from neuronclaims.models.options import Progress

NAME = "neuronclaims-progress"


def progress_of(config: pytest.Config) -> Callable[[Progress], None]:
    """Return a function that shows a run's progress, or one that shows nothing if nobody would see it."""
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.get_verbosity() < 0:
        return lambda _: None
    capture = config.pluginmanager.get_plugin("capturemanager")
    shown = Live(reporter, capture) if reporter.isatty and reporter.hasmarkup else Logged(reporter, capture)
    config.pluginmanager.register(shown, NAME)
    return shown


class _ProgressDisplay:
    """The base of both progress displays: they bypass pytest's capture, and end before a result is shown."""

    counts: bool

    def __init__(self, reporter: TerminalReporter, capture: CaptureManager | None) -> None:
        self._reporter = reporter
        self._capture = capture
        self._open = False
        self._clock = Clock()
        self._ticker: Ticker | None = None

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        left = self._clock.left(progress)
        text = step(progress, counting=self.counts, known=self._reporter.verbosity > 0, left=left)
        if text is None:
            return
        self._stop()
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            self._show(progress.model, text)
            self._open = True
            self._start(progress.model, text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Restore pytest's line before it writes the outcome of the claim."""
        self._stop()
        if self._open:
            self._open = False
            self._close(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write nothing into pytest's last lines where the session was interrupted, and leave no thread behind."""
        self._stop()
        self._open = False

    def _start(self, model: str, text: str) -> None:
        """Tick until the next step is told, if there is a terminal or a log to write to."""
        file = getattr(self._reporter, "_tw", None)
        with suppress(AttributeError, OSError, ValueError):
            descriptor: int = file._file.fileno()  # type: ignore[union-attr]
            self._ticker = Ticker(descriptor, self._sign_of_life(model, text))

    def _stop(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _sign_of_life(self, model: str, text: str) -> Callable[[int], str]:
        """Return what says what is written after so many seconds of the same step."""
        raise NotImplementedError

    def _show(self, model: str, text: str) -> None:
        raise NotImplementedError

    def _close(self, nodeid: str) -> None:
        raise NotImplementedError


class Live(_ProgressDisplay):
    """Progress on a terminal: one line below pytest's that counts, and is removed at the end."""

    counts = True

    def _show(self, model: str, text: str) -> None:
        writer = self._reporter.config.get_terminal_writer()
        begin = "\r\x1b[K" if self._open else "\n"
        writer.write_raw(begin + self._line(f"{model}: {text}"), flush=True)

    def _sign_of_life(self, model: str, text: str) -> Callable[[int], str]:
        return lambda seconds: "\r\x1b[K" + self._line(f"{model}: {text}, {seconds} s")

    def _line(self, text: str) -> str:
        writer = self._reporter.config.get_terminal_writer()
        return one_line(text)[: max(writer.fullwidth - 1, 20)]

    def _close(self, _: str) -> None:
        writer = self._reporter.config.get_terminal_writer()
        column = writer.width_of_current_line % writer.fullwidth + 1
        writer.write_raw(f"\r\x1b[K\x1b[A\x1b[{column}G", flush=True)


class Logged(_ProgressDisplay):
    """Progress elsewhere: it is added to pytest's line, and pytest's line begins again afterwards."""

    counts = False

    def _show(self, model: str, text: str) -> None:
        self._reporter.write(f", {text}" if self._open else inert(one_line(f"{model}: {text}")), flush=True)

    def _sign_of_life(self, _model: str, _text: str) -> Callable[[int], str]:
        return lambda _: "."

    def _close(self, nodeid: str) -> None:
        reporter = self._reporter
        reporter.currentfspath = None
        if reporter.verbosity <= 0:
            reporter.write_fspath_result(nodeid, "")


class Clock:
    """An estimate of the time that a run still needs, from its speed since its first batch."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._began = now()

    def left(self, progress: Progress) -> float | None:
        """Return the seconds left at one step; None if they are not known."""
        if progress.stage != "measuring":
            return None
        if progress.done == 0:
            self._began = self._now()
            return None
        return (self._now() - self._began) / progress.done * (progress.total - progress.done)


def duration(seconds: float) -> str:
    """Return a duration in words, as precise as it is known."""
    if seconds < 55:
        return f"{max(round(seconds), 1) if seconds < 10 else 5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    return f"{max(minutes, 1)} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def step(progress: Progress, counting: bool, known: bool, left: float | None = None) -> str | None:
    """Describe what a run does at one step; None for a step that need not be shown.

    ``counting`` asks for every batch, ``known`` to hear even of a run that finds everything in its cache; ``left``
    are the seconds it still takes, where they are known.
    """
    done, total = progress.done, progress.total
    if progress.stage == "loading":
        return "loading the model" if done < total else None
    if progress.stage == "cached":
        return f"{done} of {total} prompts found in the cache" if known or done < total else None
    if progress.stage == "hashing":
        return "hashing its files"
    if progress.stage == "importing":
        return "importing torch and transformers"
    if progress.stage == "verifying":
        return "comparing the cache with the model" if done == 0 else None
    if progress.stage == "waiting":
        return "waiting for another process that measures this model"
    if done == 0:
        return f"measuring {total} prompts" if total else None
    more = f", about {duration(left)} left" if left is not None and done < total else ""
    by = f" by {progress.workers} worker{'s' * (progress.workers != 1)}" if progress.workers else ""
    return f"measured {done} of {total} prompts{by}{more}" if counting else None
