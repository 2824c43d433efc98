"""Baselines written, read, found, and refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows_made import ENVIRONMENT, baseline, row

from neuronclaims.baselines.reading import find, home_of, read_baseline
from neuronclaims.baselines.rows import BaselineError
from neuronclaims.baselines.saved import merge, save, text_of, write

A = row([1.0, 2, 3], [0.5, 0, 1])
B = row([4.0, 5, 7], [0.5, 0, 1], scale="auroc", paired=True, verdict="refuted")
BROKEN = replace(A, verdict=None, effect=None, values=None, p=None, side=None, error="no such neuron")
FACT = replace(A, values=None, p=None, p_adjusted=None, family=None, alpha=None, side=None)


def saved(path: Path, known, **options) -> Path:
    save(path, known.rows, known.environments, **options)
    return path


def test_what_is_saved_is_read_back(tmp_path):
    known = baseline(a=A, b=B, broken=BROKEN, fact=FACT)
    assert read_baseline(saved(tmp_path / "x" / "main.json", known)) == known


def test_a_partial_run_updates_its_own_rows_and_deletes_none(tmp_path):
    path = saved(tmp_path / "main.json", baseline(a=A, b=B))
    saved(path, baseline(b=A))
    assert read_baseline(path) == baseline(a=A, b=A)


def test_an_environment_stays_as_long_as_a_row_names_it(tmp_path):
    other = replace(ENVIRONMENT, libraries={"torch": "3.0"})
    new = row([1.0, 2, 3], [0.5, 0, 1], environment=other.key)
    known = baseline(a=A, b=B)
    merged = merge(known, {"x.claims.yaml::demo::a": new}, {other.key: other})
    assert merged.environments.keys() == {ENVIRONMENT.key, other.key}
    merged = merge(merged, {"x.claims.yaml::demo::b": new}, {})
    assert merged.environments.keys() == {other.key}


def test_a_change_of_one_value_changes_one_line_and_the_order_of_claims_none():
    one, two = text_of(baseline(a=A, b=B)), text_of(baseline(b=B, a=A))
    assert one == two
    values = replace(A.values, first={**A.values.first, "a0": 1.5})
    lines = [text.splitlines() for text in (one, text_of(baseline(a=replace(A, values=values), b=B)))]
    assert sum(x != y for x, y in zip(*lines, strict=True)) == 1
    assert json.loads(one)["schema"] == 1


@given(st.text(), st.text(), st.dictionaries(st.text(max_size=5), st.floats(-9, 9), max_size=3))
def test_any_text_and_number_survives(tmp_path_factory, sentence, error, values):
    path = tmp_path_factory.mktemp("any") / "main.json"
    odd = replace(
        A, sentence=sentence, error=error or None, values=replace(A.values, of=sentence, first=values)
    )
    assert read_baseline(saved(path, baseline(a=odd))) == baseline(a=odd)


def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(tmp_path, monkeypatch):
    path = saved(tmp_path / "main.json", baseline(a=A))
    before = path.read_text()

    def full(self, *_args, **_kwargs):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BaselineError, match="No space left"):
        write(path, "anything")
    monkeypatch.undo()
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


FAULTS = {
    "not valid JSON": lambda text: text[:-20],
    "no JSON object": lambda _: "[]",
    "has no 'schema'": lambda _: "{}",
    "schema 99": lambda text: text.replace('"schema": 1', '"schema": 99'),
    "does not say what it was measured with": lambda text: text.replace("environments", "surroundings"),
    "lacks weights": lambda text: text.replace('"weights"', '"weight"'),
    "no environment": lambda text: text.replace(f'"environment": "{ENVIRONMENT.key}"', '"environment": "?"'),
    "cannot be read": lambda text: text.replace('"sentence"', '"words"'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_no_baseline_is_one_clear_error(tmp_path, fault):
    path = tmp_path / "main.json"
    path.write_text(FAULTS[fault](text_of(baseline(a=A))))
    with pytest.raises(BaselineError) as raised:
        read_baseline(path)
    assert fault in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_baseline_that_is_not_there_names_the_folder_and_what_is(tmp_path):
    home = tmp_path / ".baselines"
    for name in ("main", "v2"):
        saved(home / f"{name}.json", baseline(a=A))
    with pytest.raises(BaselineError) as raised:
        find("mian", home, tmp_path)
    assert str(home) in str(raised.value)
    assert "There: main, v2. Did you mean 'main'?" in str(raised.value)
    with pytest.raises(BaselineError, match="no such folder"):
        find("elsewhere/main.json", home, tmp_path)
    with pytest.raises(BaselineError, match="cannot be the name"):
        find("a b", home, tmp_path)
    assert find("v2", home, tmp_path) == find(".baselines/v2.json", home, tmp_path) == home / "v2.json"


def test_a_run_of_a_part_finds_the_baseline_of_the_whole(tmp_path):
    one, two = tmp_path / "claims" / "a" / "x.claims.yaml", tmp_path / "claims" / "y.claims.yaml"
    assert home_of([one, two], tmp_path) == tmp_path / "claims" / ".baselines"
    assert home_of([one], tmp_path, "main") == tmp_path / "claims" / "a" / ".baselines"
    saved(tmp_path / "claims" / ".baselines" / "main.json", baseline(a=A))
    assert home_of([one], tmp_path, "main") == tmp_path / "claims" / ".baselines"
    assert home_of([one], tmp_path / "claims" / "a", "main") == tmp_path / "claims" / "a" / ".baselines"
