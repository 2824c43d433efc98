"""Claims about heads on a transformer whose attention was set by hand, and how their sentences read.

Head 0:1 gives the key of "dog" a score of ``SCORE`` and all others 0, so from the last of n tokens with one "dog" it
looks at it with e^s / (e^s + n - 1); all other heads look at all tokens alike.
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
            "a pool of values means nothing",
        ),
        ("head 9:6 attends to subject from last in ioi with at least 0%", "cannot be tested"),
        ("some head does not attend to subject from last in ioi with more than 5%", "every head of"),
        ("head 9:6, 9:7 attends to subject from last in ioi with at least 40%", "every head of 9:6, 9:9"),
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
