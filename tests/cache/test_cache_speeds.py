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
        damaged({"HERE": {"loading": [1] * 1_000}}),
        damaged({"HERE": {"loading": [10**400]}}),
        damaged({"HERE": {"work": {str(number): [] for number in range(1_000)}}}),
        '{"version": 1, "machines": {"HERE": {"loading": [NaN]}}}',
        '{"version": 1, "machines": {"HERE": {"loading": [1e999]}}}',
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


WRONG_SECONDS = [-1, 0, 1e8, True, "1", None, [1], 10**30]
WRONG_TIMINGS = [
    [1, 2],
    [1, 2, 3, 4],
    [1, 2, "3"],
    7,
    [0, 0, 5],
    [-1, 2, 3],
    [1, -2, 3],
    [1, 2, 0],
    [1, 2, -3],
    [1, 0, 1.1e7],
    [10, 0.001, 1.1e5],
    [1, 2, 1e300],
    [10**30, 2, 3],
    [1, 10**30, 3],
    [1, 2, 10**30],
    [1, 2, True],
]


@for_each("wrong", WRONG_SECONDS)
def test_seconds_that_cannot_be_are_left_out_alone(wrong, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.cache.speeds.this_machine", lambda: "HERE")
    (tmp_path / layout.SPEEDS).write_text(damaged({"HERE": {"loading": [3, wrong], "importing": [wrong]}}))
    found, trouble = read_speeds(tmp_path)
    assert found == Speeds((), (3.0,))
    assert trouble is not None
    assert "2 timings" in trouble
    keep_speeds(tmp_path, Speeds((1.0,)))
    assert read_speeds(tmp_path) == (Speeds((1.0,), (3.0,)), None)


@for_each("wrong", WRONG_TIMINGS)
def test_a_timing_that_cannot_be_is_left_out_alone(wrong, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.cache.speeds.this_machine", lambda: "HERE")
    (tmp_path / layout.SPEEDS).write_text(damaged({"HERE": {"work": {"x": [[2, 30, 4], wrong], "y": []}}}))
    found, trouble = read_speeds(tmp_path)
    assert found == Speeds(work={"x": (Timing(2, 30, 4),)})
    assert trouble is not None
    assert "a timing" in trouble


def test_what_took_no_time_by_a_coarse_clock_is_not_kept(tmp_path) -> None:
    keep_speeds(tmp_path, Speeds((0.0,), (2e-9,), (), {"x": (Timing(1, 2, 0.0), Timing(1, 2, 0.5))}))
    assert read_speeds(tmp_path) == (Speeds(work={"x": (Timing(1, 2, 0.5),)}), None)


def test_a_link_in_the_place_of_the_file_is_neither_read_nor_written(tmp_path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / layout.SPEEDS).symlink_to(target)
    assert read_speeds(folder)[0] == Speeds()
    keep_speeds(folder, Speeds((), (2.0,)))
    assert target.read_text() == "mine"
