"""Claims that change a named set of neurons: they say the same as claims that list its neurons."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.sentences.changes import parts
from neuronclaims.sentences.field_types import literal
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.neurons import Neuron
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
        *figures, members = named.evidence.figures
        assert tuple(figures) == listed.evidence.figures
        assert members.title.startswith("the neurons of writer")


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


@dataclass(frozen=True)
class At:
    """A direction that needs no entry of the file: column 0 of a site of its own."""

    words: str
    layer: int
    section: str = ""
    name: str = ""

    def __str__(self):
        return self.words

    def bound(self, entry):
        return Bound((Neuron(self.layer, 0),), "resid_post")


class DirectionForm:
    patterns = (literal("direction honesty at layer 10"),)

    def read(self, words):
        said = " ".join(word.text for word in words[:5])
        return At(said, int(words[4].text)), 5


@pytest.mark.parametrize(
    "sentence",
    [
        'adding 3 honesty at layer 10 raises " yes" in questions',
        'adding 1, 2, 4 honesty at layer 10 raises " yes" in questions by at least 0.1 per unit',
        'ablating direction honesty at layer 10 and mlp_post neuron 1:2 lowers " yes" in questions',
        "adding 3 to direction honesty at layer 10 and direction calm at layer 11 raises entropy in questions",
        'restoring direction honesty at layer 10 recovers " yes" over " no" in answers',
    ],
)
def test_whatever_has_a_form_of_its_own_is_changed_and_added(monkeypatch, sentence):
    monkeypatch.setattr(parts, "CHANGED_FORMS", {"direction": DirectionForm()})
    read = parse(sentence, templates())
    assert read.text == sentence
    assert (read.value.change.site, read.value.change.leading) == ("resid_post", Neuron(10, 0))


def test_neurons_behind_a_form_say_their_site(monkeypatch):
    monkeypatch.setattr(parts, "CHANGED_FORMS", {"direction": DirectionForm()})
    with pytest.raises(SentenceError, match="say that of neuron 1:2, such as 'mlp_post neuron 1:2'"):
        parse('ablating direction honesty at layer 10 and neuron 1:2 lowers " yes" in a', templates())
