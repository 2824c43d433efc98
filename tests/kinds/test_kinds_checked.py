"""A kind of another package that has a defect breaks its own claim alone, which says where the defect is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from neuronclaims import stats
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds import registry
from neuronclaims.kinds.checked import CheckedKind
from neuronclaims.kinds.kind import FACT, Attainable, ClaimError, Finding, Sample, Statement
from neuronclaims.results import Selection, UnitValues
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.study import Study

LAYER = stats.EffectSize("layer", "layer")
TEST = stats.two_sample_test(
    [4.0, 5, 6], [1.0, 2, 3], exchange=stats.UNITS, statistic="mean", alternative="less",
    resampling=stats.Resampling(seed=0),
)  # fmt: skip


@dataclass(frozen=True)
class Early:
    neuron: Neuron
    layer: int


@dataclass(frozen=True)
class Deep:
    neuron: Neuron
    layer: int


class EarlyKind:
    """A kind without a defect: where a neuron lies is a fact."""

    name = "early"
    template = Template("neuron {neuron:neuron} lies at most in layer {layer:count}", Early)

    def attainable(self, claim):
        return FACT

    def joint_test_key(self, claim):
        return None

    def needs(self, claim, facts):
        return ()

    def judge(self, claim, answers, family):
        said = claim.sentence
        return Finding(
            estimate=stats.Estimate(LAYER, said.neuron.layer, None, None, 0.95, "read off"),
            statement=Statement("less", said.layer, said.layer, f"at most {said.layer}"),
            test=None,
            sample=Sample("neuron", ()),
            selection=Selection("beforehand"),
        )


class DeepKind(EarlyKind):
    """The same in other words; a test gives one of its methods a defect."""

    name = "deep"
    template = Template("neuron {neuron:neuron} lies in no layer above {layer:count}", Deep)


def changed(**parts):
    return lambda self, *given: replace(EarlyKind.judge(self, *given), **parts)


def estimated(value):
    return changed(estimate=stats.Estimate(LAYER, value, None, None, 0.95, "read off"))


def values(scale, paired, first=(1.0,), second=(2.0,)):
    keys = tuple(map(str, first)), tuple(map(str, second))
    return lambda self, *given: replace(
        EarlyKind.judge(self, *given), units=UnitValues("x", scale, paired, keys, (first, second))
    )


def drawn(label, numbers):
    return changed(figures=(Distributions("value", (Row(label, numbers),)),))


@pytest.fixture
def verdicts(tmp_path, monkeypatch):
    """Judge one claim of each kind together."""
    path = tmp_path / "x.claims.yaml"
    head = "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\nclaims:\n"
    path.write_text(
        head + "  - neuron 2:3 lies at most in layer 5\n  - neuron 2:3 lies in no layer above 5\n"
    )

    def judge(kind):
        both = EarlyKind(), CheckedKind(kind)
        monkeypatch.setattr(registry, "kinds", lambda: both)
        file = read_claim_file(path, [each.template for each in both])
        return [*Study().judge(file, "demo").values()]

    return judge


def test_a_kind_without_a_defect_is_judged_as_it_would_be_unchecked(verdicts):
    assert [(result.verdict, result.error) for result in verdicts(DeepKind())] == [("supported", None)] * 2


HERE = rf" \({Path(__file__).name}, line \d+\)"
DEFECTS = {
    "judge raises": ("judge", changed(oops=1), f"judge{HERE}: TypeError: .*oops"),
    "no such key": ("needs", lambda self, *_: {}["x"], f"needs{HERE}: KeyError: 'x'."),
    "an empty text": (
        "judge",
        lambda self, *_: [].pop() if self else None,
        "IndexError: pop from empty list",
    ),
    "a library's refusal": ("judge", lambda self, *_: stats.adjust([2.0], "holm"), f"judge{HERE}: "),
    "forgot to return": ("judge", lambda self, *_: None, "judge: it gives nothing, not Finding."),
    "a method as p": (
        "attainable",
        lambda self, *_: Attainable(min, "x"),
        "attainable: smallest_p is an object of type builtin_function_or_method, not a number from 0 to 1.",
    ),
    "p above 1": (
        "attainable",
        lambda self, *_: Attainable(1.5, "x"),
        "smallest_p is 1.5, not a number from",
    ),
    "no attainable": ("attainable", lambda self, *_: None, "attainable: it gives nothing, not Attainable."),
    "one measurement": ("needs", lambda self, *_: FACT, "of type Attainable, not a tuple of measurements."),
    "other things": ("needs", lambda self, *_: (FACT,), "of type Attainable among its measurements."),
    "a list as key": ("joint_test_key", lambda self, *_: [1], "joint_test_key.*unhashable"),
    "a test of a fact": ("judge", changed(test=TEST), "has a test, so attainable must say tested=True."),
    "no test": ("attainable", lambda self, *_: Attainable(0.0, "x"), "has no test, so .* say tested=False."),
    "nan": ("judge", estimated(float("nan")), "estimate.value is nan, not a number."),
    "a text as effect": (
        "judge",
        estimated("2"),
        "estimate holds a text where a number belongs.",
    ),
    "a word as side": ("judge", changed(statement=Statement("more", 5, 5)), "side must be one of greater"),
    "a threshold before the null": (
        "judge",
        changed(statement=Statement("less", 0.0, 5)),
        "The number claimed, 5, is on the wrong side of 0",
    ),
    "a note as text": ("judge", changed(notes="a note"), "notes must be a tuple; of one alone it is"),
    "a number as note": ("judge", changed(notes=(3,)), "notes.0 is an object of type int: .* valid string"),
    "counts by name": (
        "judge",
        changed(sample=Sample("prompt", {"a": 3})),
        "sample.counts is an object of type dict",
    ),
    "no unit": ("judge", changed(sample=Sample(None, ())), "sample.unit is nothing: .* valid string"),
    "no selection": ("judge", changed(selection=None), "selection is nothing"),
    "a number as rank": ("judge", changed(rank=3), "rank is an object of type int"),
    "one figure": ("judge", changed(figures=Row("a", (1.0,))), "figures must be a tuple"),
    "a figure with nan": ("judge", drawn("a", (1.0, float("nan"))), r"figures.rows.0.values.1 is nan"),
    "a number as label": ("judge", drawn(3, (1.0,)), "figures.rows.0.label is an object of type int"),
    "an effect without a name": (
        "judge",
        changed(estimate=stats.Estimate(stats.EffectSize("x", None), 2, None, None, 0.95, "read off")),
        "estimate.effect.name is nothing",
    ),
    "a scale of its own": ("judge", values("layers", True), f"judge{HERE}: ValueError: values have a scale"),
    "a ratio without pairs": ("judge", values("ratio", False), "the values of a ratio must be in pairs."),
    "pairs of 1 and 2": (
        "judge",
        values("sd", True, (1.0,), (1.0, 2.0)),
        "there are 1 and 2 values in pairs.",
    ),
}


def test_a_defect_breaks_its_own_claim_alone_and_names_its_place(verdicts, subtests):
    for what, (method, defect, said) in DEFECTS.items():
        with subtests.test(what):
            kind = type("Defective", (DeepKind,), {method: defect})()
            ours, theirs = verdicts(kind)
            assert (ours.verdict, ours.error) == ("supported", None)
            if what == "a list as key":  # asked only where a file tests claims together
                with pytest.raises(ClaimError, match=said):
                    CheckedKind(kind).joint_test_key(None)
                continue
            assert theirs.verdict is None
            assert re.search(f"^The kind of claim 'deep' fails in .*{said}", theirs.error), theirs.error


def test_numbers_of_numpy_are_numbers(verdicts):
    for judge in (estimated(np.float32(2)), drawn("a", np.array([1.0, 2.0])), drawn("a", (np.float32(1),))):
        kind = type("Numpy", (DeepKind,), {"judge": judge})()
        assert [result.verdict for result in verdicts(kind)] == ["supported"] * 2
