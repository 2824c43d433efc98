"""Speeds beside the values: lines through timings, what is kept of them, and files that cannot be right."""

from __future__ import annotations

import json

import pytest
from cases import for_each

from neuronclaims.cache import layout
from neuronclaims.cache.speeds import MOST_TIMINGS, Pace, Speeds, Timing, keep_speeds, read_speeds


def test_a_line_through_timings_is_that_they_were_made_of() -> None:
    made = [
        Timing(calls, tokens, 0.5 * calls + 0.01 * tokens) for calls, tokens in ((1, 10), (4, 900), (2, 300))
    ]
    pace = Pace.fitted(made)
    assert (pace.call, pace.token) == (pytest.approx(0.5), pytest.approx(0.01))
    assert pace.seconds(10, 1_000) == pytest.approx(15.0)
    falling = Pace.fitted([Timing(1, 100, 1.0), Timing(1, 200, 1.5), Timing(9, 300, 0.5)])
    assert falling.call >= 0
    assert falling.token >= 0


def test_the_latest_timings_are_kept_for_this_machine_alone(tmp_path, monkeypatch) -> None:
    for second in range(1, MOST_TIMINGS + 4):
        keep_speeds(tmp_path, Speeds((), (float(second),), (), {"work": (Timing(1, 2, float(second)),)}))
    found, trouble = read_speeds(tmp_path)
    assert trouble is None
    assert found.loading == tuple(map(float, range(4, MOST_TIMINGS + 4)))
    assert len(found.work["work"]) == MOST_TIMINGS
    monkeypatch.setattr("neuronclaims.cache.speeds.this_machine", lambda: "another")
    assert read_speeds(tmp_path) == (Speeds(), None)


def damaged(machines: object, version: object = 1) -> str:
    return json.dumps({"version": version, "machines": machines})


@for_each(
    "text",
    [
        "",
        "{",
        "[]",
        damaged([]),
        damaged({}, version=2),
        damaged({"HERE": []}),
        damaged({"HERE": {"loading": [-1]}}),
        damaged({"HERE": {"loading": [True]}}),
        damaged({"HERE": {"loading": ["1"]}}),
        damaged({"HERE": {"loading": [1] * 1_000}}),
        damaged({"HERE": {"work": {"x": [[1, 2]]}}}),
        damaged({"HERE": {"work": {"x": [[1, 2, 1e300]]}}}),
        damaged({"HERE": {"loading": [10**400]}}),
        damaged({"HERE": {"work": {"x": [[0, 0, 5]]}}}),
        damaged({"HERE": {"work": {str(number): [] for number in range(1_000)}}}),
        '{"version": 1, "machines": {"HERE": {"loading": [NaN]}}}',
        "x" * 50_000_000,
    ],
)
def test_a_file_that_cannot_be_right_is_not_used_and_written_anew(text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.cache.speeds.this_machine", lambda: "HERE")
    path = tmp_path / layout.SPEEDS
    path.unlink(missing_ok=True)
    path.write_text(text)
    found, trouble = read_speeds(tmp_path)
    assert found == Speeds()
    assert trouble is not None
    assert "kept speeds are not used" in trouble
    keep_speeds(tmp_path, Speeds((), (2.0,)))
    assert read_speeds(tmp_path) == (Speeds((), (2.0,)), None)


def test_a_link_in_the_place_of_the_file_is_neither_read_nor_written(tmp_path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / layout.SPEEDS).symlink_to(target)
    assert read_speeds(folder)[0] == Speeds()
    keep_speeds(folder, Speeds((), (2.0,)))
    assert target.read_text() == "mine"
