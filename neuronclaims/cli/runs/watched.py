"""Claim files that are judged again and again, with their models kept loaded."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.cli.claim_files import found
from neuronclaims.cli.output import say, say_styled
from neuronclaims.cli.runs.asked import Asked, telling_warnings
from neuronclaims.cli.runs.changes import Stamps, stamps
from neuronclaims.engines.kept import KeptModels
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.judging.verdicts import broken
from neuronclaims.measurements.errors import MissingModelError
from neuronclaims.naming import file_name
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry, Outcome, in_order
from neuronclaims.reports.terminal.writer import draw
from neuronclaims.scripting.progress_bar import ProgressBar

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.results import Result


@dataclass(frozen=True)
class NoticingFolders(PromptFolders):
    """Folders that remember which files were looked for in them: those that a claim file names."""

    noticed: set[Path] = field(default_factory=set)

    def holds(self, path: Path) -> bool:
        """Say whether a file may be read, and remember it."""
        self.noticed.add(path)
        return super().holds(path)


class Watched:
    """Claim files and folders of them, and the files that each claim file named when it was last read."""

    def __init__(self, paths: Sequence[Path], asked: Asked) -> None:
        self._paths, self._asked = paths, asked
        self._measure = KeptModels()
        self._named: dict[Path, set[Path]] = {}
        self._folders = dict.fromkeys(path for path in paths if path.is_dir())

    def follow(self, wait: Callable[[Stamps], list[Path]]) -> None:
        """Judge all claim files, and again those that change or name a file that changes, until interrupted."""
        changed: list[Path] = []
        while True:
            before = stamps(self._files())
            self._judge(self._touched(changed))
            files = len(self._named)
            say("", f"Watching {files} claim {'file' if files == 1 else 'files'}; Ctrl-C ends.")
            changed = wait({**stamps(self._files()), **before})
            names = ", ".join(one_line(str(path)) for path in changed[:3])
            say("", f"{time.strftime('%H:%M:%S')}  changed: {names}{' ...' if changed[3:] else ''}", "")

    def _files(self) -> list[Path]:
        """Return all files and folders to look at."""
        named = [other for others in self._named.values() for other in others]
        return list(dict.fromkeys((*self._named, *named, *self._folders)))

    def _touched(self, changed: Collection[Path]) -> list[Path]:
        """Return the claim files that have to be judged: all of them at first, and those that are new."""
        try:
            there = found(self._paths)
        except NeuronClaimsError as error:
            say(str(error), file=sys.stderr)
            there = []
        touched = [
            path for path in there if path not in self._named or {path, *self._named[path]} & set(changed)
        ]
        if self._folders:
            self._folders.update(dict.fromkeys(path.parent for path in there))
        self._named = {path: self._named.get(path, set()) for path in there}
        return touched

    def _judge(self, paths: Sequence[Path]) -> None:
        files = [file for path in paths if (file := self._read(path)) is not None and file.claims]
        if not files:
            return
        with telling_warnings(), ProgressBar() as bar:
            try:
                entries = list(self._entries(files, bar))
            except NeuronClaimsError as error:
                say(str(error), file=sys.stderr)
                return
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        width, encoding = shutil.get_terminal_size().columns, getattr(sys.stdout, "encoding", None) or "utf-8"
        if not entries:
            say("No claim to show.")
            return
        account = Account(tuple(in_order(entries)))
        say_styled(draw(account, width=width, colour=colour, encoding=encoding).rstrip("\n"))

    def _read(self, path: Path) -> ClaimFile | None:
        around = self._asked.around(path)
        folders = NoticingFolders(around.root, around.allowed)
        try:
            return self._asked.read(path, folders)
        except NeuronClaimsError as error:
            say(str(error), file=sys.stderr)
            return None
        finally:
            self._named[path] = self._named.get(path, set()) | folders.noticed

    def _entries(self, files: Sequence[ClaimFile], bar: ProgressBar) -> Iterator[Entry]:
        study = self._asked.study(bar, self._measure)
        for file in files:
            for model in file.models:
                study.expect(file, model)
        for file in files:
            for place, model in enumerate(file.models):
                try:
                    results = study.judge(file, model)
                except NeuronClaimsError as error:
                    if isinstance(error, MissingModelError) and file.if_missing == "skip":
                        continue
                    results = {claim.id: broken(model, claim, str(error)) for claim in file.claims}
                for claim in file.claims:
                    if self._asked.chooses(claim.id) and not claim.settings.skip:
                        yield self._entry(file, claim, results[claim.id], place)

    def _entry(self, file: ClaimFile, claim: Claim, result: Result, place: int) -> Entry:
        name = file_name(file.path)
        outcome: Outcome = "passed" if result.as_expected else "failed"
        if result.verdict == "inconclusive" and not result.as_expected and self._asked.allows_inconclusive:
            outcome = "skipped"
        if result.verdict == "refuted" and not result.as_expected and claim.settings.xfail:
            outcome = "xfailed"
        return Entry(f"{name}::{result.model}::{claim.id}", outcome, result, place=place, file=name)
