"""Other printed names of effects, rows, axes and figures change no number, no key, no kept value and no drift."""

from __future__ import annotations

import gc
import json
from dataclasses import asdict, fields, is_dataclass

import pytest

from neuronclaims import figures
from neuronclaims.baselines.content import content_of
from neuronclaims.baselines.drift import drifts
from neuronclaims.baselines.policy import Policy
from neuronclaims.baselines.rows import plain, row_from, row_of
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.pytest_session.baselines.comparing import _values
from neuronclaims.stats import EffectSize
from neuronclaims.study import Study

TEXTS = {
    "hanoi": [
        f"{start} Hanoi {end}" for start in ("The town of", "A train to") for end in ("is", "was", "lies")
    ],
    "base": [
        f"We {did} the {thing} today." for did in ("saw", "took") for thing in ("lake", "ring", "bridge")
    ],
    "other": [
        f"They sold a {thing} to him." for thing in ("lake", "ring", "bridge", "parcel", "house", "boat")
    ],
}
CLAIMS = {
    "contrast": "neuron 5:110 activates more for hanoi than base by at least 0.5 sd",
    "denied": "neuron 5:3 does not activate more for hanoi than base",
    "separation": "every neuron of 5:110, 5:88 separates hanoi from base",
    "some": "some neuron of layer 5 activates more for hanoi than base",
    "ablation": 'ablating neuron 5:461 lowers " an" in base',
    "outlier": "resid_post neuron 5:88 is an outlier beyond 6 in at least 6% of tokens in base",
    "consistency": "neuron 5:110 is among the top 10 neurons for hanoi over base in at least 60% of prompts",
    "overlap": "hanoi and other share at least 2 of their top 10 neurons over base",
    "congruence": 'neuron 5:186 writes " an" more than 99% of tokens',
}
NAMES = ("name", "symbol", "phrase")


def other(value):
    """Return a label as nobody would write it; numbers and what is no label as they are."""
    if isinstance(value, str):
        return f"«{value[::-1]}»"
    return tuple(map(other, value)) if isinstance(value, tuple) else value


def relabel_figures(monkeypatch) -> None:
    for made in vars(figures).values():
        if isinstance(made, type) and is_dataclass(made) and made.__module__ == figures.__name__:
            monkeypatch.setattr(made, "__init__", relabelling(made))


def relabelling(made):
    build, names = made.__init__, [entry.name for entry in fields(made)]

    def init(self, *args, **kwargs):
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        build(self, **{name: value if name == "kind" else other(value) for name, value in given.items()})

    return init


def relabel_effects(monkeypatch) -> None:
    build, known = EffectSize.__init__, [each for each in gc.get_objects() if type(each) is EffectSize]
    before = [(each, {name: getattr(each, name) for name in NAMES}) for each in known]

    def init(self, *args, **kwargs):
        build(self, *args, **kwargs)
        for name in NAMES:
            object.__setattr__(self, name, other(getattr(self, name)))

    monkeypatch.setattr(EffectSize, "__init__", init)
    for each, names in before:
        for name, value in names.items():
            object.__setattr__(each, name, other(value))
    monkeypatch.setattr(EffectSize, "restore", before, raising=False)


def restore_effects() -> None:
    for each, names in getattr(EffectSize, "restore", ()):
        for name, value in names.items():
            object.__setattr__(each, name, value)


def judged(path):
    file = read_claim_file(path, templates())
    results = Study().judge(file, "demo")
    rows = {
        claim.id: row_of(results[claim.id], content_of(claim), "here", _values(results[claim.id], {}))
        for claim in file.claims
    }
    return results, rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The results and the rows of a baseline, as they are and with every printed name another."""
    path = tmp_path_factory.mktemp("relabelled") / "x.claims.yaml"
    claims = [{"id": name, "claim": said} for name, said in CLAIMS.items()]
    claims[1]["margin"] = "0.5 sd"
    head = {"version": 1, "models": ["demo"], "site": "mlp_post", "tokens": "mean of prompt"}
    path.write_text(json.dumps({**head, "sets": TEXTS, "claims": claims}))
    plainly = judged(path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            relabel_figures(monkeypatch)
            relabel_effects(monkeypatch)
            relabelled = judged(path)
        finally:
            restore_effects()
    return plainly, relabelled


def without_names(effect):
    return {name: value for name, value in asdict(effect).items() if name not in ("name", "symbol")}


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_number_and_no_key_hangs_on_a_printed_name(runs, claim):
    (results, rows), (relabelled, other_rows) = runs
    one, two = results[claim], relabelled[claim]
    assert (one.error, two.error) == (None, None)
    assert one.verdict == two.verdict
    assert two.evidence.effect.name != one.evidence.effect.name
    assert two.evidence.figures != one.evidence.figures
    for name in ("test", "counts", "rank", "selection", "units"):
        assert getattr(one.evidence, name) == getattr(two.evidence, name)
    assert without_names(one.evidence.effect) == without_names(two.evidence.effect)
    assert list(map(without_names, one.evidence.other_effects)) == list(
        map(without_names, two.evidence.other_effects)
    )
    assert rows[claim].values == other_rows[claim].values
    assert rows[claim].content == other_rows[claim].content


def test_a_baseline_written_under_other_names_holds(runs):
    (_, rows), (_, relabelled) = runs
    old = {name: row_from(json.loads(json.dumps(plain(row)))) for name, row in relabelled.items()}
    found = drifts(old, rows, Policy(frozenset({"lost"})), noise=0.0)
    again = drifts(rows, rows, Policy(frozenset({"lost"})), noise=0.0)
    assert {drift.status for drift in found.values()} == {"held"}
    assert {name: (each.status, each.by) for name, each in found.items()} == {
        name: (each.status, each.by) for name, each in again.items()
    }
