"""Which neuron is taken for the old one, on models whose answer is known: nothing but arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from neuronclaims.measurements import ModelFacts
from neuronclaims.rematch.search import FEWEST, LEAST, MARGIN, RematchPair, Remembered, matches, z
from neuronclaims.rematch.tokenwise import shared
from neuronclaims.sentences.subjects.neurons import Neuron

TOKENS, WIDTH, LAYERS = 6, 32, 2
SEARCHED = [f"searched {n:03d}" for n in range(40)]
CHECKED = [f"checked {n:03d}" for n in range(40)]
OLD = Neuron(0, 3)


@dataclass
class Arrays:
    """A model that is a table: by layer and text its values [tokens, width]; it reads all texts in two steps."""

    table: dict[int, dict[str, np.ndarray]]
    tokens: int = TOKENS
    steps: list[int] = field(default_factory=list)

    facts = ModelFacts("arrays", "arrays", LAYERS, {"mlp_post": WIDTH, "resid_post": WIDTH}, True)

    def ends(self, texts):
        return {text: np.arange(1, self.tokens + 1) for text in texts}

    def values(self, site, layers, places):
        texts = sorted(places)
        for some in (texts[: len(texts) // 3], texts[len(texts) // 3 :]):
            self.steps.append(len(some))
            yield (
                some,
                {
                    layer: np.concatenate([self.table[layer][text][places[text]] for text in some])
                    for layer in layers
                },
            )


def noise(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    return Arrays(
        {
            layer: {text: rng.normal(size=(TOKENS, WIDTH)).astype(np.float32) for text in SEARCHED + CHECKED}
            for layer in range(LAYERS)
        }
    )


def planted(old: Arrays, new: Arrays, place: Neuron, r: float, texts=SEARCHED + CHECKED) -> None:
    """Make a neuron of the new model correlate with the old one by about r, on some texts."""
    for text in texts:
        own = old.table[OLD.layer][text][:, OLD.index]
        other = new.table[place.layer][text][:, place.index]
        new.table[place.layer][text][:, place.index] = r * own + np.sqrt(1 - r * r) * other


def looked(old: Arrays, new: Arrays, site: str = "mlp_post"):
    return matches(RematchPair(Remembered.of(old, site, [OLD], SEARCHED + CHECKED), new), SEARCHED, CHECKED)[
        OLD
    ]


@pytest.mark.parametrize("place", [Neuron(1, 20), Neuron(0, 0), Neuron(1, 3)])
def test_a_planted_neuron_is_found_where_it_is(place):
    old, new = noise(0), noise(1)
    planted(old, new, place, 0.95)
    match = looked(old, new)
    assert (match.status, match.best, match.why) == ("moved", place, None)
    assert match.r == pytest.approx(0.95, abs=0.03)
    assert match.held == pytest.approx(0.95, abs=0.03)


def test_a_neuron_in_its_place_is_still_there():
    old, new = noise(0), noise(1)
    planted(old, new, OLD, 0.95)
    assert looked(old, new).status == "still"


def test_noise_is_not_found_and_its_best_is_that_of_numpy():
    old, new = noise(0), noise(1)
    match = looked(old, new)
    x = np.concatenate([old.table[0][text][:, 3] for text in SEARCHED])
    every = [
        np.corrcoef(x, np.concatenate([new.table[layer][text][:, i] for text in SEARCHED]))[0, 1]
        for layer in range(LAYERS)
        for i in range(WIDTH)
    ]
    assert match.status == "not found"
    assert match.why.startswith("no neuron goes with it")
    assert (match.r, match.second) == pytest.approx(sorted(every)[:-3:-1], abs=1e-6)
    assert match.best == Neuron(*divmod(int(np.argmax(every)), WIDTH))
    again = np.concatenate([new.table[match.best.layer][text][:, match.best.index] for text in CHECKED])
    held = np.corrcoef(np.concatenate([old.table[0][text][:, 3] for text in CHECKED]), again)[0, 1]
    assert match.held == pytest.approx(held, abs=1e-6)


def test_a_neuron_that_says_the_opposite_is_not_the_same():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 5), -0.98)
    assert looked(old, new).status == "not found"


def test_two_alike_are_told_of_and_neither_is_taken():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 5), 0.9)
    planted(old, new, Neuron(0, 9), 0.9)
    match = looked(old, new)
    assert match.status == "not found"
    assert "two neurons go with it alike" in match.why


def test_in_the_residual_stream_a_coordinate_is_no_rival_of_itself():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 5), 0.95)
    planted(old, new, Neuron(0, 5), 0.93)
    assert looked(old, new, "mlp_post").status == "not found"
    match = looked(old, new, "resid_post")
    assert (match.status, match.best) == ("moved", Neuron(1, 5))


def test_a_match_on_one_half_alone_is_not_taken():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 5), 0.95, SEARCHED)
    match = looked(old, new)
    assert match.status == "not found"
    assert "less on the other" in match.why


def test_a_neuron_no_better_than_a_rotated_axis_is_not_taken():
    """In a layer that says one thing with all its neurons, any axis goes with it."""
    old, new = noise(0), noise(1)
    for text in SEARCHED + CHECKED:
        own = old.table[0][text][:, 3][:, None]
        new.table[1][text] = own + 0.55 * new.table[1][text]
        new.table[1][text][:, 7] = own[:, 0] + 0.3 * noise(2).table[1][text][:, 7]
    match = looked(old, new)
    assert match.r > 0.9
    assert z(match.r) - z(match.second) > MARGIN
    assert match.rotated > match.second
    assert match.status == "not found"
    assert "rotated layer" in match.why


def test_a_rotated_model_has_none_of_its_neurons():
    """The same function in another basis: every direction is there, none of them is a neuron."""
    old = noise(0)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(WIDTH, WIDTH)))[0].astype(np.float32)
    turned = {
        layer: {text: values @ turn for text, values in texts.items()} for layer, texts in old.table.items()
    }
    assert looked(old, Arrays(turned)).status == "not found"


def test_a_silent_neuron_is_not_looked_for():
    old, new = noise(0), noise(1)
    for text in SEARCHED + CHECKED:
        old.table[0][text][:, 3] = 0.25
    match = looked(old, new)
    assert match.status == "not found"
    assert "same at every token" in match.why


def test_the_scale_and_offset_of_neurons_change_nothing():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 20), 0.95)
    before = looked(old, new)
    rng = np.random.default_rng(3)
    for layer in range(LAYERS):
        scale, offset = np.exp(rng.normal(size=WIDTH) * 2), rng.normal(size=WIDTH) * 3
        for text in SEARCHED + CHECKED:
            new.table[layer][text] = (new.table[layer][text] * scale + offset).astype(np.float32)
    after = looked(old, new)
    assert after.best == before.best
    for name in ("r", "held", "second", "rotated"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=1e-4)


def test_too_few_tokens_tell_nothing():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 20), 1.0)
    few = (FEWEST - 1) // TOKENS
    match = matches(
        RematchPair(Remembered.of(old, "mlp_post", [OLD], SEARCHED + CHECKED), new), SEARCHED[:few], CHECKED
    )[OLD]
    assert match.status == "not found"
    assert f"{few * TOKENS} tokens" in match.why


def test_a_larger_r_than_the_least_is_asked_for():
    old, new = noise(0), noise(1)
    planted(old, new, Neuron(1, 20), LEAST - 0.1)
    assert "no neuron goes with it" in looked(old, new).why


def test_texts_are_read_step_by_step():
    old, new = noise(0), noise(1)
    looked(old, new)
    assert set(new.steps) == {13, 27}


def test_tokens_are_joined_where_they_end_at_the_same_character():
    old = {"abcdef": np.array([2, 4, 6]), "only old": np.array([8]), "é": np.array([1, 1])}
    new = {"abcdef": np.array([1, 4, 5, 6]), "é": np.array([1])}
    first, second = shared(old, new)
    assert {text: places.tolist() for text, places in first.items()} == {"abcdef": [1, 2], "é": [1]}
    assert {text: places.tolist() for text, places in second.items()} == {"abcdef": [1, 3], "é": [0]}
