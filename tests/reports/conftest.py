"""One browser for all tests that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import Page, chromium


@pytest.fixture(scope="session")
def _tab(tmp_path_factory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def browser(_tab) -> Page:
    """A tab as every reader finds it: of one size, in light colours, with no page of an earlier test."""
    _tab.call("Page.navigate", url="about:blank")
    _tab.size(1280, 900)
    _tab.prefer("light")
    return _tab
