"""Columns of numbers: read where sentences name them, refused with a caret where they are no numbers."""

from __future__ import annotations

import json

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.numbers import number_of
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

ROWS = [("one", "5"), ("two", "-1.5e1"), ("three", " 7 "), ("four", ".25")]


def read(folder, claim, rows, column="magnitude"):
    lines = [f"text,{column}", *(f'{text},"{number}"' for text, number in rows)]
    (folder / "sums.csv").write_text("\n".join(lines) + "\n")
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\n"
        "sets: {sums: {file: sums.csv, column: text}}\n"
        f"claims: [{json.dumps(claim)}]\n"
    )
    return read_claim_file(path, templates())


@pytest.mark.parametrize(("column", "word"), [("magnitude", "magnitude"), ("first digit", '"first digit"')])
def test_cells_become_numbers_and_the_sentence_reads_back(tmp_path, column, word):
    sentence = f"neuron 0:1 goes with {word} in sums with correlation at least 0.5"
    [claim] = read(tmp_path, sentence, ROWS, column).claims
    assert claim.text == sentence
    found = {prompt.text: number_of(prompt, column) for prompt in claim.sets["sums"].prompts}
    assert found == {"one": 5.0, "two": -15.0, "three": 7.0, "four": 0.25}


@pytest.mark.parametrize(
    ("rows", "claim", "said"),
    [
        ([*ROWS, ("five", "many")], "goes with magnitude", "which is no number"),
        ([*ROWS, ("five", "1,200")], "goes with magnitude", "(write 1200)"),
        ([*ROWS, ("five", "nan")], "goes with magnitude", "which is no number"),
        ([*ROWS, ("five", "")], "goes with magnitude", "holds nothing"),
        ([("one", "5"), ("two", "5.0")], "goes with magnitude", "nothing can go with it"),
        (ROWS, "goes with magnitud", "did you mean 'magnitude'?"),
    ],
)
def test_what_is_no_number_is_one_error_at_the_column(tmp_path, rows, claim, said):
    with pytest.raises(ClaimFileError) as caught:
        read(tmp_path, f"neuron 0:1 {claim} in sums", rows)
    [problem] = caught.value.problems
    assert said in str(caught.value)
    assert "^" * len("magnitud") in str(caught.value)
    assert problem.place.line == 6


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("goes with magnitude in sums with correlation at least -0.5", "falls with"),
        ("goes with magnitude in sums with correlation at least 1", "between 0 and 1"),
        ("does not go with magnitude in sums with correlation at least 0.5", "margin: 0.5"),
    ],
)
def test_a_correlation_that_cannot_be_claimed_is_refused(tmp_path, tail, said):
    with pytest.raises(ClaimFileError, match=said):
        read(tmp_path, f"neuron 0:1 {tail}", ROWS)
