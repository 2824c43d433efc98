"""Sets of neurons in the section ``neurons:``, and sentences that name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.sentences.subjects.neurons import Neuron

FILE = """version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
neurons:
  two: [2:340, 2:341]
sets:
  hanoi: [Hanoi is old., Tom flew to Hanoi.]
  baseline: [The fox jumps., We painted the kitchen.]
claims:
  - SENTENCE
"""
TAIL = "more for hanoi than baseline"


def _read(folder: Path, text: str) -> ClaimFile:
    path = folder / "x.claims.yaml"
    path.write_text(text, encoding="utf-8")
    return read_claim_file(path, templates())


def _with(sentence: str) -> str:
    return FILE.replace("SENTENCE", sentence)


def test_a_sentence_keeps_the_name_and_gets_the_neurons(tmp_path) -> None:
    claim = _read(tmp_path, _with(f"every neuron of two activates {TAIL}")).claims[0]
    assert claim.text == f"every neuron of two activates {TAIL}"
    assert claim.sentence.who.neurons == (Neuron(2, 340), Neuron(2, 341))
    assert list(claim.neuron_sets) == ["two"]


def test_another_list_under_the_name_is_another_claim_for_baselines_and_another_file(tmp_path) -> None:
    from neuronclaims.baselines.content import content_of

    text = _with(f"every neuron of two activates {TAIL}")
    one, other, turned = (
        _read(tmp_path, text.replace("[2:340, 2:341]", each))
        for each in ("[2:340, 2:341]", "[2:340, 2:342]", "[2:341, 2:340]")
    )
    assert one.digest != other.digest
    assert one.digest == turned.digest
    assert content_of(one.claims[0]) != content_of(other.claims[0])


WRONG = {
    f"every neuron of twoo activates {TAIL}": ("there is no set of neurons 'twoo'", "did you mean 'two'?"),
    f"every neuron of hanoi activates {TAIL}": ("there is no set of neurons 'hanoi': that is a prompt set",),
}


@for_each("sentence, says", WRONG.items())
def test_what_is_wrong_is_said(sentence, says, tmp_path) -> None:
    with pytest.raises(ClaimFileError) as caught:
        _read(tmp_path, _with(sentence))
    assert len(caught.value.problems) == 1
    for each in says:
        assert each in str(caught.value)


@for_each(
    "entry, says",
    [
        ("[2:340, 2:340]", "neuron 2:340 is named twice"),
        ("[2.340]", "did you mean '2:340'?"),
        ("[]", "must hold neurons"),
        ("2:340", "must hold neurons"),
    ],
)
def test_a_wrong_entry_is_one_error(entry, says, tmp_path) -> None:
    with pytest.raises(ClaimFileError) as caught:
        _read(tmp_path, _with(f"every neuron of two activates {TAIL}").replace("[2:340, 2:341]", entry))
    assert len(caught.value.problems) == 1
    assert says in str(caught.value)


def test_a_set_cannot_have_the_name_of_a_prompt_set_or_a_word_for_layers(tmp_path) -> None:
    text = _with(f"every neuron of two activates {TAIL}")
    for name, says in (("hanoi", "names a prompt set already"), ("layers", "begins layers")):
        with pytest.raises(ClaimFileError, match=says):
            _read(tmp_path, text.replace("two: [2", f"{name}: [2:1]\n  two: [2"))
