"""The pytest plugin: hooks only, each a line or two.

Imported by every pytest run of an environment this package is installed in, so it loads nothing but pytest until a
claim file turns up.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from neuronclaims.runs import LoadedModel
    from neuronclaims.session.nodes import ClaimFileNode
    from neuronclaims.study import Study

SUFFIXES = (".claims.yaml", ".claims.yml")

OPTIONS = (
    ("report", "DIR", "", "write claims.json into this folder"),
    ("cache", "DIR", ".neuronclaims", "keep what was measured in this folder"),
    ("device", "NAME", "cpu", "where models run: cpu, cuda, mps or auto"),
    ("dtype", "NAME", "float32", "what models compute in: float32, bfloat16 or float16"),
    ("inconclusive", "WHAT", "fail", "what an unexpected inconclusive claim does: fail or skip"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--claims-*`` options, each also a ``claims_*`` setting of the configuration file."""
    group = parser.getgroup("neuronclaims", "claims about neurons")
    for name, metavar, default, text in OPTIONS:
        help_text = f"{text} (setting claims_{name}, default: {default or 'none'})"
        group.addoption(f"--claims-{name}", metavar=metavar, default=None, help=help_text)
        parser.addini(f"claims_{name}", text, type="string", default=default)


def pytest_configure(config: pytest.Config) -> None:
    """Register what gathers results, except on xdist's workers, which only send theirs."""
    if not hasattr(config, "workerinput"):
        from neuronclaims.session.recorder import ClaimsRecorder

        config.pluginmanager.register(ClaimsRecorder(config), "neuronclaims-recorder")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimFileNode | None:
    """Collect ``*.claims.yaml``."""
    if not file_path.name.endswith(SUFFIXES):
        return None
    from neuronclaims.session.nodes import ClaimFileNode

    return ClaimFileNode.from_parent(parent, path=file_path)


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Say before any model runs which claims cannot pass with the prompts they have."""
    if not any(hasattr(item, "attach_result") for item in items):
        return []
    from neuronclaims.session.opening import forewarn

    return forewarn(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hang a claim's result on its report, which xdist carries to the controller."""
    report = yield
    attach = getattr(item, "attach_result", None)
    if attach is not None:
        attach(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    """Name a claim's outcome by its verdict."""
    status = getattr(report, "claims_status", None)
    if status is None or hasattr(report, "wasxfail"):
        return None
    category, letter, word, colour = status
    return category, letter, (word, {colour: True})


@pytest.fixture(scope="session")
def claims_models() -> Mapping[str, LoadedModel]:
    """Models a lab hands in itself, by the name its claim files use; override this in ``conftest.py``."""
    return {}


@pytest.fixture(scope="session")
def claims_study(request: pytest.FixtureRequest, claims_models: Mapping[str, LoadedModel]) -> Study:
    """Open the session's study, which measures each model once and judges each claim file once per model."""
    from neuronclaims.session.opening import open_study

    return open_study(request.session, claims_models)
