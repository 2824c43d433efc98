"""Claims that change a named set of neurons: they say the same as claims that list its neurons."""

from __future__ import annotations

import json

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

TEXTS = [
    f"{who} {did} the olive tree and" for who in ("I", "We", "They", "She") for did in ("saw", "took", "met")
]
TREES = (("olive", "coconut"), ("apple", "lemon"), ("almond", "lime"), ("orange", "mango"))
PAIRS = [
    {name: f"I saw the {tree} tree and ate" for name, tree in zip(("clean", "corrupted"), trees, strict=True)}
    for trees in TREES
]
SAME = {
    'ablating writers lowers " an" in texts': 'ablating neurons 5:461, 5:472 lowers " an" in texts',
    "adding 2 to writer raises loss of texts": "adding 2 to neuron 5:461 raises loss of texts",
    'scaling writers and resid_post neuron 4:3 by 0, 2 raises " an" in texts': (
        'scaling neurons 5:461, 5:472 and resid_post neuron 4:3 by 0, 2 raises " an" in texts'
    ),
    'restoring writers recovers " an" over " a" in trees': (
        'restoring neurons 5:461, 5:472 recovers " an" over " a" in trees'
    ),
    'corrupting layer 2 and writers removes " an" over " a" in trees': (
        'corrupting layer 2 and neurons 5:461, 5:472 removes " an" over " a" in trees'
    ),
}


def written(folder, sentences):
    path = folder / "x.claims.yaml"
    head = {
        "version": 1,
        "models": ["demo"],
        "correction": "none",
        "site": "mlp_post",
        "tokens": "last of prompt",
        "neurons": {"writers": ["5:461", "5:472"], "writer": ["5:461"]},
        "sets": {"texts": TEXTS},
        "pairs": {"trees": PAIRS},
    }
    claims = [{"id": f"claim-{number}", "claim": sentence} for number, sentence in enumerate(sentences)]
    path.write_text(json.dumps(head | {"claims": claims}), encoding="utf-8")
    return path


def test_a_set_is_changed_as_its_neurons_are_and_keeps_its_name(tmp_path):
    file = read_claim_file(written(tmp_path, [*SAME, *SAME.values()]), templates())
    assert [claim.text for claim in file.claims] == [*SAME, *SAME.values()]
    results = [*Study().judge(file, "demo").values()]
    assert [result.error for result in results] == [None] * len(results)
    for named, listed in zip(results[: len(SAME)], results[len(SAME) :], strict=True):
        assert named.evidence.effect == listed.evidence.effect
        assert named.evidence.test == listed.evidence.test
        assert named.evidence.figures == listed.evidence.figures


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ('ablating writes lowers " an" in texts', "writes"),
        ('ablating writers lower " an" in texts', "expected"),
    ],
)
def test_a_name_that_is_none_is_told(tmp_path, sentence, message):
    with pytest.raises(ClaimFileError, match=message):
        read_claim_file(written(tmp_path, [sentence]), templates())
