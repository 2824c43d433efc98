"""Labelled stretches of prompts: read in the forms that people have them in, refused with their place."""

from __future__ import annotations

import json

import pytest
from cases import for_each

from neuronclaims.baselines.content import content_of
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

LABELS = [[4, 7, "noun"], [8, 11, "verb"]]
ROWS = [{"text": "The dog ran", "spans": LABELS}, {"text": "A cat", "spans": []}]
SAID = 'neuron 0:1 predicts label "noun" in d'
FILE = "{file: x.jsonl, column: text, labels: spans}"


def read(folder, sets=FILE, rows=ROWS, claim=SAID, more=""):
    (folder / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = folder / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\nsets:\n  d: {sets}\n"
        f"claims:\n  - {{claim: {json.dumps(claim)}{more}}}\n"
    )
    return read_claim_file(path, templates())


@for_each(
    "given",
    [
        LABELS,
        [{"start": 8, "end": 11, "label": "verb", "token_start": 2}, {"start": 4, "end": 7, "label": "noun"}],
        [{"entity_group": "noun", "score": 0.9, "word": "dog", "start": 4, "end": 7}, [8, 11, "verb"]],
        {"start": [4, 8], "end": [7, 11], "label": ["noun", "verb"]},
        json.dumps(LABELS),
    ],
)
def test_every_form_is_read_and_the_sentence_reads_back(tmp_path, given):
    file = read(tmp_path, rows=[{"text": "The dog ran", "spans": given}, ROWS[1]])
    [claim] = file.claims
    assert (claim.text, claim.id) == (SAID, "0-1-predicts-label-noun-d")
    first, second = claim.sets["d"].prompts
    assert (sorted(first.labels), second.labels) == ([(4, 7, "noun"), (8, 11, "verb")], ())
    assert second.labelled_item == "A cat"


def test_labels_beside_texts_are_part_of_the_file_and_of_what_is_measured_and_of_no_other_claim(tmp_path):
    text = "[{text: The dog ran, labels: [[4, 7, noun]]}, {text: A cat, labels: [{start: 2, end: 5, label: noun}]}]"
    files = [read(tmp_path, sets) for sets in (text, text.replace("[4, 7", "[0, 3"))]
    items = [[prompt.labelled_item for prompt in file.claims[0].sets["d"].prompts] for file in files]
    assert files[0].digest != files[1].digest
    assert items[0][0] != items[1][0]
    assert items[0][1] == items[1][1]
    assert content_of(files[0].claims[0]) != content_of(files[1].claims[0])
    plain = read(tmp_path, "[The dog ran, A cat]", claim="neuron 0:1 is massive in d")
    assert [prompt.labels for prompt in plain.claims[0].sets["d"].prompts] == [None, None]


@for_each(
    "given, says",
    [
        ([[4, 70, "noun"]], "reaches out of the text 'The dog ran', which has 11 characters"),
        ([[7, 4, "noun"]], "holds no character"),
        ([[4, 4, "noun"]], "holds no character"),
        ([[-1, 4, "noun"]], "this says -1"),
        ([[4, 7]], "is written as in"),
        ([[4.0, 7, "noun"]], "whole numbers"),
        ([[4, 7, "noun"], [8, 11, " "]], r"no label, which is a text \(column 'spans', stretch 2\)"),
        ([{"start": 4, "end": 7, "label": "noun", "text": "cat"}], "its 'text' is 'cat'"),
        ("noun", "is none"),
        ({"start": 4}, "are a list"),
        (None, r"write \[\] where nothing is labelled"),
    ],
)
def test_what_is_no_stretch_of_the_text_is_refused_at_its_row(tmp_path, given, says):
    with pytest.raises(ClaimFileError, match=says) as caught:
        read(tmp_path, rows=[ROWS[1], {"text": "The dog ran", "spans": given}])
    assert caught.value.problems[-1].place.line == 2


def test_numbers_that_count_bytes_are_said_to(tmp_path):
    with pytest.raises(ClaimFileError, match="may count bytes"):
        read(tmp_path, rows=[ROWS[0], {"text": "日本 cat", "spans": [[7, 10, "noun"]]}])


@for_each(
    "change, says",
    [
        ({"claim": SAID.replace("noun", "Noun")}, "did you mean 'noun'"),
        ({"claim": SAID.replace("noun", "adverb")}, "allowed: noun, verb"),
        ({"claim": SAID.replace('"noun"', "noun")}, "a label is written in double quotes"),
        ({"claim": SAID.replace("label", "labels")}, "did you mean 'label'"),
        ({"claim": SAID.replace("noun", "")}, "a label cannot be empty"),
        ({"claim": SAID.replace(" in", ' or "verb" in')}, ":[0-9]+: a claim is of one label"),
        ({"sets": FILE.replace(", labels: spans", "")}, "did you mean 'labels: spans'"),
        ({"sets": FILE.replace(" spans", " span")}, "did you mean 'spans'"),
        ({"sets": "[The dog, A cat]"}, "beside each text"),
        ({"rows": [{**row, "spans": []} for row in ROWS]}, "nothing is labelled in 'd'"),
        ({"sets": "[{text: The dog, labels: [[4, 7, noun]]}, A cat]"}, "others of its set have some"),
        ({"sets": "[{text: The dog, labels: [[4, 9, noun]]}, A cat]"}, "reaches out"),
        ({"more": ", tokens: mean of generated, generate: {max_new_tokens: 3}"}, "is what the model writes"),
    ],
)
def test_a_label_that_is_not_there_is_one_error(tmp_path, change, says):
    with pytest.raises(ClaimFileError, match=says) as caught:
        read(tmp_path, **change)
    assert len(caught.value.problems) == 1
