"""Claims of losses, entropies and divergences under a change, on a model whose answers are known beforehand.

See ``changed_claims.one_writer``: after "dog" the logit of "tree" is 24 / sqrt(130 / 32) and all others are 0; after
any other word, and once neuron 0:3 holds 0, all logits are 0. So before the change the loss of "tree" after "dog" and
the entropy there follow by hand, and all else has those of a die with as many sides as there are words.
"""

from __future__ import annotations

import json
from functools import cache
from math import exp, log

import pytest
from changed_claims import judged_really, one_writer

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.kinds import templates
from neuronclaims.kinds.shared.units import fit_to_keep
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
    "dogs": [f"{one} dog tree" for one in OPENINGS],
    "cats": [f"{one} cat tree" for one in OPENINGS],
    "ends": [f"{one} dog" for one in OPENINGS],
    "paired_dogs": [{"text": f"{one} dog tree", "pair": one} for one in OPENINGS],
    "paired_cats": [{"text": f"{one} cat tree", "pair": one} for one in OPENINGS],
}
HEAD = f"site: mlp_post\nsets: {json.dumps(SETS)}\n"
LOGIT = 24 / (130 / 32) ** 0.5


@cache
def model():
    return one_writer()


def words() -> int:
    return model().model.config.vocab_size


def chance() -> float:
    """The probability of "tree" after "dog"."""
    return exp(LOGIT) / (exp(LOGIT) + words() - 1)


def entropy() -> float:
    other = (1 - chance()) / (words() - 1)
    return -chance() * log(chance()) - (words() - 1) * other * log(other)


def judged(folder, claim: str, more: str = ""):
    return judged_really(
        folder, f"{{claim: {json.dumps(claim)}{more}}}", HEAD.replace("site: mlp_post\n", ""), model()
    )


def of_text(text: str, value: float) -> float:
    """The mean over the tokens of a text that are predicted, or at which something is, where one alone has a value."""
    tokens = model().tokenizer(text)["input_ids"]
    return value / (len(tokens) - 1)


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def test_the_numbers_are_those_computed_by_hand(tmp_path):
    rise = log(words()) + log(chance())  # of the loss of "tree" after "dog"
    loss = mean(of_text(text, rise) for text in SETS["dogs"])
    found = {
        claim: judged(tmp_path, f"ablating mlp_post neuron 0:3 {claim}")
        for claim in (
            "raises loss of dogs",
            "raises loss in dogs by at least 0.2",
            "raises perplexity of dogs by at least 10%",
            "raises entropy in ends",
            'lowers probability of " tree" in ends',
            "raises divergence in dogs by at least 0.1",
        )
    }
    assert {claim: result.error for claim, result in found.items() if result.error} == {}
    values = {claim: result.evidence.effect.value for claim, result in found.items()}
    apart = log(words()) - entropy()
    expected = {
        "raises loss of dogs": loss,
        "raises loss in dogs by at least 0.2": loss,
        "raises perplexity of dogs by at least 10%": loss,
        "raises entropy in ends": apart,
        'lowers probability of " tree" in ends': 1 / words() - chance(),
        "raises divergence in dogs by at least 0.1": mean(apart / len(text.split()) for text in SETS["dogs"]),
    }
    assert values == pytest.approx(expected, rel=1e-4)
    for claim in list(found)[:3]:
        assert found[claim].verdict == "supported", (claim, found[claim].reason)
    others = {
        each.name: each.value
        for each in found["raises perplexity of dogs by at least 10%"].evidence.other_effects
    }
    assert others["perplexity after, as a multiple of that before"] == pytest.approx(exp(loss), rel=1e-4)


def test_a_change_is_parted_into_what_goes_through_the_final_norm_and_what_does_not(tmp_path):
    """At a quarter of its value, 0:3 writes 2 of 8: the state's variance falls from 130/32 to 10/32."""

    def logs(logit: float) -> tuple[float, float]:
        """Entropy, and loss of "tree", where the logit of "tree" is this and all others are 0."""
        whole = exp(logit) + words() - 1
        tree, other = exp(logit) / whole, 1 / whole
        return -tree * log(tree) - (words() - 1) * other * log(other), -log(tree)

    before, after, fixed = logs(LOGIT), logs(6 / (10 / 32) ** 0.5), logs(6 / (130 / 32) ** 0.5)
    expected = {
        "raises entropy in ends": after[0] - before[0],
        "raises entropy with the final norm fixed in ends": fixed[0] - before[0],
        "lowers entropy through the final norm in ends": after[0] - fixed[0],
        "lowers loss through the final norm of dogs": mean(
            of_text(text, after[1] - fixed[1]) for text in SETS["dogs"]
        ),
    }
    found = {
        claim: judged(tmp_path, f"scaling mlp_post neuron 0:3 by 0.25 {claim}", ", controls: none")
        for claim in expected
    }
    assert {claim: each.error for claim, each in found.items() if each.error} == {}
    assert {claim: each.evidence.effect.value for claim, each in found.items()} == pytest.approx(
        expected, rel=1e-4, abs=1e-5
    )
    assert [each.verdict for each in found.values()] == ["supported"] * 4
    notes = " ".join(found["lowers entropy through the final norm in ends"].evidence.notes)
    assert "more than with the scale of the final norm as it was" in notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("raises perplexity through the final norm of dogs", "only of loss and entropy"),
        ("raises entropy through the first norm in ends", "'final'"),
        ("raises entropy through the final norm of ends", "'in'"),
    ],
)
def test_what_cannot_be_parted_is_refused(words, message):
    with pytest.raises(SentenceError) as refused:
        parse(f"ablating mlp_post neuron 0:3 {words}", templates())
    assert message in str(refused.value)


