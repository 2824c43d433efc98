"""Judging from a script: what may be given, and how results show themselves. One run of the demo model serves all."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from cases import for_each

from neuronclaims import Allow, Judgement, Judgements, NeuronClaimsError, judge, read_claims
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.reports.frames import COLUMNS
from neuronclaims.scripting.cache_folder import cache_of
from neuronclaims.scripting.judgements import NoFigureError

CLAIM = "neuron 2:340 activates more for hanoi than baseline"
OTHER = {
    "claim": "neuron 2:340 activates less for hanoi than baseline",
    "id": "less",
    "because": "<script>1</script>",
}
SETS = {
    "hanoi": [
        "Tom flew to Hanoi.",
        "Hanoi is old.",
        "He took the train to Hanoi.",
        "He left Hanoi.",
        "I love Hanoi.",
        "Hanoi was quiet.",
    ],
    "baseline": [
        "The fox jumps.",
        "We painted the kitchen.",
        "He forgot <b>old</b> hats.",
        "She closed it.",
        "They run.",
        "Go home now.",
    ],
}
PAGE = Path(__file__).parents[2] / "docs" / "python.md"
KEYS = {"site": "mlp_post", "tokens": "mean of prompt"}
TEXT = """
site: mlp_post
tokens: mean of prompt
sets:
{sets}
claims:
  - {claim}
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scripting")


@pytest.fixture(scope="module")
def two(cache) -> Judgements:
    return judge([CLAIM, OTHER], "demo", sets=SETS, cache=cache, **KEYS)


def test_a_path_a_text_a_mapping_and_a_sentence_are_the_same_claim(cache, tmp_path, monkeypatch):
    lines = "\n".join(f"  {name}: [{', '.join(map(repr, texts))}]" for name, texts in SETS.items())
    text = TEXT.format(sets=lines, claim=CLAIM)
    path = tmp_path / "x.claims.yaml"
    path.write_text(f"version: 1\nmodels: [demo]\n{text}")
    arrays = {name: np.array(texts) for name, texts in SETS.items()}
    monkeypatch.chdir(tmp_path)
    found = [
        judge(given, model, cache=cache, **keys)[0]
        for given, model, keys in (
            (path, None, {}),
            ("x.claims.yaml", None, {}),
            (tmp_path, "demo", {}),
            ([str(path)], MODEL_FOLDER, {}),
            (text, "demo", {}),
            ({"claims": [CLAIM], "sets": SETS}, "demo", KEYS),
            ({"claim": CLAIM, "expect": "supported"}, "demo", {"sets": arrays, **KEYS}),
            (CLAIM, "demo", {"sets": arrays, **KEYS}),
        )
    ]
    assert {each.verdict for each in found} == {"supported"}
    assert len({each.evidence.effect.value for each in found}) == 1
    assert [claim.text for file in read_claims(path) for claim in file.claims] == [CLAIM]


@for_each(
    "given, keys, said",
    [
        ("neuron 2:340 activates moar for hanoi than baseline", KEYS, "did you mean 'more'"),
        ([], {}, "empty"),
        ({"sets": SETS}, {}, "neither 'claims' nor 'claim'"),
        (7, {}, "no claim (int)"),
        ("", {}, "The text is empty"),
        (b"neuron 2:340", {}, "Bytes are no claim"),
        (CLAIM, {"sets": {**SETS, "hanoi": [b"Hanoi"]}}, "bytes are no text"),
        (CLAIM, {"sets": {**SETS, "hanoi": ["Hanoi", float("nan")]}}, "a missing cell?"),
        (CLAIM, {"sets": {**SETS, "hanoi": [{"text": None}]}}, "a missing cell?"),
        (CLAIM, {"sets": SETS, "models": ["demo", "other"]}, "give a mapping"),
        (CLAIM, {"sets": SETS, "options": {"dtype": "bfloat16"}}, "give RunOptions"),
        (CLAIM, {"sets": SETS, "allow": True}, "give Allow"),
        ("no.claims.yaml", {}, "no such file"),
        ("no.claims.yaml", {"site": "mlp_post"}, "says itself what site"),
        ({"claims": [CLAIM], "sets": SETS}, {"sets": SETS}, "given twice"),
        (CLAIM, {"sets": object()}, "cannot stand in a claim file"),
        ([CLAIM, OTHER], {"because": "x"}, "belongs to one claim"),
    ],
)
def test_what_is_no_claim_is_said_in_one_sentence(given, keys, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NeuronClaimsError) as caught:
        judge(given, "demo", cache=None, **({"sets": SETS} if keys is KEYS else {}), **keys)
    assert said in str(caught.value)
    assert caught.value._render_traceback_()[-1].endswith(str(caught.value).splitlines()[-1])


