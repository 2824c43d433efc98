"""The page for users tells the truth: its examples, and the numbers of its prose, come out as it says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"
ROOT = PAGE.parents[1]
WRITTEN_BY_A_RUN = {"docs/calibration.md"}


def test_every_example_of_the_page_gives_what_the_page_says():
    found = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 40
    assert found.failed == 0


def test_every_place_the_page_points_to_exists():
    text = PAGE.read_text(encoding="utf-8")
    sections = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^## (.*)", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in sections if target.startswith("#") else (PAGE.parent / target).exists()
    for path in re.findall(r"`((?:tests|docs|benchmarks|claims)/[\w/.]+)`", text):
        assert path in WRITTEN_BY_A_RUN or (ROOT / path).exists(), path
