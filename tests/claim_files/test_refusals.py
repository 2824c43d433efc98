"""What a claim cannot have by its sentence and settings alone is refused where it is read, under its words."""

from __future__ import annotations

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

HEAD = """version: 1
models: [demo]
site: mlp_post
tokens: last of prompt
sets:
  one: [One text here, Another one, A third text, The fourth]
  two: [Some other text, And the next, The last of it]
  apart: [x y, z w]
  numbered:
    prompts: [{text: a, numbers: {size: 1}}, {text: b, numbers: {size: 2}}, {text: c, numbers: {size: 3}}]
pairs:
  swaps: [{clean: a b, corrupted: a c}, {clean: d b, corrupted: d c}]
neurons:
  liked: ["1:2", "1:3"]
directions:
  way: {from: [apart, numbered], method: mean difference}
claims:
"""
MORE = "neuron 1:2 raises loss of one"
TOP = "among the top 5 neurons for one"
REFUSED = [
    ('ablating neuron 1:2 lowers " a" in one, replacement: mean', "mean", "reference: baseline", None),
    ('ablating neuron 1:2 lowers " a" in one, replacement: resample', "resample", "from which prompts", None),
    ('ablating layer 1 lowers " a" in one more than random neurons do', "more than", "no others", None),
    (
        'scaling direction way at layer 1 by 2 raises " a" in one more than random neurons do',
        "more than",
        "a direction is changed",
        "more than random directions do",
    ),
    ('ablating neurons 1:2, 1:3 lowers " a" in one, controls: layer', "layer", "several together", "sample"),
    (
        'restoring direction way at layer 1 recovers " a" in swaps, controls: layer',
        "layer",
        "no others",
        "sample",
    ),
    (f"ablating {MORE}, controls: layer", "layer", "not the loss", "sample"),
    (f"ablating {MORE}, searched: layer 1", "loss", "not loss", None),
    (
        'ablating neuron 1:2 lowers " a" in one, searched: layer 1, outcome: probability',
        '" a"',
        "leave out",
        None,
    ),
    ('ablating neuron 1:2 lowers " a" over " b" in one, outcome: probability', '" a"', "names two", None),
    ('scaling neuron 1:2 by 2, 3 raises " a" in one, searched: layer 1', "scaling", "no trends", None),
    (
        'ablating neuron 1:2 lowers " a" in one more than in two, searched: layer 1',
        "two",
        "name one set",
        None,
    ),
    (
        'ablating neuron 1:2 lowers " a" in one more than random neurons do, searched: layer 1',
        "more than",
        "discovered_on",
        None,
    ),
    (
        'ablating neuron 1:2 lowers " a" in one more than random neurons do, controls: none',
        "more than",
        "'controls: none'",
        None,
    ),
    (
        "direction way at layer 1 activates more for one than two, rank_among: model",
        "model",
        "nothing like",
        "layer",
    ),
    (
        "at least 50% of liked activate more for one than two, rank_among: model",
        "model",
        "one neuron",
        "layer",
    ),
    ("at least 50% of liked go with size in numbered, rank_among: model", "model", "one neuron", "layer"),
    ('neuron 1:2 predicts " a" in one, searched: layer 1', "layer 1", "new documents", None),
    (
        f"neuron 1:2 is not {TOP} over two in more than 10% of prompts, searched: layer 1",
        "layer 1",
        "picked on",
        None,
    ),
    *[
        (f"{denial}, searched: layer 1, margin: 0.1", "layer 1", f"that a {noun} does not do something", None)
        for denial, noun in (
            ("neuron 1:2 does not activate more for one than two", "neuron"),
            ("neuron 1:2 does not separate one from two", "neuron"),
            ("neuron 1:2 does not go with size in numbered", "neuron"),
            ("neuron 1:2 does not go with size in numbered with period 2", "neuron"),
            ("head 1:2 does not attend more to bos from last for one than two", "head"),
            ("head 1:2 does not separate one from two by attention to bos from last", "head"),
            ('ablating head 1:2 does not change " a" in one', "head"),
            ('restoring neuron 1:2 does not recover " a" in swaps', "neuron"),
        )
    ],
    *[
        (f"{denial}, searched: layer 1", "layer 1", "that a ", None)
        for denial in (
            "head 1:2 does not attend to bos from last in one with more than 50%",
            "neuron 1:2 is not an outlier beyond 6 in more than 5% of tokens in one",
            "neuron 1:2 is not massive in more than 5% of prompts in one",
        )
    ],
    (f"neuron 1:2 is {TOP} in at least 10% of prompts, searched: layer 1", "layer 1", "best of all", None),
    (
        f"neuron 1:2 is {TOP} in at least 10% of prompts, weighting: legacy_growing",
        "legacy",
        "token rule",
        None,
    ),
    (
        'neuron 1:2 writes " a" more than 90% of tokens, site: resid_post',
        "resid_post",
        "output weights",
        "mlp_post",
    ),
    ('neuron 1:2 writes " a" more than 90% of tokens, searched: layer 1', "layer 1", "is a fact", None),
]


def test_each_is_one_problem_at_its_line_under_its_words(tmp_path):
    path = tmp_path / "x.claims.yaml"
    lines = []
    for number, (claim, *_) in enumerate(REFUSED):
        sentence, *settings = (
            claim.split(", ") if "1:2, 1:3" not in claim and "2, 3" not in claim else _kept(claim)
        )
        lines.append(
            f"  - {{claim: '{sentence}', id: c{number}{''.join(f', {each}' for each in settings)}}}\n"
        )
    path.write_text(HEAD + "".join(lines))
    with pytest.raises(ClaimFileError) as error:
        read_claim_file(path, templates())
    first = HEAD.count("\n") + 1
    problems = error.value.problems
    assert [problem.place.line for problem in problems] == [first + place for place in range(len(REFUSED))]
    for problem, (claim, words, said, suggestion) in zip(problems, REFUSED, strict=True):
        assert said in problem.message, claim
        assert problem.excerpt[problem.place.column - 1 :].startswith(words), (claim, problem)
        if suggestion is not None:
            assert problem.suggestion == suggestion, claim


def _kept(claim: str) -> list[str]:
    """Part a claim from its settings where its sentence has a comma."""
    first, second, *settings = claim.split(", ")
    return [f"{first}, {second}", *settings]


def test_a_setting_of_the_whole_file_is_refused_at_the_claim_that_cannot_have_it(tmp_path):
    path = tmp_path / "x.claims.yaml"
    claims = '  - ablating neuron 1:2 lowers " a" in one\n  - ablating liked lowers " a" in one\n'
    path.write_text(HEAD.replace("sets:", "controls: layer\nsets:", 1) + claims)
    with pytest.raises(ClaimFileError) as error:
        read_claim_file(path, templates())
    [problem] = error.value.problems
    assert problem.excerpt == '  - ablating liked lowers " a" in one'
    assert problem.suggestion == "controls: sample"