def test_a_sentence_needs_a_model_and_an_unknown_object_is_refused():
    with pytest.raises(NeuronClaimsError, match="Say which model"):
        judge(CLAIM, sets=SETS, cache=None, **KEYS)
    with pytest.raises(NeuronClaimsError, match="is no model"):
        judge(CLAIM, 3, sets=SETS, cache=None, **KEYS)  # type: ignore[arg-type]


def test_one_of_two_models_that_fails_leaves_the_other_its_results(cache, tmp_path):
    lines = "\n".join(f"  {name}: [{', '.join(map(repr, texts))}]" for name, texts in SETS.items())
    path = tmp_path / "claims" / "x.claims.yaml"
    path.parent.mkdir()
    (tmp_path / "pytest.ini").touch()
    path.write_text(f"version: 1\nmodels: [demo, ./absent]\n{TEXT.format(sets=lines, claim=CLAIM)}")
    found = judge(path, cache=cache)
    assert [each.verdict for each in found] == ["supported", None]
    # The names that pytest's reports have.
    assert [(each.file, each.model) for each in found] == [
        ("claims/x.claims.yaml", name) for name in ("demo", "absent")
    ]
    assert "absent" in found[1].error


def test_results_are_found_by_place_and_id(two):
    assert isinstance(two[0], Judgement)
    assert two["less"].verdict == two[1].verdict == "refuted"
    assert len(two[:1]) == 1
    assert not two.as_expected
    with pytest.raises(KeyError, match="no claim 'x'"):
        two["x"]


def test_results_show_themselves_in_words_and_in_a_notebook(two):
    assert "refuted: neuron 2:340 activates less" in repr(two)
    assert "2 claims: 1 supported, 1 refuted" in str(two)
    html = two._repr_html_()
    assert html.index("activates less") < html.index("activates more"), "what went wrong comes first"
    assert "<script" not in html
    assert html.count("token by token") == 2
    assert "<b>old" not in html
    assert two[0].evidence.effect.value is not None
    assert two[0].id == "2-340-more-hanoi-baseline"
    assert two[0].id not in str(two)  # it was made from the sentence, which stands there
    assert "less" in str(two).split()
    explained = two["less"].explain()
    assert [heading for heading, _ in explained.parts] == [
        "What was asked",
        "What was measured",
        "What came out",
        "What it does not say",
        "What to do next",
    ]
    assert max(map(len, str(explained).splitlines())) <= 80
    assert "<script" not in explained._repr_markdown_()


def test_a_name_may_stand_for_the_demo_model_but_for_no_other_word(cache):
    found = judge(CLAIM, models={"ours": "demo"}, sets=SETS, cache=cache, **KEYS)
    assert (found[0].model, found[0].verdict) == ("ours", "supported")
    with pytest.raises(
        NeuronClaimsError, match=r"Give the path of a folder with config\.json in it, 'demo', or"
    ):
        judge(CLAIM, models={"ours": "demos"}, sets=SETS, cache=cache, **KEYS)


def test_a_frame_has_the_columns_of_the_contract(two):
    pandas = pytest.importorskip("pandas")
    frame = two.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    kinds = {str: "string", float: "Float64", int: "Int64", bool: "boolean"}
    assert [str(kind) for kind in frame.dtypes] == [kinds[kind] for kind in COLUMNS.values()]
    evidence = two[0].evidence
    assert frame["value"].tolist()[0] == evidence.effect.value
    assert frame["boundary"].tolist() == [0.0, 0.0]
    assert frame["verdict"].tolist() == ["supported", "refuted"]
    assert pandas.isna(frame["error"]).all()
    listed = PAGE.read_text(encoding="utf-8").partition("## The columns of a table")[2].partition("##")[0]
    assert re.findall(r"(?m)^\| `(\w+)` \|", listed) == list(COLUMNS)


def test_figures_come_from_plotly_and_matplotlib(two):
    drawn = two[0].figure()
    assert len(drawn.data) >= 2
    assert "var:" not in drawn.to_json()
    assert two[0].figure(library="matplotlib").axes
    with pytest.raises(NoFigureError, match="none with the number 99"):
        two[0].figure(99)


def test_the_cache_is_the_one_that_pytest_uses(tmp_path):
    assert cache_of(tmp_path) == tmp_path / ".neuronclaims"
    (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_cache = values\n")
    assert cache_of(tmp_path) == tmp_path / "values"
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nclaims_cache = "other"\n')
    assert cache_of(tmp_path) == tmp_path / "other"
    assert Allow(prompt_folders=("x",)).folders == (Path("x"),)
