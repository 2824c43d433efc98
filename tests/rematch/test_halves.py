"""Halves of a claim file's prompts: disjoint, complete, even, and nothing that belongs together is torn apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.claim_files.claims import ClaimFile, PairSet, Prompt, PromptPair, PromptSet
from neuronclaims.claim_files.errors import Place
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.rematch.halves import Halves, halved

HERE = Place("x", 1, 1)


def file_of(sets: dict[str, list[Prompt]], pairs: list[PromptPair] = ()) -> ClaimFile:
    made = {name: PromptSet(name, tuple(prompts), HERE) for name, prompts in sets.items()}
    both = {"pairs": PairSet("pairs", tuple(pairs), HERE)} if pairs else {}
    return ClaimFile(Path("x.claims.yaml"), ("demo",), 0.05, "holm", made, (), "", both)


def prompt(text: str, group: str | None = None, pair: str | None = None) -> Prompt:
    return Prompt(text, "x:1", None, group, pair)


prompts = st.builds(
    prompt,
    st.text("abc", min_size=1, max_size=3),
    st.none() | st.sampled_from("ghijk"),
    st.none() | st.sampled_from("pqrst"),
)
files = st.dictionaries(
    st.sampled_from(["one", "two", "three"]), st.lists(prompts, min_size=1, max_size=12), min_size=1
)


@given(files)
def test_halves_are_disjoint_and_complete_and_keep_together_what_belongs_together(sets):
    try:
        halves = halved(file_of(sets))
    except NeuronClaimsError:
        return
    everything = [each for prompts in sets.values() for each in prompts]
    whole = [each for name, prompts in sets.items() if ("set", name) not in halves.torn for each in prompts]
    assert whole
    assert not halves.searched & halves.checked
    assert halves.searched | halves.checked == {each.text for each in everything}
    assert halves.searched
    assert halves.checked
    for field in ("text", "group", "pair"):
        for one in whole:
            alike = [o for o in whole if getattr(o, field) == getattr(one, field) is not None]
            assert len({each.text in halves.checked for each in alike}) <= 1


@given(files, st.randoms())
def test_neither_the_order_of_prompts_nor_that_of_sets_matters(sets, random):
    mixed = {name: random.sample(sets[name], len(sets[name])) for name in sorted(sets, reverse=True)}
    try:
        expected: Halves | None = halved(file_of(sets))
    except NeuronClaimsError:
        expected = None
    try:
        assert halved(file_of(mixed)) == expected
    except NeuronClaimsError:
        assert expected is None


@given(st.integers(1, 40), st.integers(1, 40))
def test_sets_of_single_prompts_are_halved_to_one(many, few):
    sets = {"one": [prompt(f"a{n}") for n in range(many)], "two": [prompt(f"b{n}") for n in range(few)]}
    halves = halved(file_of(sets))
    for name, size in (("one", many), ("two", few)):
        kept = halves.kept(PromptSet(name, tuple(sets[name]), HERE))
        assert abs(2 * len(kept.prompts) - size) <= 1


def test_sets_that_share_groups_are_halved_alike():
    sets = {side: [prompt(f"{side} {n}", group=str(n // 2)) for n in range(16)] for side in ("true", "false")}
    halves = halved(file_of(sets))
    assert [f"true {n}" in halves.checked for n in range(16)] == [
        f"false {n}" in halves.checked for n in range(16)
    ]
    assert len(halves.checked) == 16


def test_pairs_go_whole_to_one_half():
    pairs = [PromptPair(f"clean {n}", f"corrupted {n}", "x:1") for n in range(9)]
    halves = halved(file_of({}, pairs))
    kept = halves.kept_pairs(PairSet("pairs", tuple(pairs), HERE)).pairs
    assert len(kept) in (4, 5)
    assert {text for pair in kept for text in (pair.clean, pair.corrupted)} == halves.checked


def test_what_all_belongs_together_cannot_be_halved():
    with pytest.raises(NeuronClaimsError, match="cannot be halved"):
        halved(file_of({"one": [prompt("a", group="g"), prompt("b", group="g")]}))
    with pytest.raises(NeuronClaimsError, match="cannot be halved"):
        halved(file_of({}))


def test_the_coarsest_groups_are_torn_where_they_tie_all_prompts_together():
    people, frames = range(6), range(3)
    told = [(who, how) for who in people for how in frames]
    sets = {
        "plain": [prompt(f"{who} {how}") for who, how in told],
        "by_person": [prompt(f"{who} {how}", group=f"person {who}") for who, how in told],
        "by_frame": [prompt(f"{who} {how}", group=f"frame {how}") for who, how in told],
    }
    halves = halved(file_of(sets))
    assert halves.torn == {("set", "by_frame")}
    for who in people:
        assert len({f"{who} {how}" in halves.checked for how in frames}) == 1
    assert len(halves.checked) == len(halves.searched)


def test_no_group_is_torn_for_a_set_that_cannot_be_halved_anyway():
    sets = {
        "single": [prompt("a", group="g")],
        "many": [prompt(f"b{n}", group=f"h{n // 2}") for n in range(8)],
    }
    assert halved(file_of(sets)).torn == frozenset()


def test_groups_that_hold_all_a_file_has_are_not_torn():
    with pytest.raises(NeuronClaimsError, match="cannot be halved"):
        halved(file_of({"one": [prompt(f"a{n}", group="g") for n in range(8)]}))


def test_pairs_are_not_taken_for_the_set_of_their_name():
    tied = [prompt(f"frame {place}", group="frame") for place in range(6)]
    pairs = [PromptPair(f"clean {place}", f"corrupted {place}", "x:1") for place in range(6)]
    file = replace(file_of({"one": tied}), pairs={"one": PairSet("one", tuple(pairs), HERE)})
    halves = halved(file)
    assert halves.torn_of(("one",), ()) == ("one",)
    assert halves.torn_of((), ("one",)) == ()
    assert halves.torn == {("set", "one")}


def test_one_text_in_several_spellings_is_in_one_half():
    texts = [f"text {number}" for number in range(12)]
    others = [f" Text\u00a0{number}\u200b" for number in range(12)]
    halves = halved(
        file_of({"one": [prompt(text) for text in texts], "two": [prompt(text) for text in others]})
    )
    assert all(
        (one in halves.checked) == (other in halves.checked) for one, other in zip(texts, others, strict=True)
    )
