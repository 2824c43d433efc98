import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings
from thorough import draws

# Several processes test at once; with a thread per core each, they would wait for one another most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Without bytecode each of the many sessions that tests start would compile the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No deadlines, and nothing that is too slow: machines are shared. A folder may serve many examples.
UNHURRIED = settings(
    max_examples=draws(40, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("here", UNHURRIED)
# In CI the same examples every time, so that a run says something about the change.
settings.register_profile("ci", UNHURRIED, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_finish() -> None:
    """Let no collection of garbage go through thousands of tests again: statsmodels asks for one in each call."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest by far, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not item.name.startswith("test_every_claim_comes_out_as_recorded"))


@pytest.fixture
def without_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sites be measured that are not proven first: what runs find out by themselves, and how much they run."""
    monkeypatch.setattr("neuronclaims.engines.local.unproven", lambda ready, needs: {})
