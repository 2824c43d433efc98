"""Claims of what a model writes under a change, on a model that writes "tree" after "dog" by one neuron alone.

Once that neuron holds 0, it writes "river" after "dog"; after any other word it writes "the".
"""

from __future__ import annotations

import json
from functools import cache

import pytest
import torch
from changed_claims import judged_really, one_writer

import neuronclaims
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.graders.registry import GraderError, grader_named
from neuronclaims.kinds import templates
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.parser import parse

OPENINGS = [
    "the",
    "a",
    "old red",
    "the big",
    "a small blue",
    "the old green",
    "the big red old",
    "a small old red",
]
OPENINGS += [f"he saw {one}" for one in OPENINGS]
SETS = {
    "dogs": [f"{one} dog" for one in OPENINGS],
    "cats": [f"{one} cat" for one in OPENINGS],
    "waters": ["river", "lake"],
}
CLAIM = "ablating mlp_post neuron 0:3"
WRITES = "generate: {max_new_tokens: 3}\n"


@cache
def model():
    made = one_writer()
    ids = made.tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        made.model.lm_head.weight[ids("the"), 1] = 2.0
        made.model.lm_head.weight[ids("river"), 2] = -1.0
    return made


def judged(folder, claim: str, more: str = "", head: str = WRITES):
    text = f"{{claim: {json.dumps(claim)}{more}}}"
    return judged_really(folder, text, f"{head}sets: {json.dumps(SETS)}\n", model())


def test_the_share_of_texts_that_count_is_the_one_set_by_hand(tmp_path):
    @neuronclaims.grader
    def wet(text: str, prompt: str) -> float:
        assert prompt.endswith("dog")
        return 2.0 * text.strip().startswith("river")

    expected = {
        'lowers continuations that begin with "tree" in dogs': ("supported", -1.0),
        "raises continuations that contain one of waters in dogs": ("supported", 1.0),
        "raises continuations that begin with one of waters in dogs for at least 50% of prompts": (
            "supported",
            1.0,
        ),
        "raises continuations graded by wet in dogs": ("supported", 2.0),
        'lowers continuations that begin with "tree" in dogs more than in cats': ("supported", -1.0),
        'raises continuations that begin with "lake" in dogs': ("inconclusive", 0.0),
    }
    for claim, (verdict, value) in expected.items():
        found = judged(tmp_path, f"{CLAIM} {claim}")
        assert found.error is None, claim
        assert (found.verdict, found.evidence.effect.value) == (verdict, value), claim
    table = next(each for each in found.evidence.figures if each.kind == "table")
    first = table.rows[0]
    assert (first[0].split()[0], first[1].split()[0]) == ("tree", "river")
    others = {each.key: each.value for each in found.evidence.other_effects}
    assert others["change_of_same_texts"] == -1.0
    assert others["divergence"] > 0


def test_an_interval_holds_no_change_of_a_share_that_cannot_be(tmp_path):
    few = SETS["dogs"][:4] + SETS["cats"][:12]
    head = f"{WRITES}sets: {json.dumps({'few': few})}\n"
    claim = json.dumps(f'{CLAIM} lowers continuations that begin with "tree" in few')
    evidence = judged_really(tmp_path, f"{{claim: {claim}}}", head, model()).evidence
    assert evidence.effect.value == -0.25
    assert -1 <= evidence.effect.low <= -0.25 <= evidence.effect.high
    same = next(each for each in evidence.other_effects if each.key == "change_of_same_texts")
    assert same.value == -0.25
    assert same.high <= 0
    (table,) = (each for each in evidence.figures if each.kind == "table")
    assert [row[0] != row[1] for row in table.rows] == [True] * 4 + [
        False
    ] * 8  # those that change come first


def test_a_grade_is_called_a_grade(tmp_path):
    @neuronclaims.grader
    def length(text: str) -> float:
        return float(len(text))

    found = judged(tmp_path, f"{CLAIM} raises continuations graded by length in dogs")
    assert found.evidence.effect.name == "mean change of the grade of continuations"


def test_a_grader_that_is_not_there_or_fails_breaks_its_claim_alone(tmp_path):
    @neuronclaims.grader
    def broken(text: str) -> float:
        raise KeyError("x")

    @neuronclaims.grader
    def wordy(text: str) -> str:
        return "yes"

    for name, message in (
        ("refusess", "There is no grader 'refusess'"),
        ("broken", "The grader 'broken' fails: KeyError"),
        ("wordy", "gives 'yes', which is no finite number"),
    ):
        found = judged(tmp_path, f"{CLAIM} raises continuations graded by {name} in dogs")
        assert message in str(found.error)


def test_a_grader_may_give_a_number_of_another_library():
    neuronclaims.grader(tensor := lambda text: torch.tensor(0.5))
    tensor.__name__ = "tensor"
    neuronclaims.grader(tensor)
    assert grader_named("tensor")("a", "b") == 0.5
    with pytest.raises(GraderError, match="no grader 'none'"):
        grader_named("none")


def test_a_name_that_two_files_define_is_refused_and_one_that_is_defined_again_is_not(tmp_path):
    code = "def twice(text):\n    return {}\n"
    for file, value in (("a.py", 1), ("a.py", 2), ("b.py", 3)):
        (tmp_path / file).write_text(code.format(value))
        made: dict = {}
        exec(compile(code.format(value), str(tmp_path / file), "exec"), made)
        neuronclaims.grader(made["twice"])
        if file == "a.py":
            assert grader_named("twice")("x", "y") == value
    with pytest.raises(GraderError, match=r"defined in two files, .*a.py and .*b.py"):
        grader_named("twice")


def test_drawn_texts_are_averaged_within_their_prompt(tmp_path):
    head = "generate: {max_new_tokens: 2, temperature: 0.01, samples: 3}\n"
    found = judged(tmp_path, f'{CLAIM} lowers continuations that begin with "tree" in dogs', head=head)
    assert found.evidence.effect.value == -1.0
    assert found.evidence.counts == (("dogs", 16),)


def test_a_file_says_how_long_texts_are(tmp_path):
    with pytest.raises(ClaimFileError, match="nothing says how long: add 'generate"):
        judged(tmp_path, f'{CLAIM} lowers continuations that begin with "tree" in dogs', head="")
    with pytest.raises(ClaimFileError, match="there is no prompt set 'water'"):
        judged(tmp_path, f"{CLAIM} lowers continuations that contain one of water in dogs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("raises continuation graded by x in a", "there is no outcome 'continuation'"),
        ("raises continuations in a", "expected 'that begin with', 'that contain' or 'graded by'"),
        (
            "raises continuations that begins with one of x in a",
            "expected 'begin' or 'contain', found 'begins'",
        ),
        ("raises continuations that contain sorry in a", "expected a text such as"),
        ("raises continuations graded by x in a by at least 20%", "by a number, such as 0.2"),
        ("raises continuations graded by x in a more than random neurons do", "random neurons write nothing"),
        ("raises continuations graded by x of a", "it changes 'in' them"),
    ],
)
def test_sentences_that_are_wrong_say_what_was_meant(words, message):
    with pytest.raises(SentenceError, match=message):
        parse(f"{CLAIM} {words}", templates())


def test_sentences_come_back_as_they_were():
    for words in (
        'that begin with "I cannot"',
        "that begin with one of waters",
        "that contain one of waters",
        "graded by wet",
    ):
        sentence = f"adding 4 to neuron 0:3 raises continuations {words} in dogs by at least 0.2"
        assert parse(sentence, templates()).text == sentence
