"""Other printed names of effects, rows, axes and figures change no number, no key, no kept value and no drift."""

from __future__ import annotations

import gc
import json
from dataclasses import asdict, fields, is_dataclass

import pytest
from cases import for_each

from neuronclaims import figures
from neuronclaims.baselines.content import content_of
from neuronclaims.baselines.drift import drifts
from neuronclaims.baselines.policy import Policy
from neuronclaims.baselines.rows import plain, row_from, row_of
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kinds, templates
from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
from neuronclaims.kinds.projection import activity_request
from neuronclaims.kinds.two_sample.reading import ActivationsReading
from neuronclaims.pytest_session.baselines.comparing import _values
from neuronclaims.stats import EffectSize
from neuronclaims.study import Study

PLACES = ("lake", "ring", "bridge", "parcel", "house", "boat")
TEXTS = {
    "hanoi": [
        f"{start} Hanoi {end}" for start in ("The town of", "A train to") for end in ("is", "was", "lies")
    ],
    "base": [f"We {did} the {thing} today." for did in ("saw", "took") for thing in PLACES[:3]],
    "other": [f"They sold a {thing} to him." for thing in PLACES],
    "glad": [f"They were glad to find the {thing}" for thing in PLACES],
    "sad": [f"They were sad to lose the {thing}" for thing in PLACES],
    "counted": [
        {"text": f"In {thing} number {place} he slept", "numbers": {"place": place}}
        for place, thing in enumerate(PLACES * 2)
    ],
    "documents": [
        f"{who} climbed up the {tree} tree and picked an {tree}. It was old."
        for tree in ("olive", "apple", "almond")
        for who in ("I", "We")
    ],
}
TREES = (("olive", "coconut"), ("apple", "lemon"), ("almond", "lime"), ("orange", "mango"))
PAIRS = [
    {
        name: f"I climbed up the {tree} tree and picked"
        for name, tree in zip(("clean", "corrupted"), trees, strict=True)
    }
    for trees in TREES
]
GLADNESS = {"from": ["glad", "sad"], "method": "mean difference", "neutral": "other"}
CLAIMS = {
    "contrast": "neuron 5:110 activates more for hanoi than base by at least 0.5 sd",
    "contrary": "neuron 5:110 activates less for hanoi than base by at least 0.5 sd",
    "denied": "neuron 5:3 does not activate more for hanoi than base",
    "separation": "every neuron of 5:110, 5:88 separates hanoi from base",
    "some": "some neuron of layer 5 activates more for hanoi than base",
    "ablation": 'ablating neuron 5:461 lowers " an" in base',
    "steering": 'adding 4 to neuron 5:461 raises " an" in base',
    "scaling": 'scaling neuron 5:461 by 2 raises " an" in base',
    "clamping": 'clamping neuron 5:461 to 6 raises " an" in base',
    "restoration": 'restoring neuron 5:461 recovers at least 5% of " an" over " a" in trees',
    "corruption": 'corrupting neuron 5:461 removes " an" over " a" in trees',
    "outlier": "resid_post neuron 5:88 is an outlier beyond 6 in at least 6% of tokens in base",
    "no-outlier": "resid_post neuron 5:88 is not an outlier beyond 6 in more than 6% of tokens in base",
    "massive": "resid_post neuron 5:88 is massive in base",
    "not-massive": "resid_post neuron 5:88 is not massive in more than 40% of prompts in base",
    "band": "at least 90% of layer 2 lies within 4 of zero in base",
    "activity": "gladness activity is higher for hanoi than base",
    "alike": "gladness activity does not differ between hanoi and base in layers 2 to 3",
    "somewhere": "gladness activity differs between hanoi and base somewhere",
    "prediction": 'neuron 5:461 predicts " an" in documents',
    "consistency": "neuron 5:110 is among the top 10 neurons for hanoi over base in at least 60% of prompts",
    "absence": "neuron 5:3 is not among the top 10 neurons for hanoi over base in more than 40% of prompts",
    "overlap": "hanoi and other share at least 2 of their top 10 neurons over base",
    "nearer": "hanoi overlaps more with other than with glad over base",
    "matrix": "hanoi and other share more of their top 10 neurons over base than any other two of them and glad",
    "attention": "head 2:1 attends to the previous token from prompt in base with at least 5%",
    "no-attention": "head 2:1 does not attend to first of prompt from last in base with more than 90%",
    "attention-contrast": "head 2:1 attends more to itself from last for hanoi than base",
    "attention-separation": "head 2:1 separates hanoi from base by attention to itself from last",
    "attention-preference": "head 2:1 attends more to itself than to the previous token from last in base",
    "correlation": "neuron 5:110 goes with place in counted",
    "position": "neuron 5:110 goes with position in documents",
    "period": "neuron 5:110 goes with place in counted with period 6",
    "plain-ranking": "neuron 5:110 is among the top 10 neurons for hanoi in at least 60% of prompts",
    "plain-absence": "neuron 5:3 is not among the top 10 neurons for hanoi in more than 40% of prompts",
    "exclusive": "neuron 5:110 is among the top 10 neurons for hanoi over base and for none of other in at least 60% "
    "of prompts",
    "proportion": 'neuron 5:461 above 0 predicts " an" in at least 5% of positions in documents',
    "share-trend": 'the share of " an" among top predictions rises with neuron 5:461 in documents',
    "congruence": 'neuron 5:186 writes " an" more than 99% of tokens',
}
MORE = {
    "denied": {"margin": "0.5 sd"},
    "alike": {"margin": "0.5 sd", "site": "resid_post"},
    "activity": {"site": "resid_post"},
    "somewhere": {"site": "resid_post"},
    "band": {"site": "resid_post"},
}
KEYS = {
    "contrast": "mlp_post 5:110, mean of prompt",
    "contrary": "mlp_post 5:110, mean of prompt",
    "denied": "mlp_post 5:3, mean of prompt",
    "separation": "mlp_post 5:88, mean of prompt",
    "some": "mlp_post 5:205, mean of prompt",
    "ablation": "logit of ' an'",
    "steering": "logit of ' an'",
    "scaling": "logit of ' an'",
    "clamping": "logit of ' an'",
    "restoration": "mlp_post 5:461 restored: ' an' over ' a'",
    "corruption": "mlp_post 5:461 corrupted: ' an' over ' a'",
    "outlier": "resid_post 5:88 beyond 6, prompt",
    "no-outlier": "resid_post 5:88 beyond 6, prompt",
    "massive": "resid_post 5:88 massive, prompt",
    "not-massive": "resid_post 5:88 massive, prompt",
    "band": "resid_post layer 2 within 4, prompt",
    "activity": "activity (sd of neutral prompts)",
    "alike": "activity (sd of neutral prompts)",
    "prediction": "mlp_post 5:461 for ' an' on top",
    "consistency": "mlp_post 5:110, mean of prompt: among the top 10",
    "absence": "mlp_post 5:3, mean of prompt: among the top 10",
    "correlation": "mlp_post 5:110, mean of prompt, beside place",
    "position": "mlp_post 5:110, beside the position of tokens",
    "plain-ranking": "mlp_post 5:110, mean of prompt: among the top 10 by raw",
    "plain-absence": "mlp_post 5:3, mean of prompt: among the top 10 by raw",
    "exclusive": "mlp_post 5:110, mean of prompt: among the top 10 by diff",
    "proportion": "mlp_post 5:461 from 0.0 on: ' an' on top",
    "share-trend": "mlp_post 5:461: rise of the share with ' an' on top",
    "attention": "attention 2:1, the previous token from prompt",
    "no-attention": "attention 2:1, first of prompt from last",
    "attention-contrast": "attention 2:1, itself from last",
    "attention-separation": "attention 2:1, itself from last",
    "attention-preference": "attention 2:1, itself and the previous token from last",
}
"""What baselines written so far call the values of these claims; they are compared only under the same key."""

