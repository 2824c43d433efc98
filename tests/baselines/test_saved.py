"""Baselines written, read, found, and refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from rows_made import ENVIRONMENT, baseline, row

from neuronclaims.baselines.policy import Policy
from neuronclaims.baselines.reading import find, home_of, read_baseline
from neuronclaims.baselines.rows import BaselineError, plain
from neuronclaims.baselines.saved import merge, save, text_of, write
from neuronclaims.baselines.sets import compare

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
    assert json.loads(one)["schema"] == 2


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


NAME, KEY = "x.claims.yaml::demo::a", ENVIRONMENT.key


def with_row(**fields):
    """Change fields of the row."""
    return lambda text: edited(text, lambda data: data["claims"][NAME].update(fields))


def with_values(**fields):
    return lambda text: edited(text, lambda data: data["claims"][NAME]["values"].update(fields))


def with_environment(**fields):
    return lambda text: edited(text, lambda data: data["environments"][KEY].update(fields))


def edited(text: str, change) -> str:
    data = json.loads(text)
    change(data)
    return json.dumps(data)


def twice(text: str) -> str:
    return text.replace('"claims": {', f'"claims": {{ "{NAME}": {{"verdict": "refuted"}},')


EFFECT = {"name": "difference of means", "value": "large", "low": 0, "high": 1, "level": 0.95}
FAULTS = {
    "not valid JSON": lambda text: text[:-20],
    "no JSON object": lambda _: "[]",
    "has no 'schema'": lambda _: "{}",
    "schema 99": lambda text: text.replace('"schema": 2', '"schema": 99'),
    "schema True": lambda text: text.replace('"schema": 2', '"schema": true'),
    "does not say what it was measured with": lambda text: text.replace("environments", "surroundings"),
    "'environments'": lambda text: edited(text, lambda data: data.update(environments=[])),
    "'claims' is no mapping": lambda text: edited(text, lambda data: data.update(claims=[])),
    "lacks 'weights'": lambda text: text.replace('"weights"', '"weight"'),
    "'weights' must be text": with_environment(weights=5),
    "'libraries.torch' must be text": with_environment(libraries={"torch": 2}),
    "no environment": lambda text: text.replace(f'"environment": "{KEY}"', '"environment": "?"'),
    "'environment' must be text": with_row(environment=["a"]),
    "lacks 'sentence'": lambda text: text.replace('"sentence"', '"words"'),
    "has a field 'words', which is none": with_row(words=1),
    "must be a mapping, not None": lambda text: edited(
        text, lambda data: data["claims"].update({NAME: None})
    ),
    "is not named by file, model and id": lambda text: text.replace(NAME, "a"),
    "nested more than 60 levels": lambda _: "[" * 100_000,
    "in it has 5,000 digits": lambda _: f'{{"schema": {"9" * 5000}, "claims": {{}}}}',
    f"has '{NAME}' twice": twice,
    "has 'a0' twice": lambda text: text.replace('"a0": ', '"a0": 7, "a0": '),
    "'verdict' must be one of supported": with_row(verdict="maybe"),
    "'side' must be one of": with_row(side="sideways"),
    "'p' must be a number, not 'small'": with_row(p="small"),
    "'alpha' must be a number from 0 to 1": with_row(alpha=7),
    "'n' must be a mapping": with_row(n=[3]),
    "'family' must be a whole number": with_row(family=2.5),
    "'value' must be a number, not 'large'": with_row(effect=EFFECT),
    "NaN in it is no number": with_row(p=float("nan")),
    "-Infinity in it is no number": with_values(noise=float("-inf")),
    "the number 1e999 in it is too large": lambda text: text.replace('"a0": 1.0', '"a0": 1e999'),
    "'first.a0' must be a number from": with_values(first={"a0": 1e200}),
    "'first.a0' must be a number, not True": with_values(first={"a0": True}),
    "'scale' must be one of": with_values(scale="volume"),
    "'paired' must be true or false": with_values(paired="yes"),
    "there are 3 and 1 values in pairs": with_values(paired=True, second={"b": 1}),
    "are of one set, but there are two": with_values(scale="mean"),
    "must be in pairs": with_values(scale="ratio"),
    "'first.a0' must be a number from 0 to 1": with_values(scale="share", first={"a0": 7}, second={}),
    "two lists of block numbers": with_values(blocks="ab"),
    "each block values of both sets": with_values(blocks=[[0, 0, 0], [0, 0, 1]]),
    "'noise' must be a number from 0": with_values(noise=-1),
}


@for_each("fault", FAULTS)
def test_a_file_that_is_no_baseline_is_one_clear_error(tmp_path, fault):
    path = tmp_path / "main.json"
    path.write_text(FAULTS[fault](text_of(baseline(a=A))))
    with pytest.raises(BaselineError) as raised:
        read_baseline(path)
    assert fault in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500 + len(str(path))


def test_a_file_as_large_as_no_baseline_is_not_read(tmp_path):
    path = tmp_path / "main.json"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BaselineError, match="at most 500 MB are read"):
        read_baseline(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PLACES = [("environments", KEY), ("claims", NAME)]
PLACES += [("claims", NAME, name) for name in plain(A)] + [
    ("environments", KEY, name) for name in plain(ENVIRONMENT)
]
PLACES += [("claims", NAME, "values", name) for name in (*plain(A.values), "blocks", "noise")]


@given(st.sampled_from(PLACES), ANYTHING)
def test_whatever_stands_in_a_file_it_is_compared_or_refused(tmp_path_factory, place, anything):
    """Nothing that reading lets through may break what is made of it."""
    path = tmp_path_factory.mktemp("odd") / "main.json"

    def change(data):
        for name in place[:-1]:
            data = data[name]
        data[place[-1]] = anything

    path.write_text(edited(text_of(baseline(a=A)), change))
    try:
        known = read_baseline(path)
    except BaselineError:
        return
    moved = replace(
        A, values=replace(A.values, first={key: value + 1 for key, value in A.values.first.items()})
    )
    for old, new in ((known, baseline(a=moved)), (baseline(a=moved), known)):
        assert NAME in compare(old, new, Policy(frozenset())).drifts


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
