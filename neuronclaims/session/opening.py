"""What a pytest session does around its claims: open the study, warn before models run, show progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.session.nodes import ClaimItem, ModelNode
from neuronclaims.session.outcomes import option
from neuronclaims.study import Study, hopeless

if TYPE_CHECKING:
    from _pytest.capture import CaptureManager
    from _pytest.terminal import TerminalReporter

    from neuronclaims.runs import LoadedModel, Progress


def open_study(session: pytest.Session, models: Mapping[str, LoadedModel]) -> Study:
    """Return the study of a session, told of all claim files and models that were not deselected."""
    from neuronclaims.runs import RunOptions

    config = session.config
    study = Study(
        cache=config.rootpath / option(config, "cache"),
        options=RunOptions(dtype=option(config, "dtype"), device=option(config, "device")),
        models=models,
        progress=progress_of(config),
    )
    for node in model_nodes(session.items):
        study.expect(node.claim_file, node.spec)
    return study


def model_nodes(items: Iterable[pytest.Item]) -> list[ModelNode]:
    """Return the model nodes of the claims among some items, each once, in order."""
    return list(dict.fromkeys(item.parent for item in items if isinstance(item, ClaimItem)))


def forewarn(items: Iterable[pytest.Item]) -> list[str]:
    """Name the claims that cannot pass however clear their effect, before any model runs."""
    chosen = {(item.claim_file.path, item.claim.id): item for item in items if isinstance(item, ClaimItem)}
    lines = []
    for item in chosen.values():
        try:
            reason = hopeless(item.claim_file, item.claim)
        except NeuronClaimsError:
            continue
        if reason:
            lines.append(f"{item.claim.place.path}:{item.claim.place.line}: cannot be supported: {reason}")
    return lines


def progress_of(config: pytest.Config) -> Callable[[Progress], None]:
    """Return what shows a run's progress: one line per model, counting on a terminal; nothing where none is seen."""
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.get_verbosity() < 0:
        return lambda _: None
    return ProgressLine(reporter, config.pluginmanager.get_plugin("capturemanager"))


class ProgressLine:
    """Writes how far a model is, past pytest's capture; on a terminal in one line that counts."""

    def __init__(self, reporter: TerminalReporter, capture: CaptureManager | None) -> None:
        self._reporter = reporter
        self._capture = capture
        self._live = reporter.isatty
        self._stage: tuple[str, str] | None = None

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            self._show(progress)

    def _show(self, progress: Progress) -> None:
        begins, ends = self._stage != (progress.model, progress.stage), progress.done >= progress.total
        self._stage = None if ends else (progress.model, progress.stage)
        if begins and not (progress.stage == "loading" and ends):
            self._reporter.ensure_newline()
        if progress.stage == "loading":
            if begins and not ends:
                self._reporter.write_line(f"{progress.model}: loading the model")
        elif progress.stage == "cached":
            if self._reporter.verbosity > 0 or not ends:
                self._reporter.write_line(f"{_count(progress)} found in the cache")
        elif self._live:
            self._reporter.rewrite(f"{_count(progress)} measured", erase=True)
            if ends:
                self._reporter.write_line("")
        elif ends:
            self._reporter.write_line(f"{_count(progress)} measured")


def _count(progress: Progress) -> str:
    return f"{progress.model}: {progress.done} of {progress.total} prompts"