def test_what_a_dead_neuron_does_not_change_is_shown_up_to_a_margin(tmp_path):
    found = judged(tmp_path, "ablating mlp_post neuron 0:3 does not raise loss of ends", ", margin: 0.1")
    assert found.evidence.effect.value == pytest.approx(0, abs=1e-6)
    claim = "ablating mlp_post neuron 0:3 raises loss of dogs for at least 50% of prompts"
    often = judged(tmp_path, claim)
    assert (often.verdict, often.evidence.effect.value) == ("supported", 1.0)


def test_the_loss_of_named_tokens_is_that_of_these_alone(tmp_path):
    more = """, loss_at: 'all of "tree"'"""
    found = judged(tmp_path, "ablating mlp_post neuron 0:3 raises loss of dogs", more)
    assert found.error is None
    assert found.evidence.effect.value == pytest.approx(log(words()) + log(chance()), rel=1e-4)
    assert "of these the tokens 'all of \"tree\"' count" in " ".join(found.evidence.notes)
    with pytest.raises(ClaimFileError, match="'fish'"):
        judged(tmp_path, "ablating mlp_post neuron 0:3 raises loss of dogs", ", loss_at: all of fish")


def test_a_change_is_compared_between_two_sets(tmp_path):
    rise = log(words()) + log(chance())
    loss = mean(of_text(text, rise) for text in SETS["dogs"])
    found = {
        claim: judged(tmp_path, f"ablating mlp_post neuron 0:3 {claim}", more)
        for claim, more in (
            ("raises loss of dogs more than of cats", ""),
            ("raises loss of paired_dogs more than of paired_cats by at least 0.2", ""),
            ("raises loss of cats more than of dogs", ""),
            ("raises perplexity of dogs more than of cats by at least 2000%", ""),
            ("does not raise loss of cats more than of dogs", ", margin: 0.1"),
        )
    }
    assert {claim: result.error for claim, result in found.items() if result.error} == {}
    told = {
        claim: (
            result.verdict,
            result.evidence.paired,
            result.evidence.effect.key,
            round(result.evidence.effect.value / loss, 4),
        )
        for claim, result in found.items()
    }
    key = "difference_of_change_of_loss"
    assert list(told.values()) == [
        ("supported", False, key, 1.0),
        ("supported", True, key, 1.0),
        ("inconclusive", False, key, -1.0),  # a part refutes at .025, and 16 prompts show 0.8^16 = .028
        ("inconclusive", False, "difference_of_change_of_log_perplexity", 1.0),
        ("supported", False, key, -1.0),
    ]
    both, one = list(found.values())[:2]
    assert both.evidence.counts == (("dogs", 16), ("cats", 16))
    assert "The claim has two parts" in " ".join(both.evidence.notes)
    assert len(both.evidence.units.values[1]) == 16
    assert next(effect.key for effect in both.evidence.other_effects) == "change_of_loss"
    assert one.evidence.unit == "pair"
    for each in (both, one):
        assert fit_to_keep(each.evidence.units, each.evidence.effect.value) is not None


def test_a_trend_over_amounts_is_one_of_any_outcome(tmp_path):
    found = judged(tmp_path, "scaling mlp_post neuron 0:3 by 0, 1, 2 lowers loss of dogs")
    assert found.error is None
    assert found.verdict == "supported"


@pytest.mark.parametrize(
    ("words", "message", "suggestion"),
    [
        ("raises entrpy in a", "there is no outcome 'entrpy'", "entropy"),
        ("raises surprisal of a", "there is no outcome 'surprisal'", "loss"),
        ("raises ppl of a", "there is no outcome 'ppl'", "perplexity"),
        ("raises fish in a", "a token is written in double quotes", '" fish"'),
        ("raises entropy of a", "at the end of texts", "in"),
        ("lowers divergence in a by at least 1", "nothing lowers it", "raises"),
        ("raises divergence in a", "say by how much", "divergence ... by at least 0.1"),
        ("raises loss of a by at least 10%", "only a perplexity", None),
        ("raises perplexity of a by at least 2", "by a percentage", None),
        ("lowers perplexity of a by at least 100%", "stays above 0", None),
        ("raises loss of a more than of a", "as much as itself", None),
        ("does not change loss of a more than of b", "needs a direction", "does not raise"),
        ("raises loss of a more than of b for at least 80% of prompts", "mean changes are compared", None),
        ("raises entropy in a more than of b", "at the end of texts", "in"),
        ("raises probability in a", "expected 'of'", None),
    ],
)
def test_sentences_that_are_wrong_say_what_was_meant(words, message, suggestion):
    with pytest.raises(SentenceError, match=message) as caught:
        parse(f"ablating neuron 0:3 {words}", templates())
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize(
    "words",
    [
        "raises loss of a",
        "does not raise perplexity in a",
        "raises perplexity of a by at least 12.5%",
        'lowers probability of " an" in a by at least 0.1',
        'lowers " an" over " a" in a',
        "raises perplexity of a more than in b by at least 5%",
        "raises divergence in a more than in b",
        "raises entropy in a for at least 80% of prompts",
    ],
)
def test_sentences_come_back_as_they_were(words):
    sentence = f"adding 4 to neuron 0:3 {words}"
    assert parse(sentence, templates()).text == sentence


def test_random_neurons_are_the_controls_of_every_outcome(tmp_path):
    claims = ("raises loss of dogs", "raises divergence in dogs")
    for claim in claims:
        found = judged(tmp_path, f"ablating mlp_post neuron 0:3 {claim} more than random neurons do")
        assert (found.verdict, found.error) == ("supported", None)
        assert "random" in " ".join(found.evidence.notes)
