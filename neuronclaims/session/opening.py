"""What a pytest session does around its claims: open the study, warn before models run, show progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.session.nodes import ClaimItem, ModelNode
from neuronclaims.session.outcomes import option
from neuronclaims.study import Study, hopeless

if TYPE_CHECKING:
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
    return ProgressLine(reporter)


class ProgressLine:
    """Writes how far a model is, past pytest's capture; on a terminal in one line that counts."""

    def __init__(self, reporter: TerminalReporter) -> None:
        self._reporter = reporter
        self._live = reporter.isatty
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        finished = progress.done >= progress.total
        stage = f"{progress.model}: {_WORDS[progress.stage]}"
        if stage != self._stage:
            self._reporter.ensure_newline()
            self._stage = stage
        if progress.stage == "loading":
            if not finished:
                self._reporter.write_line(f"{stage} ...")
            return
        text = f"{stage} {progress.done} of {progress.total} prompts"
        if self._live:
            self._reporter.rewrite(text, erase=True)
        if finished or progress.stage == "cached":
            self._reporter.write_line("" if self._live else text)


_WORDS = {"loading": "loading the model", "measuring": "measured", "cached": "found in the cache"}
