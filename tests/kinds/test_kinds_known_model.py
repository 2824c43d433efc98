"""Every kind of claim on a transformer whose weights were set by hand, so that all answers are known beforehand.

Neuron 0:3 of mlp_post fires on "dog" alone and writes " tree", 0:0 is dead, 0:1 constant; attention does nothing, so
every head looks at all tokens alike. See
``changed_claims.one_writer``: at "dog" the norm before the MLP makes 4 of the embedding's 1, 0:3 takes twice that, and
what it writes, +8 at residual 4 and -8 at residual 7, becomes 8 / sqrt((1 + 1 + 64 + 64) / 32) behind the final norm;
the unembedding of "tree" has 3 there. Values that do not spread at all leave no interval: then an exact test of the
claim's boundary counts alone, and where there is none, the claim stays inconclusive.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import product

import pytest
import torch
from cases import for_each
from changed_claims import one_writer

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kinds, templates
from neuronclaims.models.sources import LoadedModel
from neuronclaims.results import Result
from neuronclaims.study import Study

OPENINGS = [
    f"{one} {two}" for one, two in product(["the", "a", "old"], ["red", "big", "small", "blue", "green"])
]
"""15: one more than the fewest that show a mean at .05, 0.8^14 = .044, though nothing else varies."""
LATER = [f"he saw {one}" for one in OPENINGS]
PLACES = ("river", "tree", "house", "lake", "street", "market", "morning", "evening", "food", "rice")
SETS = {
    "dogs": [f"{opening} dog" for opening in OPENINGS],
    "more_dogs": [f"{opening} dog" for opening in LATER],
    "cats": [f"{opening} cat" for opening in OPENINGS],
    "birds": [f"{opening} bird" for opening in LATER],
    "fit_dogs": [f"it ate {opening} dog" for opening in OPENINGS],
    "fit_cats": [f"it ate {opening} cat" for opening in OPENINGS],
    "neutral": [f"she sang near the {which}" for which in ("dog", "cat")]
    + [f"they ran under the {which}" for which in ("dog", "cat")],
    "counted": [
        {"text": f"{opening} {animal}", "numbers": {"dogs": number}}
        for opening in OPENINGS
        for animal, number in (("dog", 2), ("cat", 1))
    ],
    "turns": [
        {"text": f"{OPENINGS[turn // 2]} {('dog', 'cat')[turn % 2]}", "numbers": {"turn": turn}}
        for turn in range(30)
    ],
    "documents": [
        f"the {animal} saw one dog and the cat near {place}"
        for animal in ("cat", "bird")
        for place in ("the river", "a tree", "the house", "the lake")
    ],
    "labelled": [
        {"text": text, "labels": [[text.index("dog"), text.index("dog") + 3, "dog"], [0, 3, "article"]]}
        for text in [
            f"the {animal} saw one dog in the {place}" for animal in ("cat", "bird") for place in PLACES
        ]
    ],
}
PAIRS = {"animals": [{"clean": f"{one} dog", "corrupted": f"{one} cat"} for one in OPENINGS]}
FIRES = 8.0
LOGIT = 3 * FIRES / (130 / 32) ** 0.5
PROJECTED = 3 * (FIRES / 130) / ((1 + (1 + 129**2 + 2 * FIRES**2) / 130**2) / 32) ** 0.5
"""The same without the direction from cats to dogs, (1, -1, 0, 0, 8, 0, 0, -8): of a dog's state it takes 129/130.

