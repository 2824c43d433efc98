from __future__ import annotations

import pytest
from cases import for_each
from flat import decide
from stats_judge import judge

from neuronclaims.stats import Estimate, decide_fact, explain
from neuronclaims.stats.effects.effect_size import AUROC, MEAN_DIFFERENCE
from neuronclaims.stats.effects.estimate import Caution
from neuronclaims.stats.verdicts import VERDICT_OF

SENTENCES = [
    (
        judge(0.613, 0.8, 0.931, threshold=0.7, side="two-sided", p=0.31),
        {"claimed": "AUROC at least 0.7", "advice": "With 34 it is."},
        'The 95 % interval of the AUROC [0.613, 0.931] includes 0.7, so neither "AUROC at least 0.7" nor its opposite '
        "is shown (p = 0.31, above the limit of 0.05). With 34 it is.",
    ),
    (
        judge(0.25, 0.5, 0.75, threshold=0.7, side="two-sided", p=0.2),
        {},
        'The 95 % interval of the AUROC [0.25, 0.75] includes 0.3 and 0.7, so neither "at least 0.7 or at most 0.3" '
        "nor its opposite is shown (p = 0.2, above the limit of 0.05).",
    ),
    (
        judge(0.6, 0.8, 0.9, p=0.0012, side="two-sided"),
        {"family": 12},
        "The AUROC is 0.8 (95 % interval [0.6, 0.9]), above 0.5, as claimed (adjusted p = 0.0012, within the limit of "
        "0.05).",
    ),
    (
        judge(0.1, 0.2, 0.25, threshold=0.3, side="less", p=0.05),
        {},
        "The AUROC is 0.2 (95 % interval [0.1, 0.25]), below 0.3, as claimed (p = 0.05, within the limit of 0.05).",
    ),
    (
        judge(0.6, 0.8, 0.9, p=0.0),
        {},
        "The AUROC is 0.8 (95 % interval [0.6, 0.9]), above 0.5, as claimed (p < 1e-300, within the limit of 0.05).",
    ),
    (
        judge(1234.6, 12345.6, 2.5e10, p=0.4),
        {},
        "The AUROC is 12300 (95 % interval [1230, 2.5e+10]), above 0.5, which chance alone could explain "
        "(p = 0.4, above the limit of 0.05).",
    ),
    (
        judge(0.1, 0.2, 0.4),
        {},
        "The AUROC is 0.2 (95 % interval [0.1, 0.4]), below 0.5, against the claim (p = 0.01, within the limit of "
        "0.05).",
    ),
    (
        judge(0.31, 0.5, 0.69, threshold=0.7, side="two-sided"),
        {"claimed": "AUROC at least 0.7"},
        'The AUROC is 0.5 (95 % interval [0.31, 0.69]), between 0.3 and 0.7, against "AUROC at least 0.7" (p = 0.01, '
        "within the limit of 0.05).",
    ),
    (
        judge(0.6, 0.7, 0.8, p=0.0500004, least=0.001),
        {"family": 20},
        "The AUROC is 0.7 (95 % interval [0.6, 0.8]), above 0.5, but among 20 claims corrected together chance alone "
        "could explain it (adjusted p = 0.0500004, above the limit of 0.05).",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.4, least=0.179),
        {"counts": (3, 5), "family": 10, "advice": "More."},
        "With 3 and 5 prompts and 10 claims corrected together, the smallest adjusted p possible is 0.179: no result "
        "could support the claim at the limit of 0.05. More.",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.4),
        {"counts": (4, 8)},
        "The 95 % interval of the AUROC [0.4, 0.8] includes 0.5, so neither the claim nor its opposite is shown (p = "
        "0.4, above the limit of 0.05).",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.5, least=0.0625),
        {"counts": (4, 4), "unit": "pair"},
        "With 4 pairs, the smallest p possible is 0.0625: no result could support the claim at the limit of 0.05.",
    ),
    (
        judge(0.5, 0.6, 0.8, p=0.0499, resolved=False),
        {},
        "Random relabelling cannot tell on which side of the limit 0.05 the p lies (estimate 0.0499).",
    ),
    (
        judge(0.5, 0.5, 0.5, p=1.0, degenerate=True),
        {"advice": "More."},
        "The values are the same in both sets throughout, so there is nothing to test.",
    ),
    (
        judge(None, 1.0, None, threshold=0.7, p=0.01),
        {},
        "The values vary too little to give the AUROC an interval.",
    ),
    (
        judge(0.7996, 0.9, 0.95, threshold=0.8, p=0.051),
        {},
        'The 95 % interval of the AUROC [0.7996, 0.95] includes 0.8, so neither "at least 0.8" nor its opposite is '
        "shown (p = 0.051, above the limit of 0.05).",
    ),
    (
        judge(0.42, 0.51, 0.6, side="within", threshold=0.7, p=0.003),
        {"advice": "More."},
        "The AUROC is 0.51 (95 % interval [0.42, 0.6]), between 0.3 and 0.7, as claimed (p = 0.003, within the limit "
        "of 0.05).",
    ),
    (
        judge(0.1, 0.3, 0.6, side="not greater", threshold=0.7, p=0.003),
        {"family": 3},
        "The AUROC is 0.3 (95 % interval [0.1, 0.6]), below 0.7, as claimed (adjusted p = 0.003, within the limit of "
        "0.05).",
    ),
    (
        judge(0.42, 0.6, 0.75, side="within", threshold=0.7, p=0.11),
        {"counts": (10, 10), "advice": "More."},
        'The 95 % interval of the AUROC [0.42, 0.75] includes 0.7, so neither "between 0.3 and 0.7" nor its opposite '
        "is shown (p = 0.11, above the limit of 0.05). More.",
    ),
    (
        judge(0.75, 0.8, 0.9, side="not greater", threshold=0.7),
        {"claimed": "not more than by 0.2"},
        'The AUROC is 0.8 (95 % interval [0.75, 0.9]), above 0.7, against "not more than by 0.2" (p = 0.01, within '
        "the limit of 0.05).",
    ),
    (
        judge(None, 0.4, None, threshold=0.7, denominator_positive=False),
        {"advice": "More."},
        "The effect to be recovered (what the AUROC divides by) is not clearly above 0, so there is nothing to "
        "recover.",
    ),
]


