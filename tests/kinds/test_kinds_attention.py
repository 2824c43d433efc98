"""Claims about heads on a transformer whose attention was set by hand, and how their sentences read.

Head 0:1 gives the key of "dog" a score of ``SCORE`` and all others 0, so from the last of n tokens with one "dog" it
looks at it with e^s / (e^s + n - 1); all other heads look at all tokens alike. What it sees there, 4 behind the norm,
it writes doubled to residual 4, from which "tree" is read with 3, and its opposite to residual 6, so that no
mean moves.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import pytest
import torch
from changed_claims import one_writer

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.models.sources import LoadedModel
from neuronclaims.results import Result
from neuronclaims.sentences.parser import SentenceError, parse
from neuronclaims.study import Study

SCORE = 3.0
WORDS = (
    "red",
    "big",
    "small",
    "blue",
    "green",
    "old",
    "new",
    "one",
    "he",
    "she",
    "it",
    "they",
    "food",
    "rice",
    "lake",
)
SETS = {
    "dogs": [{"text": f"the dog saw {word} house", "spans": {"animal": "dog"}} for word in WORDS],
    "cats": [{"text": f"the cat saw {word} house", "spans": {"animal": "cat"}} for word in WORDS],
}
PAIRS = [{"clean": f"the dog saw {word} house", "corrupted": f"the cat saw {word} house"} for word in WORDS]
DOG = math.exp(SCORE) / (math.exp(SCORE) + 4)
MEAN = (1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5
TO_DOG = "attends to animal from last in dogs with at least"
CLAIMS: dict[str, tuple[str, str, float]] = {
    "looks": (f"head 0:1 {TO_DOG} 60%", "supported", DOG),
    "looks elsewhere": (f"head 0:2 {TO_DOG} 60%", "refuted", 1 / 5),
    "every": (f"every head of 0:1, 0:2 {TO_DOG} 60%", "refuted", 1 / 5),
    "some": (f"some head {TO_DOG} 40%", "supported", DOG),
    "some of a layer": (f"some head of layer 1 {TO_DOG} 60%", "refuted", 1 / 5),
    "not": ("head 0:2 does not attend to animal from last in dogs with more than 60%", "supported", 1 / 5),
    "more": (
        "head 0:1 attends more to animal from last for dogs than cats by at least 0.2",
        "inconclusive",  # values that do not spread have no interval
        DOG - 1 / 5,
    ),
    "more, searched": (
        "some head attends more to animal from last for dogs than cats",
        "supported",
        DOG - 1 / 5,
    ),
    "apart": ("head 0:1 separates dogs from cats by attention to animal from last", "supported", 1.0),
    "rather": (
        "head 0:1 attends more to animal than to itself from last in dogs",
        "supported",
        DOG - (1 - DOG) / 4,
    ),
    "several tokens": (
        "head 0:2 attends to prompt from all of prompt in dogs with at least 60%",
        "supported",
        1.0,
    ),
    "mean": (
        "head 0:2 attends to itself from all of prompt in dogs with at least 20%",
        "supported",
        MEAN,
    ),
}


@cache
def model() -> LoadedModel:
    made = one_writer()
    attention, size = made.model.transformer.h[0].attn, 32 // 4
    dog = made.tokenizer.convert_tokens_to_ids("dog")
    with torch.no_grad():
        state = made.model.transformer.h[0].ln_1(made.model.transformer.wte.weight[dog])
        attention.c_attn.bias[size] = 1.0  # the first number of head 1's queries
        attention.c_attn.weight[0, 32 + size] = SCORE * size**0.5 / state[0]
        attention.c_attn.weight[0, 64 + size] = 1.0  # the first number of its values
        attention.c_proj.weight[size, 4], attention.c_proj.weight[size, 6] = 2.0, -2.0
    return made


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, Result]:
    """Judge each claim as a file of its own, so that none is corrected for the others."""
    folder, found = tmp_path_factory.mktemp("heads"), {}
    for number, (name, (claim, _, _)) in enumerate(CLAIMS.items()):
        path = folder / f"{number}.claims.yaml"
        path.write_text(f"version: 1\nmodels: [handed]\nsets: {json.dumps(SETS)}\nclaims:\n  - {claim}\n")
        file = read_claim_file(path, templates())
        [found[name]] = Study(models={"handed": model()}).judge(file, "handed").values()
    return found


@pytest.mark.parametrize("name", CLAIMS)
def test_attention_is_the_one_set_by_hand(name, results):
    _, verdict, number = CLAIMS[name]
    found = results[name]
    assert found.error is None
    assert found.evidence.effect.value == pytest.approx(number, abs=1e-6)
    assert (found.verdict, found.reason) == (verdict, found.reason)


@pytest.mark.parametrize(
    ("claim", "number", "verdict"),
    [
        ('ablating head 0:1 lowers " tree" over " river" in dogs', -1.0, None),
        ('ablating head 0:2 lowers " tree" over " river" in dogs', 0.0, "inconclusive"),
        ('{claim: \'ablating head 0:1 lowers " tree" over " river" in dogs\', controls: layer}', -1.0, None),
        ('scaling head 0:1 by 0 lowers " tree" over " river" in dogs', -1.0, None),
        ('restoring head 0:1 recovers at least 90% of " tree" over " river" in animals', None, "supported"),
        ('restoring head 0:2 recovers at least 10% of " tree" over " river" in animals', 0.0, "refuted"),
    ],
)
def test_a_head_that_writes_is_missed_when_it_is_changed(claim, number, verdict, tmp_path: Path):
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [handed]\ntokens: last of prompt\nsets: {json.dumps(SETS)}\n"
        f"pairs: {json.dumps({'animals': PAIRS})}\nclaims:\n  - {claim}\n"
    )
    [found] = Study(models={"handed": model()}).judge(read_claim_file(path, templates()), "handed").values()
    assert found.error is None
    written = 2 * 4 * DOG
    logit = 3 * written / ((2 + 2 * written**2) / 32 + 1e-5) ** 0.5
    expected = 1.0 if number is None else number * logit
    assert found.evidence.effect.value == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert verdict is None or (found.verdict, found.reason) == (verdict, found.reason)
    assert "neuron" not in " ".join(found.evidence.notes).replace("neurons searched", "")
    if "layer" in claim:
        assert found.evidence.rank.place == 1
        assert found.evidence.rank.among == 4


def test_a_searched_head_is_called_a_head(results):
    evidence = results["some"].evidence
    assert evidence.selection.neurons == 2 * 4
    words = " ".join(evidence.notes)
    assert "Found among 8 heads: head 0:1." in words
    assert "neuron" not in words + evidence.effect.method
    assert evidence.figures[-1].rows[0][0] == "0:1"


@pytest.mark.parametrize(
    "sentence",
    [
        "head 9:6 attends to subject from last in ioi with at least 40%",
        'every head of 9:6, 9:9 attends to last of "New York" from first after subject in ioi with at least 40%',
        "some head of layers 9 to 10 attends to what followed earlier copies from prompt in ioi with at least 40%",
        'head 9:6 does not attend to column "in" from all in ioi with more than 5%',
        'head 9:6 attends less to bos from every "a" for ioi than abc by at least 0.5 sd',
        "head 9:6 does not separate ioi from abc by attention to itself from last",
        "some head attends more to name than to other from last in ioi",
        'ablating head 9:6 and head 9:9 lowers " an" over " a" in ioi',
        'scaling head 9:6 by 2, 4 raises " an" in ioi',
    ],
)
def test_sentences_are_written_as_they_are_read(sentence):
    assert parse(sentence, templates()).text == sentence


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("head L9H6 attends to subject from last in ioi with at least 40%", "did you mean '9:6'"),
        ("head 9:6 attends to previous token from last in ioi with at least 40%", "the previous token"),
        (
            "head 9:6 attends to subject from generated in ioi with at least 40%",
            "attention is read in prompts",
        ),
        (
            "head 9:6 attends to mean of subject from last in ioi with at least 40%",
            "says how values are pooled",
        ),
        ("head 9:6 attends to subject from last in ioi with at least 0%", "cannot be tested"),
        ("some head does not attend to subject from last in ioi with more than 5%", "every head of"),
        ("head 9:6, 9:7 attends to subject from last in ioi with at least 40%", "every head of 9:6, 9:9"),
        ('adding 2 to head 9:6 raises " an" in ioi', "a head gives many numbers"),
        ("head 9:6 attends more to subject than to subject from last in ioi", "the same tokens"),
    ],
)
def test_what_is_wrong_is_said_at_its_word(sentence, words):
    with pytest.raises(SentenceError) as caught:
        parse(sentence, templates())
    assert words in str(caught.value)


def test_columns_and_texts_that_prompts_lack_are_said_where_the_sentence_names_them(tmp_path: Path):
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [demo]\nsets: {json.dumps(SETS)}\nclaims:\n"
        "  - head 0:1 attends to animl from last in dogs with at least 40%\n"
        '  - head 0:1 attends to "cow" from last in dogs with at least 40%\n'
    )
    with pytest.raises(ClaimFileError) as caught:
        read_claim_file(path, templates())
    first, second = caught.value.problems
    assert (first.place.line, first.place.column, first.suggestion) == (5, 25, "animal")
    assert second.place.column == 25
    assert 'does not hold "cow"' in second.message


@pytest.mark.parametrize(
    "claim",
    [
        "head 0:1 attends to animal from last in dogs with at least 60%",
        "head 0:1 attends more to animal from last for dogs than cats",
        "head 0:1 attends more to animal than to itself from last in dogs",
        "head 0:1 separates dogs from cats by attention to animal from last",
    ],
)
def test_a_head_is_ranked_among_those_of_all_layers_where_the_claim_asks_for_it(claim, tmp_path: Path):
    ranks = []
    for scope in ("layer", "model"):
        path = tmp_path / f"{scope}.claims.yaml"
        entry = json.dumps({"claim": claim, "rank_among": scope})
        path.write_text(f"version: 1\nmodels: [handed]\nsets: {json.dumps(SETS)}\nclaims:\n  - {entry}\n")
        file = read_claim_file(path, templates())
        [found] = Study(models={"handed": model()}).judge(file, "handed").values()
        assert found.error is None
        ranks.append(found.evidence.rank)
    assert [(rank.place, rank.among, rank.scope) for rank in ranks] == [(1, 4, "layer"), (1, 8, "model")]
