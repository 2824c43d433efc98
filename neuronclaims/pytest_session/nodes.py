"""Claim files in pytest's tree: file, then model, then claim.

A claim is a ``pytest.Function`` whose parent is its model, so fixtures work, and ``-k``, ``--lf`` and
``--dist loadscope`` (one model per worker) need nothing from us.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.kept.outlines import ClaimOutline, FileOutline
from neuronclaims.measurements.errors import MissingModelError
from neuronclaims.models.bringing.locating import labels
from neuronclaims.naming import ClaimName, file_name
from neuronclaims.pytest_session.claim_reports.claim_report import ClaimReport
from neuronclaims.pytest_session.claim_reports.shown_reports import make_harmless, name_of_file
from neuronclaims.pytest_session.known.remembered import outline_known
from neuronclaims.pytest_session.marks import check_tags, marks_of
from neuronclaims.pytest_session.naming import MISSED
from neuronclaims.pytest_session.outcomes import (
    ClaimMissed,
    drift_status_of,
    message_of,
    miss,
    status_of,
)
from neuronclaims.pytest_session.settings import OUTCOMES, added_models, prompt_folders
from neuronclaims.reports.junit import PREFIX as PROPERTIES
from neuronclaims.reports.junit import properties

if TYPE_CHECKING:
    from _pytest.fixtures import FuncFixtureInfo

    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim
    from neuronclaims.results import Result
    from neuronclaims.study import Study


DEFECTS = pytest.StashKey[list[BaseException]]()
"""Unexpected exceptions whose traceback was shown: one that stops a whole run meets every claim of it."""


class ClaimFileNode(pytest.File):
    """One ``*.claims.yaml``. Where its name could do harm in a terminal or a log, pytest knows it by another.

    ``file_name`` is what reports and baselines call it: its path from the project's folder.
    """

    shown_path: Path
    file_name: str
    outline: FileOutline
    _read: ClaimFile | None = None

    @classmethod
    def of(cls, path: Path, parent: pytest.Collector) -> ClaimFileNode:
        """Return the node of a file."""
        root = parent.config.rootpath
        name = name_of_file(path, root)
        if name is None:
            node = cls.from_parent(parent, path=path)
            node.shown_path = path
        else:
            node = cls.from_parent(parent, path=path, name=name.rsplit("/", 1)[-1], nodeid=name)
            node.shown_path = root / name
        node.file_name = file_name(path, root)
        return node

    def collect(self) -> Iterator[ModelNode]:
        """Yield one node per model, and read the file where its outline is not known.

        A file with problems is one collection error; one that names a list to be got first is skipped.
        """
        try:
            outline = outline_known(self.config, self.path)
            if outline is None:
                self._read = self.read()
                outline = FileOutline.of(self._read)
            check_tags(outline)
        except NeuronClaimsError as error:
            if isinstance(error, ClaimFileError) and error.wanting:
                pytest.skip("; ".join(map(one_line, error.wanting)), allow_module_level=True)
            raise self.CollectError(str(error)) from None
        models = dict.fromkeys((*outline.models, *added_models(self.config)))
        if outline.series:
            outline = replace(outline, models=tuple(models))  # a model that is added is one look more
        self.outline = outline
        for place, (name, spec) in enumerate(labels(models).items()):
            yield ModelNode.from_parent(self, name=name, outline=outline, spec=spec, place=place)

    def read(self) -> ClaimFile:
        """Return the claim file; raise ClaimFileError where it cannot be read."""
        from neuronclaims.claim_files.reader import read_claim_file
        from neuronclaims.kinds import templates

        return read_claim_file(self.path, templates(), prompt_folders(self.config))

    @cached_property
    def claim_file(self) -> ClaimFile:
        """The whole file, which is read when it is needed; its models are those of the session."""
        found = self._read or self.read()
        return replace(found, models=self.outline.models) if found.series else found

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """The claims of the file by their ids."""
        return {claim.id: claim for claim in self.claim_file.claims}


class ModelNode(pytest.Collector):
    """One model of a claim file, with its place among the models; its claims are judged together as a family."""

    parent: ClaimFileNode

    def __init__(self, *, outline: FileOutline, spec: str, place: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.outline, self.spec, self.place = outline, spec, place

    @property
    def claim_file(self) -> ClaimFile:
        """The claim file, which is read when it is needed."""
        return self.parent.claim_file

    def collect(self) -> Iterator[ClaimItem]:
        """Yield one item per claim, in the file's order."""
        fixtures: FuncFixtureInfo | None = None
        for claim in self.outline.claims:
            item = ClaimItem.from_parent(
                self, name=claim.id, callobj=check_claim, fixtureinfo=fixtures, outline=claim
            )
            fixtures = item._fixtureinfo  # as pytest itself does for the cases of one function
            yield item


