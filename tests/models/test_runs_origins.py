"""Which texts a run had to measure, and which it read from its cache."""

from __future__ import annotations

from neuronclaims.cache.origins import Origin, from_cache
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.engines.noise import noise_floor
from neuronclaims.measurements import Activations, Continuations, Generation, TokenRule

TEXTS = ("she sat", "the cat ate food", "Hanoi is the capital of Vietnam", "the old dog ran")
ONE, OTHER = TEXTS[:3], TEXTS[1:]


def ask(layer: int, prompts: tuple[str, ...]) -> Activations:
    return Activations("resid_post", layer, TokenRule("mean", "prompt"), prompts)


def test_a_text_is_cached_where_nothing_of_it_was_missing(source_of, tmp_path) -> None:
    source, cache = source_of("gpt2"), RunCache(tmp_path)
    cold = measure(source, [ask(0, ONE)], cache=cache)
    assert cold.origins == {ask(0, ONE): Origin(frozenset(ONE), frozenset(ONE))}
    asked = [ask(0, ONE), ask(0, OTHER), ask(1, TEXTS[:1])]
    found = measure(source, asked, cache=cache).origins
    assert [found[need].measured for need in asked] == [frozenset(), {TEXTS[3]}, {TEXTS[0]}]
    assert from_cache(found[need] for need in asked[:1]) == (3, 3)
    assert from_cache(found[need] for need in asked[:2]) == (3, 4)
    # The first text is in the cache at one layer, but had to be run for the other.
    assert from_cache(found[need] for need in asked) == (2, 4)
    assert from_cache(measure(source, asked, cache=cache).origins.values()) == (4, 4)
    assert from_cache(measure(source, asked).origins.values()) == (0, 4)
    assert from_cache([]) == (0, 0)


def test_what_is_written_has_no_noise_floor(source_of) -> None:
    asked = [Activations("resid_post", 1, TokenRule("mean", "generated"), ONE, Generation(3))]
    found = noise_floor(source_of("gpt2"), [*asked, Continuations(ONE, Generation(3))])
    assert list(found) == asked