NAMES = ("name", "symbol", "phrase")


def other(value):
    """Return a label as nobody would write it; numbers and what is no label as they are."""
    if isinstance(value, str):
        return f"«{value[::-1]}»"
    return tuple(map(other, value)) if isinstance(value, tuple) else value


def relabel_figures(monkeypatch) -> None:
    for made in vars(figures).values():
        if isinstance(made, type) and is_dataclass(made) and made.__module__.startswith(figures.__name__):
            monkeypatch.setattr(made, "__init__", relabelling(made))


def relabelling(made):
    build, names = made.__init__, [entry.name for entry in fields(made)]

    def init(self, *args, **kwargs):
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        build(
            self,
            **{name: value if name in ("kind", "paired") else other(value) for name, value in given.items()},
        )

    return init


def relabel_axes(monkeypatch) -> None:
    """Name what axes show otherwise where it is named, before a figure is made of it."""
    scales = {key: other(said) for key, said in activity_request.SCALES.items()}
    monkeypatch.setattr(activity_request, "SCALES", scales)
    predicted, label = ChangedPredictionRequest.predicted.fget, ActivationsReading.label
    monkeypatch.setattr(ChangedPredictionRequest, "predicted", property(lambda self: other(predicted(self))))
    monkeypatch.setattr(ActivationsReading, "label", lambda self, neuron: other(label(self, neuron)))


def relabel_effects(monkeypatch) -> None:
    gc.unfreeze()  # what was frozen after collection is not told
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
    claims = [{"id": name, "claim": said, **MORE.get(name, {})} for name, said in CLAIMS.items()]
    head = {
        "version": 1,
        "models": ["demo"],
        "correction": "none",
        "site": "mlp_post",
        "tokens": "mean of prompt",
    }
    made = {"sets": TEXTS, "pairs": {"trees": PAIRS}, "directions": {"gladness": GLADNESS}}
    path.write_text(json.dumps({**head, **made, "claims": claims}))
    plainly = judged(path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            relabel_figures(monkeypatch)
            relabel_axes(monkeypatch)
            relabel_effects(monkeypatch)
            relabelled = judged(path)
        finally:
            restore_effects()
    return plainly, relabelled


def without_names(effect):
    return {name: value for name, value in asdict(effect).items() if name not in ("name", "symbol")}


@for_each("claim", CLAIMS)
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
    assert [one.evidence.unit, one.evidence.paired] == [two.evidence.unit, two.evidence.paired]
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


def test_every_kind_is_relabelled_here(runs):
    (results, _), _ = runs
    assert {result.kind for result in results.values()} == {kind.name for kind in kinds()}
    assert results["contrary"].verdict == "refuted"


def test_values_are_kept_under_the_keys_that_baselines_know(runs):
    (_, rows), _ = runs
    assert {name: row.values.of for name, row in rows.items() if row.values is not None} == KEYS
