"""Claim files in pytest's tree: file, then model, then claim.

A claim is a ``pytest.Function`` whose parent is its model, so fixtures work, and ``-k``, ``--lf`` and
``--dist loadscope`` (one model per worker) need nothing from us.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import phrases
from neuronclaims.language import Claim, ClaimFile, read_claim_file
from neuronclaims.session.outcomes import ClaimMissed, ClaimRefuted, message_of, miss, status_of

if TYPE_CHECKING:
    from neuronclaims.results import Result
    from neuronclaims.study import Study


class ClaimFileNode(pytest.File):
    """One ``*.claims.yaml``."""

    def collect(self) -> Iterator[ModelNode]:
        """Read the file, and yield one node per model it names; a file with problems is one collection error."""
        try:
            claim_file = read_claim_file(self.path, phrases())
        except NeuronClaimsError as error:
            raise self.CollectError(str(error)) from None
        for name, spec in labels(claim_file.models).items():
            yield ModelNode.from_parent(self, name=name, claim_file=claim_file, spec=spec)


class ModelNode(pytest.Collector):
    """One model a claim file is put to; the family of claims judged together."""

    def __init__(self, *, claim_file: ClaimFile, spec: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.claim_file, self.spec = claim_file, spec

    def collect(self) -> Iterator[ClaimItem]:
        """Yield one item per claim, in the file's order."""
        for claim in self.claim_file.claims:
            yield ClaimItem.from_parent(self, name=claim.id, callobj=check_claim, claim=claim)


class ClaimItem(pytest.Function):
    """One claim on one model."""

    parent: ModelNode

    def __init__(self, *, claim: Claim, **rest: Any) -> None:
        super().__init__(**rest)
        self.claim = claim
        self.result: Result | None = None
        for mark in marks_of(claim):
            self.add_marker(mark)

    @property
    def claim_file(self) -> ClaimFile:
        """The file the claim stands in."""
        return self.parent.claim_file

    @property
    def spec(self) -> str:
        """The model the claim is put to, as the file calls it."""
        return self.parent.spec

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Point at the claim's own line, so that editors and CI annotations can go there."""
        return self.path, self.claim.place.line - 1, f"{self.parent.name}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *rest: Any) -> Any:
        """Show our own errors as their text alone; anything else is a defect and keeps its traceback."""
        if isinstance(excinfo.value, (ClaimMissed, NeuronClaimsError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *rest)

    def attach_result(self, report: pytest.TestReport) -> None:
        """Put the result on the report as plain data: xdist carries nothing else."""
        if report.when != "call" or self.result is None:
            return
        from neuronclaims.reports.plain import to_plain

        report.claims_result = to_plain(self.result)  # type: ignore[attr-defined]
        report.claims_status = status_of(self.result)  # type: ignore[attr-defined]
        if report.skipped and not hasattr(report, "wasxfail"):
            report.longrepr = (str(self.path), self.claim.place.line, message_of(self.result))


def check_claim(request: pytest.FixtureRequest, claims_study: Study) -> None:
    """Judge the claim, with its whole family, and fail unless the verdict is the one the file expects."""
    item = request.node
    item.result = result = claims_study.judge(item.claim_file, item.spec)[item.claim.id]
    from neuronclaims.reports.junit import properties

    item.user_properties.extend(properties(result))
    if not result.as_expected:
        miss(result, item.config)


def marks_of(claim: Claim) -> Iterator[pytest.MarkDecorator]:
    """Yield pytest's marks for a claim's tags, ``skip`` and ``xfail``."""
    for tag in claim.settings.tags:
        yield getattr(pytest.mark, tag)
    if claim.settings.skip:
        yield pytest.mark.skip(reason=claim.settings.skip)
    if claim.settings.xfail:
        yield pytest.mark.xfail(reason=claim.settings.xfail, raises=ClaimRefuted, strict=True)


def labels(models: Iterable[str]) -> dict[str, str]:
    """Return a short name, fit for a node id, for each model of a file; alike ones are told apart by their path."""
    from neuronclaims.runs.sources import label

    specs = list(models)
    short = [label(spec) for spec in specs]
    return {
        name if short.count(name) == 1 else label(spec.replace("/", "-").replace("\\", "-")): spec
        for name, spec in zip(short, specs, strict=True)
    }


def shown_path(config: pytest.Config, path: os.PathLike[str]) -> str:
    """Return a path as messages show it: relative to where pytest was called, when that is shorter."""
    relative = os.path.relpath(path, config.invocation_params.dir)
    return os.fspath(path) if relative.startswith(os.pardir) else relative
