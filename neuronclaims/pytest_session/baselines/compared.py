"""Save or compare the rows of a session where all reports arrive, and print the summary."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.baselines.aligned import aligned
from neuronclaims.baselines.drift import Drift, missing
from neuronclaims.baselines.origins import differences, family, names_in, rows_for
from neuronclaims.baselines.policy import STATUSES, tally
from neuronclaims.baselines.reading import read_baseline
from neuronclaims.baselines.rows import Baseline, BaselineError, Environment, SavedClaim
from neuronclaims.foreign_text import one_line
from neuronclaims.naming.project import file_name, name_root
from neuronclaims.pytest_session.baselines.baseline_settings import compared_file
from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim
from neuronclaims.pytest_session.baselines.comparing import NAME, Comparing
from neuronclaims.pytest_session.baselines.keeping import NO_CLAIM, Kept, nothing_compared
from neuronclaims.pytest_session.baselines.lost import Lost, lost_claims
from neuronclaims.pytest_session.baselines.rematch_hints import hint, written
from neuronclaims.pytest_session.baselines.rematching import Rematching
from neuronclaims.pytest_session.claim_reports.claim_report import ClaimReport
from neuronclaims.pytest_session.messages import write_line
from neuronclaims.pytest_session.settings import folder_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def compare(config: pytest.Config) -> None:
    """Register the plugin that computes rows, and the one that collects them where reports arrive."""
    known = Comparing(config)
    config.pluginmanager.register(known, NAME)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Compared(config, known), "neuronclaims-compared")


class Compared:
    """The collector of a session's rows and drifts. Never on an xdist worker."""

    def __init__(self, config: pytest.Config, known: Comparing) -> None:
        self.config, self._known = config, known
        self._seen: dict[str, ComparedClaim] = {}
        self._nodeids: dict[str, str] = {}
        self._reported: set[str] = set()
        self._gone: dict[str, Drift] = {}
        self._rematching = Rematching(config, self._say)
        self._lines: list[tuple[str, bool]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Store the row of a claim."""
        self._reported.add(report.nodeid)
        found = ClaimReport.on(report)
        if found is not None and found.compared is not None:
            self._seen[found.compared.name] = found.compared
            self._nodeids[found.compared.name] = report.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Save the rows, and find the rows of the baseline whose claim no longer exists."""
        if not self._seen:
            if not self.config.option.collectonly and exitstatus != pytest.ExitCode.USAGE_ERROR:
                self._lines += self._nothing()
            return
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        whole = ended and not (session.shouldstop or session.shouldfail)
        all_claims = whole and all(seen.whole for seen in self._seen.values())
        try:
            _ = self._baseline  # before it may be written anew
            if all_claims:
                self._gone = self._missing()
            self._keep(whole=all_claims)
            if whole and self._rematching.wanted:
                self._rematch()
        except BaselineError as error:
            self._fail(session, str(error))
        if any(self._known.policy.fails(drift.status) for drift in self._gone.values()):
            self._fail(session)

    def _nothing(self) -> Iterator[tuple[str, bool]]:
        """Say that nothing was saved or compared, if no claim was tested."""
        for option, what in (("save", "saved to a baseline"), ("compare", "compared with a baseline")):
            if self.config.getoption(f"claims_{option}") is not None:
                yield f"Nothing was {what} (--claims-{option}): {NO_CLAIM}.", True

    def _rematch(self) -> None:
        """Look for the neurons of lost claims, and let the reports know."""
        self._rematching.look(self._lost)
        recorder = self.config.pluginmanager.get_plugin("neuronclaims-recorder")
        if recorder is not None and self._rematching.found:
            recorder.take(self._rematching.found)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Print what became of the claims, and what was saved."""
        if not (self._seen or self._lines) or self.config.get_verbosity() < -1:
            return
        if self._baseline_path is not None and not self.config.option.no_summary:
            terminalreporter.write_sep("=", one_line(f"since the baseline {self._baseline_path.stem}"))
            for text, marks in self._account():
                write_line(terminalreporter, text, **marks)
            for text in self._commands():
                write_line(terminalreporter, text, whole=True)  # in one line, however long, to be copied
        for text, bad in self._lines:
            write_line(terminalreporter, text, red=bad, bold=bad)

    @property
    def drifts(self) -> dict[str, Drift]:
        """The drift of each claim that was seen, and of those that no longer exist, by the names of their rows."""
        found = {name: seen.drift for name, seen in self._seen.items() if seen.drift is not None}
        return {**found, **self._gone}

    @property
    def _baseline_path(self) -> Path | None:
        return next((seen.baseline for seen in self._seen.values() if seen.baseline is not None), None)

    @cached_property
    def _rows(self) -> dict[str, SavedClaim]:
        return {name: seen.row for name, seen in self._seen.items()}

    @cached_property
    def _baseline(self) -> Baseline:
        """The baseline of the comparison, as it was before this run was saved."""
        if self._baseline_path is None:
            return Baseline({}, {})
        return aligned(read_baseline(self._baseline_path), {seen.file for seen in self._seen.values()})

    def _keep(self, *, whole: bool) -> None:
        kept = Kept.of(self._seen)
        if self._known.save is not None:
            path = self._home / f"{self._known.save}.json"
            self._lines.append(kept.saved(path, self._displayed(path)))
        if self._baseline_path is not None:
            file = compared_file(folder_of(self.config, "cache"), self.config.rootpath)
            gone = {name: self._baseline.rows[name] for name in self._gone} if whole else None
            kept.note(file, self._baseline_path, gone)
            none = nothing_compared(
                (drift.status for drift in self.drifts.values()), self._baseline, self._baseline_path.stem
            )
            self._lines += [(none, True)] if none else []

    @property
    def _home(self) -> Path:
        return next(iter(self._seen.values())).home

    def _missing(self) -> dict[str, Drift]:
        """Return the rows of the baseline whose claim, or whole file, no longer exists among the files collected."""
        if self._baseline_path is None:
            return {}
        root = name_root(self._home, self.config.rootpath)
        files = {seen.file for seen in self._seen.values()}
        asked: dict[str, dict[str, SavedClaim | None]] = {}
        for name in self._reported_claims():
            asked.setdefault(family(name), {})[name] = self._rows.get(name)
        there = {was for rows in asked.values() for was in names_in(self._baseline, rows).values()}
        return {
            name: missing(row)
            for name, row in self._baseline.rows.items()
            if name not in there
            and (name.split("::")[0] in files or self._removed(root / name.split("::")[0]))
        }

    def _reported_claims(self) -> Iterator[str]:
        """Yield the names of all claims that pytest reported on, also if they were skipped or have no result."""
        root, names = self.config.rootpath, dict[str, str]()
        for nodeid in self._reported:
            file, *rest = nodeid.split("::")
            if len(rest) == 2:
                names[file] = names.get(file) or file_name(root / file, root)
                yield "::".join((names[file], *rest))

    def _removed(self, file: Path) -> bool:
        """Say whether a claim file was removed from a folder that pytest was called with."""
        called = self.config.invocation_params.dir
        folders = [(called / str(argument)).resolve() for argument in self.config.args]
        return not file.exists() and any(file.is_relative_to(folder) for folder in folders)

    def _account(self) -> Iterator[tuple[str, dict[str, bool]]]:
        policy, drifts = self._known.policy, self.drifts
        yield from ((text, {}) for text in differences(self._pairs()))
        verbose = self.config.get_verbosity() > 0
        for name, drift in sorted(drifts.items(), key=lambda pair: STATUSES.index(pair[1].status)):
            if drift.status in ("held", "new") and not verbose:
                continue
            bad = policy.fails(drift.status)
            text = one_line(f"{drift.status.upper()} {self._nodeids.get(name, name)} - {drift.sentence}")
            yield text, {"red": bad, "yellow": not bad and drift.status in ("weaker", "lost", "unclear")}
            found = self._rematching.found.get(self._nodeids.get(name, ""))
            if found is not None:
                yield f"  in the new model: {found.sentence}", {}
        failed = any(policy.fails(drift.status) for drift in drifts.values())
        yield from ((text, {}) for text in self._rematching.notes)
        yield tally((drift.status for drift in drifts.values()), policy), {"red": failed, "green": not failed}

    def _commands(self) -> list[str]:
        """Return the commands for claims whose neurons moved, or for looking for the neurons if that was not done."""
        if self._rematching.began:
            return written(self._rematching.moved, self.config)
        return [hint(self._lost, self.config)] if self._lost else []

    @cached_property
    def _lost(self) -> list[Lost]:
        return lost_claims(self._seen, self._nodeids, self._rows, self._baseline, self._known.objects)

    def _pairs(self) -> dict[str, tuple[Environment, Environment]]:
        """Return the environments of the baseline and of this run, for each file and model."""
        families: dict[str, dict[str, SavedClaim | None]] = {}
        for name, row in self._rows.items():
            families.setdefault(family(name), {})[name] = row
        pairs = {}
        for which, rows in families.items():
            for name, old in rows_for(self._baseline, rows).items():
                now = self._seen[name].environment
                if now is not None:
                    pairs[which] = self._baseline.environments[old.environment], now
        return pairs

    def _fail(self, session: pytest.Session, text: str = "") -> None:
        if text:
            self._lines.append((text, True))
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _say(self, text: str) -> None:
        """Print immediately what is being done, because it takes a while."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.get_verbosity() >= 0:
            reporter.ensure_newline()
            write_line(reporter, text, whole=True)

    def _displayed(self, path: Path) -> str:
        base = self.config.invocation_params.dir
        return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