class ClaimItem(pytest.Function):
    """One claim on one model."""

    parent: ModelNode

    def __init__(self, *, outline: ClaimOutline, **rest: Any) -> None:
        super().__init__(**rest)
        self.outline = outline
        self.judged_before = False
        self.result: Result | None = None
        self.compared: ComparedClaim | None = None
        self.from_cache: tuple[int, int] | None = None
        self._attached: tuple[int, str | None, str, int] | None = None
        self._missed = False
        for mark in marks_of(outline):
            self.add_marker(mark)

    @property
    def claim_file(self) -> ClaimFile:
        """The file the claim stands in, which is read when it is needed."""
        return self.parent.claim_file

    @property
    def claim(self) -> Claim:
        """The claim, as the file has it."""
        return self.parent.parent.claims[self.outline.id]

    @property
    def spec(self) -> str:
        """The name in the file of the model that the claim is tested on."""
        return self.parent.spec

    @property
    def claim_name(self) -> ClaimName:
        """What reports and baselines call the claim on this model, whatever the working folder."""
        return self.named(self.outline)

    def named(self, claim: Claim | ClaimOutline) -> ClaimName:
        """Return what they call another claim of this file on this model."""
        return ClaimName(self.parent.parent.file_name, self.parent.name, claim.id)

    def judged_by(self, study: Study) -> Result:
        """Return the claim's result; a problem of the model or the run is an error of each of its claims.

        Where the model is not on this machine and the claim file says so, the claim is skipped instead.
        """
        try:
            before = study.judged_before(self.parent.outline, self.spec)
            self.judged_before = before is not None
            known = study.judge(self.claim_file, self.spec) if before is None else before.results
            result = known[self.outline.id]
        except NeuronClaimsError as error:
            if isinstance(error, MissingModelError) and self.parent.outline.if_missing == "skip":
                pytest.skip(f"{error.short} (--claims-model {self.spec}=FOLDER)")
            from neuronclaims.judging.verdicts import broken

            result = broken(self.parent.name, self.claim, str(error))
        return replace(result, model=self.parent.name)

    def texts_known(self, study: Study) -> tuple[int, int] | None:
        """Return how many texts of the claim came completely from the cache, and how many it has, if any."""
        before = study.judged_before(self.parent.outline, self.spec) if self.judged_before else None
        if before is None:
            return study.from_cache(self.claim_file, self.spec, self.outline.id)
        texts = before.texts.get(self.outline.id)
        return None if texts is None else (texts, texts)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the claim's own line, so that editors and CI annotations can point to it."""
        return self.parent.parent.shown_path, self.outline.line - 1, f"{self.parent.name}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *rest: Any) -> Any:
        """Show only the text of our own errors; any other error is a defect and keeps its traceback."""
        self._missed = isinstance(excinfo.value, ClaimMissed)
        if isinstance(excinfo.value, (ClaimMissed, NeuronClaimsError)):
            return str(excinfo.value)
        shown = self.session.stash.setdefault(DEFECTS, [])
        if excinfo.value in shown:
            place = f"{self.outline.path}:{self.outline.line}"
            return one_line(
                f"{place}: could not be tested: {excinfo.exconly()} (its traceback is shown above)"
            )
        shown.append(excinfo.value)
        return super().repr_failure(excinfo, *rest)

    def setup(self) -> None:
        """Begin anew, as a re-run does: what an earlier one left is not this one's result."""
        self.result = self.compared = self.from_cache = None
        self._missed = False
        told = [pair for pair in self.user_properties if not pair[0].startswith(PROPERTIES)]
        self.user_properties[:] = told
        super().setup()

    def attach_result(self, report: pytest.TestReport) -> None:
        """Attach the result to the report as plain data, since xdist sends nothing else; make it fit to print."""
        now = id(report), report.when, report.outcome, id(self.result)
        if now == self._attached:
            return
        self._attach(report)
        make_harmless(report)
        report.user_properties = list(self.user_properties)
        self._attached = now

    def _attach(self, report: pytest.TestReport) -> None:
        if report.when == "call" and self.result is None and isinstance(report.longrepr, tuple):
            # A missing model is the file's matter, so that pytest's summary names it once per file.
            report.longrepr = str(self.path), 1, report.longrepr[2]
        if report.when != "call" or self.result is None:
            return
        found = ClaimReport.of(
            self.result,
            self.claim_name,
            self.parent.place,
            self.from_cache,
            self.compared,
            self.judged_before,
        )
        found.put_on(report, sent=not self.judged_before)
        if hasattr(report, "wasxfail") or report.outcome not in OUTCOMES:
            return
        drift = self.compared.drift if self.compared is not None and self.compared.fails else None
        if drift is not None and report.failed:
            report.claims_status = drift_status_of(drift.status)  # type: ignore[attr-defined]
            return
        report.claims_status = status_of(self.result, report.outcome)  # type: ignore[attr-defined]
        setattr(report, MISSED, self._missed)
        if report.skipped:
            report.longrepr = (str(self.path), self.outline.line, message_of(self.result))
        elif report.failed and self.result.as_expected and self.outline.xfail:
            report.longrepr = message_of(self.result, xfail=self.outline.xfail)


def check_claim(request: pytest.FixtureRequest, claims_study: Study) -> None:
    """Judge the claim with its whole family, and fail unless the verdict is the one that the file expects."""
    item: ClaimItem = request.node
    result = item.judged_by(claims_study)
    item.user_properties.extend(properties(result, item.claim_name))
    item.result = result
    if result.error is None:
        item.from_cache = item.texts_known(claims_study)
    baseline = request.config.pluginmanager.get_plugin("neuronclaims-comparing")
    if baseline is not None:
        baseline.see(item, result, claims_study)
    if not result.as_expected:
        miss(result, item.config)