What is left of (1, 0, -1, 0, 8, 0, 0, -8) is (1/130, 129/130, -1, 0, 8/130, 0, 0, -8/130).
"""
WRITES = 'neuron 0:3 writes " tree" more than'
CLAIMS: dict[str, tuple[str, str, float | None, dict[str, object]]] = {
    "contrast": ("neuron 0:3 activates more for dogs than cats", "supported", FIRES, {}),
    "contrast, other way": ("neuron 0:3 activates less for dogs than cats", "refuted", FIRES, {}),
    "contrast, constant": ("neuron 0:1 activates more for dogs than cats", "inconclusive", 0.0, {}),
    "contrast, direction": (
        "direction doggy at layer 0 activates more for dogs than cats",
        "supported",
        1.0,
        {"site": "resid_post"},
    ),
    "separation": ("neuron 0:3 separates dogs from cats with AUROC at least 0.7", "supported", 1.0, {}),
    "separation, dead": ("neuron 0:0 separates dogs from cats", "inconclusive", 0.5, {}),
    "separation, some": ("some neuron of layer 0 separates dogs from cats", "supported", 1.0, {}),
    "consistency": (
        "neuron 0:3 is among the top 1 neurons for dogs over cats in at least 50% of prompts",
        "supported",
        1.0,
        {},
    ),
    "absence": (
        "neuron 0:0 is not among the top 1 neurons for dogs over cats in more than 40% of prompts",
        "supported",
        0.0,
        {},
    ),
    "overlap": ("dogs and more_dogs share at least 1 of their top 1 neurons over cats", "supported", 1.0, {}),
    "nearer overlap": (
        "dogs overlaps more with more_dogs than with birds in their top 1 neurons over cats",
        "supported",
        1.0,
        {},
    ),
    "concept matrix": (
        "dogs and more_dogs share more of their top 1 neurons over cats than any other two of them and birds",
        "supported",
        1.0,
        {},
    ),
    "restoration": (
        'restoring neuron 0:3 recovers at least 90% of " tree" over " river" in animals',
        "supported",
        1.0,
        {},
    ),
    "restoration, dead": (
        'restoring neuron 0:0 recovers at least 10% of " tree" over " river" in animals',
        "refuted",
        0.0,
        {},
    ),
    "restoration, direction": (
        'restoring direction doggy at layer 0 recovers at least 90% of " tree" over " river" in animals',
        "supported",
        1.0,
        {"site": "resid_post"},
    ),
    "corruption": (
        'corrupting neuron 0:3 removes at least 90% of " tree" over " river" in animals',
        "supported",
        1.0,
        {},
    ),
    "steering": ('adding 8 to neuron 0:3 raises " tree" over " river" in cats', None, LOGIT, {}),
    "steering, direction": (
        'adding 1 doggy at layer 0 raises " tree" over " river" in cats',
        None,
        LOGIT,
        {"site": "resid_post"},
    ),
    "ablation, direction": (
        'ablating direction doggy at layer 0 lowers " tree" over " river" in dogs',
        None,
        PROJECTED - LOGIT,
        {"site": "resid_post"},
    ),
    "scaling": ('scaling neuron 0:3 by 0 lowers " tree" over " river" in dogs', None, -LOGIT, {}),
    "scaling, dead": (
        'scaling neuron 0:0 by 5 raises " tree" over " river" in dogs',
        "inconclusive",
        0.0,
        {},
    ),
    "clamping": ('clamping neuron 0:3 to 8 raises " tree" over " river" in cats', None, LOGIT, {}),
    "ablation": ('ablating neuron 0:3 lowers " tree" over " river" in dogs', None, -LOGIT, {}),
    # No other neuron of the layer writes anything.
    "ablation, more than random neurons": (
        'ablating neuron 0:3 lowers " tree" over " river" in dogs more than random neurons do',
        None,
        -LOGIT,
        {},
    ),
    "ablation, dead": ('ablating neuron 0:0 lowers " tree" over " river" in dogs', "inconclusive", 0.0, {}),
    "prediction": ('neuron 0:3 predicts " tree" in documents with AUROC at least 0.6', "supported", 1.0, {}),
    "plain ranking": (
        "neuron 0:3 is among the top 1 neurons for dogs in at least 50% of prompts",
        "supported",
        1.0,
        {},
    ),
    "plain absence": (
        "neuron 0:3 is not among the top 1 neurons for cats in more than 50% of prompts",
        "supported",
        0.0,
        {},
    ),
    "exclusive ranking": (
        "neuron 0:3 is among the top 1 neurons for dogs and for none of cats, birds in at least 50% of prompts",
        "supported",
        None,
        {},
    ),
    "period": (
        "neuron 0:3 goes with turn in turns with period 2 explaining at least 50%",
        "supported",
        None,
        {},
    ),
    "period, other": (
        "neuron 0:3 does not go with turn in turns with period 5",
        "supported",
        None,
        {"margin": 0.6},
    ),
    "correlation": (
        "neuron 0:3 rises with dogs in counted with correlation at least 0.7",
        "supported",
        1.0,
        {},
    ),
    "correlation, other way": ("neuron 0:3 falls with dogs in counted", "refuted", 1.0, {}),
    "correlation, some": ("some neuron of layer 0 goes with dogs in counted", "supported", 1.0, {}),
    "correlation, direction": (
        "direction doggy at layer 0 rises with dogs in counted with correlation at least 0.7",
        "supported",
        1.0,
        {"site": "resid_post"},
    ),
    "separation, probe": (
        "probe writer separates dogs from cats with AUROC at least 0.7",
        "supported",
        1.0,
        {},
    ),
    "ablation, probe": (
        'ablating probe writer lowers " tree" over " river" in dogs',
        None,
        -LOGIT,
        {},
    ),
    "correlation, position": (
        "neuron 0:3 rises with position in dogs with correlation at least 0.5",
        "supported",
        3**0.5 / 2,
        {},
    ),
    "correlation, constant": ("neuron 0:1 goes with dogs in counted", "inconclusive", None, {}),
    "prediction, class": ('neuron 0:3 predicts tokens matching "tr.+" in documents', "supported", 1.0, {}),
    "prediction, several": ('neuron 0:3 predicts " tree" or " river" in documents', "supported", 1.0, {}),
    # "predicts" looks at what the model writes after "dog", a label at "dog" itself.
    "prediction, label": (
        'neuron 0:3 predicts label "dog" in labelled with AUROC at least 0.6',
        "supported",
        1.0,
        {},
    ),
    "prediction, other label": (
        'neuron 0:3 does not predict label "article" in labelled',
        "supported",
        3 / 7,
        {"margin": 0.2},
    ),
    "proportion, label": (
        'neuron 0:3 above 4 predicts label "dog" in at least 50% of positions in labelled',
        "supported",
        1.0,
        {},
    ),
    "proportion": (
        'neuron 0:3 above 4 predicts " tree" in at least 50% of positions in documents',
        "supported",
        1.0,
        {},
    ),
    "proportion, low": (
        'neuron 0:1 above -9 predicts " tree" in at most 60% of positions in documents',
        "supported",
        None,
        {},
    ),
    # On top at "dog" alone, one of 11 positions: 12 x 1 x 10 x 1/2 / (11 x 12).
    "share trend": (
        'the share of " tree" among top predictions rises with neuron 0:3 in documents',
        None,
        5 / 11,
        {},
    ),
    "congruence": (f"{WRITES} 99% of tokens", "supported", 1.0, {}),
    "congruence, layer": (f"{WRITES} 99% of its layer", "supported", 1.0, {}),
    "congruence, dead": ('neuron 0:0 writes " tree" more than 1% of tokens', "refuted", 0.0, {}),
    "outlier": (
        "resid_post neuron 0:4 is an outlier beyond 6 in at least 10% of tokens in dogs",
        "supported",
        1 / 3,
        {},
    ),
    "no outlier": (
        "resid_post neuron 0:4 is not an outlier beyond 6 in more than 60% of tokens in dogs",
        "supported",
        1 / 3,
        {},
    ),
    "massive": ("resid_post neuron 0:4 is massive in dogs", "refuted", 0.0, {}),
    "not massive": (
        "resid_post neuron 0:4 is not massive in more than 60% of prompts in dogs",
        "supported",
        0.0,
        {},
    ),
    "band": ("at least 90% of layer 0 lies within 2 of zero in dogs", None, 1 - 1 / (3 * 8), {}),
    "activity": (
        "doggy activity is higher for dogs than birds in layers 0 to 1",
        "supported",
        2 * (3 / 4) ** 0.5,
        {"site": "resid_post"},
    ),
    "activity alike": (
        "doggy activity does not differ between dogs and more_dogs in layers 0 to 1",
        "inconclusive",
        0.0,
        {"site": "resid_post", "margin": 0.5},
    ),
    "attention": (
        "head 0:1 attends to first of prompt from last in dogs with at least 10%",
        "supported",
        1 / 3,
        {},
    ),
    "attention, some": (
        "some head attends to first of prompt from last in dogs with at least 2%",
        None,
        1 / 3,
        {},
    ),
    "no attention": (
        "every head of 0:1, 1:2 does not attend to first of prompt from last in dogs with more than 70%",
        "supported",
        1 / 3,
        {},
    ),
    "attention contrast": (
        "head 0:1 attends more to first of prompt from last for dogs than birds",
        "supported",
        1 / 3 - 1 / 5,
        {},
    ),
    "attention separation": (
        "head 0:1 separates dogs from birds by attention to first of prompt from last with AUROC at least 0.7",
        "supported",
        1.0,
        {},
    ),
    "attention preference": (
        "head 0:1 attends more to prompt than to first of prompt from last in dogs",
        "supported",
        2 / 3,
        {},
    ),
    "activity somewhere": (
        "doggy activity differs between dogs and cats somewhere",
        "supported",
        None,
        {"site": "resid_post"},
    ),
}


@cache
def model() -> LoadedModel:
    """Let "the" be the top prediction wherever "tree" is not."""
    made = one_writer()
    with torch.no_grad():
        made.model.lm_head.weight[made.tokenizer.convert_tokens_to_ids("the"), 1] = 1.0
    return made


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, Result]:
    """Judge each claim as a file of its own, so that none is corrected for the others."""
    folder = tmp_path_factory.mktemp("known")
    found = {}
    for number, (name, (claim, _, _, settings)) in enumerate(CLAIMS.items()):
        path = folder / f"{number}.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [handed]\nsite: mlp_post\ntokens: last of prompt\n"
            f"sets: {json.dumps(SETS)}\npairs: {json.dumps(PAIRS)}\n"
            "directions: {doggy: {from: [fit_dogs, fit_cats], method: mean difference, neutral: neutral}}\n"
            "probes: {writer: {neurons: {0:3: 0.5}, at: mlp_post}}\n"
            f"claims: {json.dumps([{'claim': claim, **settings}])}\n"
        )
        file = read_claim_file(path, templates())
        [found[name]] = Study(models={"handed": model()}).judge(file, "handed").values()
    return found


@for_each("name", CLAIMS)
def test_the_number_is_the_one_set_by_hand(name, results):
    result, number = results[name], CLAIMS[name][2]
    assert result.error is None
    if number is not None:
        assert result.evidence.effect.value == pytest.approx(number, rel=1e-3, abs=1e-6)


@for_each("name", [name for name, (_, verdict, _, _) in CLAIMS.items() if verdict])
def test_the_verdict_is_the_one_that_follows(name, results):
    assert (results[name].verdict, results[name].reason) == (CLAIMS[name][1], results[name].reason)


def test_every_kind_is_put_to_the_model():
    names = {kind.name for kind in kinds()}
    assert {name.split(",")[0] for name in CLAIMS} == names
