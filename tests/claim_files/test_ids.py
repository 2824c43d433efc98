"""Ids made from sentences: stable, readable, and different for different sentences."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.ids import LONGEST, made_ids
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

HEAD = """version: 1
models: [demo]
site: mlp_post
tokens: last of prompt
"""


def read(folder: Path, body: str) -> ClaimFile:
    path = folder / "x.claims.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    return read_claim_file(path, templates())


def ids(folder: Path, claims: str, sets: str = "sets: {a: [Hanoi is, Tom flew to]}") -> list[str]:
    return [claim.id for claim in read(folder, f"{sets}\nclaims:\n{claims}").claims]


def test_tokens_that_differ_by_a_space_or_a_capital_have_ids_that_do(tmp_path):
    tokens = [" the", "the", "The", " The", " THE", "\\n", "!", " !", " 河内", "河内", " ", "  "]
    found = ids(tmp_path, "".join(f"  - 'ablating neuron 2:5 lowers \"{token}\" in a'\n" for token in tokens))
    assert found[:4] == [
        "ablating-2-5-lowers-the-a",
        "ablating-2-5-lowers-unspaced-the-a",
        "ablating-2-5-lowers-unspaced-The-a",
        "ablating-2-5-lowers-The-a",
    ]
    assert len(set(found)) == len(tokens)
    assert all(re.fullmatch(r"[\w:-]+", each) for each in found)
    # The id of a token is its own: other claims beside it do not move it.
    alone = [
        ids(tmp_path, f"  - 'ablating neuron 2:5 lowers \"{token}\" in a'\n")[0] for token in tokens[:10]
    ]
    assert alone == found[:10]


def test_names_that_differ_by_capitals_or_hyphens_or_script_have_ids_that_do(tmp_path):
    names = ["hanoi", "Hanoi", "ha_noi", "ha-noi", "Αθήνα", "河内", "هانوي", "café", "cafe", "हनोई"]
    sets = "sets:\n  base: [The fox jumps, A cat slept]\n" + "".join(
        f"  {name}: [one of {place}, two of {place}]\n" for place, name in enumerate(names)
    )
    found = ids(
        tmp_path, "".join(f"  - neuron 3:17 activates more for {name} than base\n" for name in names), sets
    )
    said = [re.sub("^3-17-more-|-base|-[0-9a-f]{6}$", "", each) for each in found]
    assert said == ["hanoi", "hanoi", "ha-noi", "ha-noi", "αθήνα", "河内", "هانوي", "café", "cafe", "हनोई"]
    assert len(set(found)) == len(names)


def test_a_given_id_is_not_taken_by_one_that_is_made(tmp_path):
    claims = (
        "  - {claim: neuron 3:17 activates more for b than a, id: 3-17-more-a-b}\n"
        "  - neuron 3:17 activates more for a than b\n"
    )
    sets = "sets: {a: [Hanoi is, Tom flew to], b: [The fox, A cat]}"
    given, made = ids(tmp_path, claims, sets)
    assert given == "3-17-more-a-b"
    assert made.startswith(f"{given}-")


def test_equal_sentences_still_need_ids(tmp_path):
    sentence = "neuron 3:17 activates more for a than b"
    with pytest.raises(ClaimFileError, match="stands already in line 7"):
        ids(tmp_path, f"  - {sentence}\n  - {sentence}\n", "sets: {a: [Hanoi is, Tom to], b: [The, A cat]}")


def test_a_name_is_the_same_however_its_accents_are_composed(tmp_path):
    apart = unicodedata.normalize("NFD", "café")
    assert apart != "café"
    (tmp_path / "p.csv").write_text(f"{apart},kind\none,{apart}\ntwo,{apart}\n", encoding="utf-8")
    found = read(
        tmp_path,
        f"""sets:
  {apart}: {{file: p.csv, column: café, where: {{kind: café}}}}
  base: [The fox jumps, A cat slept]
discovered_on: [found]
directions: {{way: {{from: [café, base], method: mean difference}}}}
claims:
  - neuron 3:17 activates more for café than base
""".replace("discovered_on: [found]\n", ""),
    )
    (claim,) = found.claims
    assert claim.text == "neuron 3:17 activates more for café than base"
    assert [prompt.text for prompt in claim.sets["café"].prompts] == ["one", "two"]


@given(st.lists(st.text('aA-_ :."\\é́河0١%', min_size=1, max_size=12), unique=True, max_size=8))
def test_different_sentences_never_share_an_id(sentences):
    made = made_ids(sentences)
    assert list(made) == list(sentences)
    assert len(set(made.values())) == len(sentences)
    assert all(len(each) <= LONGEST for each in made.values())
    # Claims added below others do not move their ids.
    assert made_ids(sentences[: len(sentences) // 2]) == {
        each: made[each] for each in sentences[: len(sentences) // 2]
    }
