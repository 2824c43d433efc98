"""A claim file as it was read: settings with their defaults, ids, places, sets and the digest."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from toy_claims import CLAIM, FULL, HEAD, SETS, Contrast

from neuronclaims.claim_files.claims import Tokens
from neuronclaims.claim_files.errors import ClaimFileError, Place
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject


def test_a_claim_has_the_settings_of_the_file_unless_it_gives_its_own(read):
    file = read(FULL)
    assert file.models == ("demo", "EleutherAI/pythia-70m@step3000")
    assert (file.alpha, file.correction) == (0.01, "bonferroni")
    first, second, third = (claim.settings for claim in file.claims)
    assert (first.site, first.tokens, first.generate) == ("resid_post", Tokens("mean", "generated"), 20)
    assert (first.resamples, first.seed, first.expect, first.because) == (1000, 10, "supported", None)
    assert (first.tags, first.xfail, first.skip) == ((), None, None)
    assert (second.site, second.tokens, second.generate) == ("mlp_post", Tokens("last", "prompt"), None)
    assert (second.resamples, second.seed, second.expect) == (99, 0, "refuted")
    assert (second.because, second.tags, second.xfail) == (
        "seed 0: third histogram",
        ("capitals", "slow"),
        "known",
    )
    assert (third.site, str(third.tokens), third.generate) == ("mlp_post", "last of emitting", 5)
    assert (third.tags, third.skip) == (("capitals",), "later")


def test_a_claim_is_its_sentence_its_place_and_the_sets_it_names(read):
    file = read(FULL)
    claim = file.claims[0]
    assert claim.sentence == Contrast(
        Subject("one", (Neuron(11, 36),)), "activates", "more", "hanoi", "baseline"
    )
    assert claim.text == "neuron 11:36 activates more for hanoi than baseline"
    assert claim.place == Place("x.claims.yaml", 17, 5)
    assert file.claims[1].text == "mlp_post neuron 3:17 separates hanoi from baseline with AUROC at least 0.8"
    assert file.claims[1].place == Place("x.claims.yaml", 18, 5)
    assert claim.sets == file.sets
    assert [prompt.text for prompt in claim.sets["hanoi"].prompts] == ["no", "11:36", "=", " two  spaces "]
    prompt = claim.sets["baseline"].prompts[1]
    assert (prompt.id, prompt.group, prompt.pair, prompt.source) == ("8", "window", "p2", "x.claims.yaml:15")
    with pytest.raises(FrozenInstanceError):
        claim.id = "other"


def test_an_id_is_given_or_made_of_the_sentence_and_safe_in_a_node_id(read):
    file = read(FULL)
    assert [claim.id for claim in file.claims] == [
        "11-36-more-hanoi-baseline",
        "second",
        "3-17-less-hanoi-baseline",
    ]
    claim = read(HEAD + SETS + f"claims:\n  - mlp_post {CLAIM} by at least 0.5 sd\n").claims[0]
    assert claim.id == "mlp-post-11-365-more-hanoi-00d56b"


@pytest.mark.parametrize("wanted", ["a.b", "a::b", "a[b]", ":a", "a:", "a b", "a/b"])
def test_an_id_that_pytest_could_not_select_is_refused(problems, wanted):
    (problem,) = problems(HEAD + SETS + f"claims:\n  - {{id: '{wanted}', claim: {CLAIM}}}\n")
    assert problem.startswith(f"9:10: '{wanted}' will not do")


def test_a_set_that_no_claim_names_is_read_but_not_given_to_claims(read):
    file = read(HEAD + SETS + "  spare: [One more]\n" + f"claims:\n  - {CLAIM}\n")
    assert set(file.sets) == {"hanoi", "baseline", "spare"}
    assert set(file.claims[0].sets) == {"hanoi", "baseline"}


def test_generate_is_not_needed_for_prompts_and_not_refused_there(read):
    file = read(HEAD + "generate: {max_new_tokens: 3}\n" + SETS + f"claims:\n  - {CLAIM}\n")
    assert file.claims[0].settings.generate is None


def test_the_digest_is_of_the_meaning_not_of_the_layout(read, tmp_path):
    plain = read(HEAD + SETS + f"claims:\n  - {CLAIM}\n").digest
    laid_out = (
        "# comment\n"
        + HEAD
        + SETS.replace("[Hanoi is, The city of Hanoi]", "\n  - Hanoi is\n  - 'The city of Hanoi'")
    )
    assert read(laid_out + f"claims:\n  - {{claim: '{CLAIM}'}}\n").digest == plain
    (tmp_path / "h.txt").write_text("Hanoi is\nThe city of Hanoi\n")
    from_file = (
        HEAD + SETS.replace("[Hanoi is, The city of Hanoi]", "{file: h.txt}") + f"claims:\n  - {CLAIM}\n"
    )
    assert read(from_file).digest == plain
    (tmp_path / "h.txt").write_text("Hanoi is\nThe city of Hanoy\n")
    assert read(from_file).digest != plain


@pytest.mark.parametrize(
    "change",
    [
        ("demo", "gpt2"),
        ("resid_post", "mlp_post"),
        ("last of", "mean of"),
        ("more", "less"),
        ("Hanoi is", "Hanoi was"),
    ],
)
def test_every_change_of_meaning_changes_the_digest(read, change):
    text = HEAD + SETS + f"claims:\n  - {CLAIM}\n"
    assert read(text).digest != read(text.replace(*change)).digest


def test_messages_show_the_path_from_the_working_directory(tmp_path, monkeypatch):
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "x.claims.yaml").write_text("version: 1\n")
    for directory, shown in ((tmp_path, "claims/x.claims.yaml"), (folder, "x.claims.yaml")):
        monkeypatch.chdir(directory)
        with pytest.raises(ClaimFileError) as caught:
            read_claim_file(folder / "x.claims.yaml", ())
        assert {problem.place.path for problem in caught.value.problems} == {shown}


def test_problems_come_in_the_order_of_their_places_and_survive_pickling(read):
    import pickle

    with pytest.raises(ClaimFileError) as caught:
        read(HEAD.replace("demo", "") + "alpha: 2\n" + SETS + "claims:\n  - neuron 1\n  - {id: 3.4}\n")
    places = [problem.place for problem in caught.value.problems]
    assert places == sorted(places)
    assert len(places) == 5
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
