"""``temperature``, ``samples`` and ``seed`` of ``generate``: where they stand, and where they mean nothing."""

from __future__ import annotations

import pytest
from toy_claims import HEAD

from neuronclaims.baselines.content import content_of
from neuronclaims.prompts.sampling import Sampling

SETS = "sets: {a: [Hanoi is, Tom flew to], b: [The fox, A cat]}\n"
CLAIM = "neuron 1:2 activates more for a than b"


def claims(entry="", top=""):
    return f"{HEAD}{top}{SETS}claims:\n  - {{claim: {CLAIM}{entry}}}\n"


def test_a_temperature_draws_one_text_with_seed_0_unless_more_is_said(read):
    def drawn(keys):
        (claim,) = read(claims(f", tokens: mean of generated, generate: {{max_new_tokens: 4{keys}}}")).claims
        return claim

    assert drawn("").settings.sampling is None
    assert drawn(", temperature: 0.7").settings.sampling == Sampling(0.7, 1, 0)
    assert drawn(", temperature: 1, samples: 8, seed: 3").settings.sampling == Sampling(1.0, 8, 3)
    greedy, warm, warmer = drawn(""), drawn(", temperature: 0.7"), drawn(", temperature: 0.8")
    assert len({content_of(each) for each in (greedy, warm, warmer)}) == 3
    assert repr(greedy.settings) == repr(warm.settings)  # as digests of claim files have it


def test_the_digest_of_a_file_knows_how_text_is_drawn(read):
    def digest(keys):
        entry = f", tokens: mean of generated, generate: {{max_new_tokens: 4{keys}}}"
        return read(claims(entry)).digest

    assert len({digest(""), digest(", temperature: 0.7"), digest(", temperature: 0.7, seed: 1")}) == 3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "temperature: 0",
            "a temperature is above 0 and at most 100; for the likeliest token at every step, leave",
        ),
        ("temperature: -1", "a temperature is above 0"),
        ("temperature: nan", "must be a finite number"),
        ("temperature: 101", "at most 100"),
        ("temperature: hot", "'temperature' must be a number, not 'hot'"),
        ("temperature: 1, samples: 0", "'samples' must be at least 1, not '0'"),
        ("temperature: 1, samples: 2.5", "'samples' must be a whole number"),
        ("temperature: 1, seed: -1", "'seed' must be at least 0"),
        ("samples: 4", "'samples' needs a 'temperature'"),
        ("seed: 4", "'seed' needs a 'temperature'"),
    ],
)
def test_nonsense_is_one_error_at_its_place(problems, keys, message):
    found = problems(claims(f", tokens: mean of generated, generate: {{max_new_tokens: 4, {keys}}}"))
    assert len(found) == 1
    assert message in found[0]


def test_a_temperature_without_generated_text_is_an_error_where_it_stands(problems, read):
    warm = "generate: {max_new_tokens: 4, temperature: 1}"
    (found,) = problems(claims(f", {warm}"))
    assert "no text is drawn here: no claim that this holds for is about generated tokens" in found
    (found,) = problems(claims("", f"{warm}\n"))
    assert "no text is drawn here" in found
    # Its own 'generate' takes the claim out of what the file says.
    own = ", tokens: mean of generated, generate: {max_new_tokens: 4}"
    (found,) = problems(claims(own, f"{warm}\n"))
    assert "no text is drawn here" in found
    assert read(claims(", tokens: mean of generated", f"{warm}\n")).claims[0].settings.sampling