OTHER_SIZES = [
    ((40,), "document", "With 40 documents"),
    ((1,), "document", "With 1 document"),
    ((12,), "pair", "With 12 pairs"),
    ((12, 12), "pair", "With 12 pairs"),
    ((5, 6, 1007), "prompt", "With 5, 6 and 1,007 prompts"),
    ((5, 5, 5), "prompt", "With 5 prompts per set"),
]


@pytest.mark.parametrize(("counts", "unit", "begins"), OTHER_SIZES)
def test_any_number_of_sizes_can_be_named(counts, unit, begins):
    decision = judge(0.4, 0.6, 0.8, p=0.4, least=0.179)
    sentence = explain(decision, effect="share", counts=counts, unit=unit)
    assert sentence.startswith(f"{begins}, the smallest p possible is 0.179")


def test_what_never_varies_in_one_set_is_not_called_the_same_in_both():
    decision = judge(None, 0.5, None, degenerate=True)
    assert explain(decision, effect="share", counts=(9,)).startswith("The values are the same throughout")


FACTS = [
    (
        {"threshold": 0.999, "value": 0.9995},
        {"measured": 'the neuron writes " an" more than 99.95 % of tokens', "claimed": "at least 99.9 %"},
        'The neuron writes " an" more than 99.95 % of tokens; at least 99.9 % was claimed.',
    ),
    (
        {"threshold": 0.999, "value": 0.99899},
        {},
        "The share of tokens is 0.99899; at least 0.999 was claimed.",
    ),
    (
        {"threshold": None, "value": 0.49999},
        {},
        "The share of tokens is 0.49999, below 0.5.",
    ),
    (
        {"threshold": None, "value": None},
        {},
        "The share of tokens is undefined, so there is nothing to compare.",
    ),
]


@pytest.mark.parametrize(("claimed", "words", "sentence"), FACTS)
def test_a_fact_is_told_without_p_or_interval(claimed, words, sentence):
    decision = decide_fact(side="greater", null=0.5, **claimed)
    assert explain(decision, effect="share of tokens", family=12, counts=(50257,), **words) == sentence


@for_each("decision, words, sentence", SENTENCES)
def test_every_verdict_is_explained_with_its_numbers(decision, words, sentence):
    assert explain(decision, effect="AUROC", **words) == sentence


def test_every_reason_has_a_sentence():
    told = {decision.reason for decision, _, _ in SENTENCES}
    told |= {decide_fact(side="greater", null=0.5, **claimed).reason for claimed, _, _ in FACTS}
    assert told | {"cautioned"} == set(VERDICT_OF)


@for_each(
    "value, threshold, sets, place",
    [
        (
            0.002,
            None,
            ("hanoi", "baseline"),
            "below 0.5: values are higher for baseline than for hanoi, as claimed",
        ),
        (
            0.9,
            0.8,
            ("hanoi", "baseline"),
            "above 0.8: values are higher for hanoi than for baseline, as claimed",
        ),
        (0.1, 0.8, None, "below 0.2: the second set is the higher one, as claimed"),
        (0.6, 0.8, ("hanoi", "baseline"), 'between 0.2 and 0.8, against "AUROC at least 0.8"'),
    ],
)
def test_a_claim_either_way_says_which_set_is_the_higher_one(value, threshold, sets, place):
    found = Estimate(AUROC, value, value - 0.001, value + 0.001, 0.95, "by hand")
    options = {"side": "two-sided", "null": 0.5, "p_adjusted": 0.01, "smallest_p_adjusted": 0.001}
    decision = decide(threshold=threshold, estimate=found, sets=sets, **options)
    said = explain(decision, effect="AUROC", claimed="AUROC at least 0.8" if threshold else None)
    assert place in said


def test_a_caution_says_why_nothing_follows_and_what_to_claim_instead():
    caution = Caution("rests_on_few", "Its mean rests on about 2.", 0.6)
    estimate = Estimate(MEAN_DIFFERENCE, 1.2, 0.4, 2.0, 0.95, "t interval", caution=caution)
    decision = decide(
        side="greater",
        null=0.0,
        threshold=None,
        estimate=estimate,
        p_adjusted=0.6,
        smallest_p_adjusted=0.001,
        cautioned=True,
    )
    assert (decision.verdict, decision.reason) == ("inconclusive", "cautioned")
    assert explain(decision, effect="mean change") == (
        "The mean change is 1.2 (95 % interval [0.4, 2]), above 0, but this is not shown (p = 0.6, above the limit "
        "of 0.05). Its mean rests on about 2."
    )
