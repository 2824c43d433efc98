"""Where a neuron comes from: what the keys mean, whom they hold for, and which prompts count as the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_claims import CLAIM, HEAD, SETS

from neuronclaims.claim_files.prompts.sameness import likeness
from neuronclaims.sentences.subjects.layers import Layers, LayersError, parse_layers

FOUND = "  found: [Hue was, Hue is]\n"


def test_a_file_that_says_nothing_has_neurons_of_unsaid_origin(read):
    claim = read(HEAD + SETS + f"claims:\n  - {CLAIM}\n").claims[0]
    assert (claim.discovered, claim.settings.searched) == (None, None)


def test_a_claims_own_key_takes_the_place_of_the_files_whichever_it_is(read):
    text = HEAD + "discovered_on: found\n" + SETS + FOUND + f"claims:\n  - {CLAIM}\n"
    text += f"  - {{id: b, claim: {CLAIM}, searched: layer 11}}\n"
    text += f"  - {{id: c, claim: {CLAIM}, discovered_on: [found, {{file: p.txt}}]}}\n"
    with open("p.txt", "w", encoding="utf-8") as file:
        file.write("hue  IS\nSomething else\n")
    first, second, third = read(text).claims
    assert [p.text for p in first.discovered.prompts] == ["Hue was", "Hue is"]
    assert (first.discovered.names, first.settings.searched) == (("found",), None)
    assert (second.discovered, second.settings.searched) == (None, Layers((11,)))
    assert third.discovered.names == ("found", "p.txt")
    assert [p.text for p in third.discovered.prompts] == ["Hue was", "Hue is", "Something else"]


def test_prompts_of_discovery_may_stand_in_sets_that_the_claim_does_not_test(read, problems):
    text = HEAD + "discovered_on: found\n" + SETS + "  found: [Hue was]\n  spare: [Hue was]\n"
    assert read(text + f"claims:\n  - {CLAIM}\n").claims[0].discovered is not None
    (problem,) = problems(text + "claims:\n  - neuron 1:2 activates more for hanoi than spare\n")
    assert problem.startswith(
        "5:16: 1 prompt stands both in 'discovered_on' and in what is tested: 'Hue was' ("
    )


def test_each_discovered_on_has_one_problem_however_many_claims_it_holds_for(problems):
    text = HEAD + "discovered_on: hanoi\n" + SETS + "claims:\n"
    text += "".join(f"  - neuron 1:{index} activates more for hanoi than baseline\n" for index in range(3))
    (problem,) = problems(text)
    assert problem.startswith("5:16: 2 prompts stand")


@given(st.text(max_size=30))
def test_prompts_are_the_same_whatever_their_spaces_case_and_composition(text):
    spread = "  " + " \n\t".join(text.split()) + "\u00a0"
    assert likeness(unicodedata.normalize("NFD", spread)) == likeness(unicodedata.normalize("NFC", text))
    assert likeness(text.upper().lower()) == likeness(text.lower())


def test_prompts_that_differ_in_a_letter_or_a_sign_are_not_the_same():
    assert len({likeness(text) for text in ("a b", "ab", "a c", "a b.", "á b")}) == 5


@pytest.mark.parametrize(
    ("text", "layers", "canonical"),
    [
        ("layer 11", (11,), "layer 11"),
        ("layers 3 to 8", (3, 4, 5, 6, 7, 8), "layers 3 to 8"),
        ("layers 3 to 3", (3,), "layer 3"),
        ("layers 9, 3 to 5 and 4", (3, 4, 5, 9), "layers 3 to 5, 9"),
        ("layer 11,12", (11, 12), "layers 11 to 12"),
        ("  all   layers ", None, "all layers"),
    ],
)
def test_what_was_searched_reads_and_is_written_back(text, layers, canonical):
    assert parse_layers(text) == Layers(layers)
    assert str(parse_layers(text)) == canonical
    assert parse_layers(canonical) == Layers(layers)


@given(st.sets(st.integers(0, 9999), min_size=1, max_size=12))
def test_any_layers_are_read_back_as_they_are_written(layers):
    search = Layers(tuple(sorted(layers)))
    assert parse_layers(str(search)) == search
    assert all((layer in search) == (layer in layers) for layer in range(20))


@given(st.text(max_size=30))
def test_any_other_text_is_refused(text):
    try:
        search = parse_layers(text)
    except LayersError:
        return
    assert search.layers is None or text.strip().startswith("layer")


def test_selection_changes_the_digest_and_the_names_of_sources_do_not(read):
    def digest(key: str) -> str:
        return read(HEAD + key + SETS + FOUND + f"claims:\n  - {CLAIM}\n").digest

    with open("p.txt", "w", encoding="utf-8") as file:
        file.write("Hue is\nHue was\n")
    plain, found, searched = digest(""), digest("discovered_on: found\n"), digest("searched: layer 11\n")
    assert len({plain, found, searched, digest("searched: all layers\n")}) == 4
    assert digest("discovered_on: {file: p.txt}\n") == found


def test_blocks_are_read_and_part_of_the_digest(read):
    with open("p.csv", "w", encoding="utf-8") as file:
        file.write("text,day\nThe fox jumps,mon\nThe window is open,tue\n")
    inline = SETS.replace("[The fox jumps, The window is open]", "{file: p.csv, column: text}")
    blocked = inline.replace("column: text", "column: text, block: day")
    files = [read(HEAD + sets + f"claims:\n  - {CLAIM}\n") for sets in (inline, blocked)]
    assert [p.block for p in files[1].sets["baseline"].prompts] == ["mon", "tue"]
    assert files[0].digest != files[1].digest
