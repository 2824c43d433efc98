"""The pytest plugin: hooks only, each a line or two.

Imported by every pytest run of an environment this package is installed in, so it loads nothing but pytest until a
claim file turns up.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from neuronclaims.pytest_session.baselines.baseline_settings import add_baseline_settings, wants_baseline
from neuronclaims.pytest_session.settings import (
    OUTCOMES,
    SUFFIXES,
    add_settings,
    check_settings,
    given_models,
)

if TYPE_CHECKING:
    from neuronclaims.models.sources import LoadedModel
    from neuronclaims.pytest_session.nodes import ClaimFileNode
    from neuronclaims.study import Study


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--claims-*`` options."""
    add_settings(parser)
    add_baseline_settings(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Check the options, and register the recorder of results, except on xdist's workers, which only send results."""
    check_settings(config)
    if not hasattr(config, "workerinput"):
        from neuronclaims.pytest_session.recorder import listen

        listen(config)
    if wants_baseline(config):
        from neuronclaims.pytest_session.baselines.compared import compare

        compare(config)
    if given_models(config):
        from neuronclaims.pytest_session.model_names import ModelNames

        config.pluginmanager.register(ModelNames(config), "neuronclaims-model-names")
    if config.option.claims_dry_run:
        from neuronclaims.pytest_session.dry_run import DryRun

        config.pluginmanager.register(DryRun(config), "neuronclaims-dry-run")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimFileNode | None:
    """Collect ``*.claims.yaml``."""
    if not file_path.name.endswith(SUFFIXES):
        return None
    from neuronclaims.pytest_session.claim_reports.reruns import watch
    from neuronclaims.pytest_session.nodes import ClaimFileNode

    watch(parent.config)
    return ClaimFileNode.of(file_path, parent)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say before any model runs which claims cannot pass with the prompts they have."""
    if (
        config.get_verbosity() < 0
        or config.option.claims_dry_run
        or not any(hasattr(item, "attach_result") for item in items)
    ):
        return []
    from neuronclaims.pytest_session.known.forewarning import forewarn

    return forewarn(items)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Let pytest print of claim files only what does no harm."""
    report = yield
    if hasattr(collector, "outline") or collector.path.name.endswith(SUFFIXES):
        from neuronclaims.pytest_session.claim_reports.shown_reports import make_harmless

        make_harmless(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Attach a claim's result to its report, which xdist sends to the controller."""
    report = yield
    attach = getattr(item, "attach_result", None)
    if attach is not None:
        attach(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: pytest.CollectReport | pytest.TestReport,
) -> Generator[None, Any, Any]:
    """Let the result of a claim be plain data where its report leaves the process."""
    if hasattr(report, "claims_report"):
        from neuronclaims.pytest_session.claim_reports.claim_report import ClaimReport

        ClaimReport.send(report)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    """Name a claim's outcome by its verdict."""
    status = getattr(report, "claims_status", None)
    if status is None or report.outcome not in OUTCOMES:
        return None
    category, letter, word, colour = status
    return category, letter, (word, {colour: True})


@pytest.fixture(scope="session")
def claims_models() -> Mapping[str, LoadedModel | Path]:
    """Return models, or their folders, by the names that claim files use; override it in ``conftest.py``."""
    return {}


@pytest.fixture(scope="session")
def claims_study(
    request: pytest.FixtureRequest, claims_models: Mapping[str, LoadedModel | Path]
) -> Iterator[Study]:
    """Open the session's study, which measures each model once and judges each claim file once per model."""
    from neuronclaims.engines.remote.whole_run import WHOLE_RUN
    from neuronclaims.pytest_session.opening import open_study

    with WHOLE_RUN.joined():
        yield open_study(request.session, claims_models)
