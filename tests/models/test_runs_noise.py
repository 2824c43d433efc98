"""The noise floor is what a second, equally right measurement differs by; kept, so that a warm run reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_runs_cache import python

from neuronclaims.cache.run_cache import RunCache, context_key
from neuronclaims.engines.measure import measure
from neuronclaims.engines.noise import noise_floor
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Congruence,
    Generation,
    Pair,
    Prediction,
    Readout,
    Restoration,
    TokenRule,
    Vocabulary,
)
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

PROMPTS = ("the old dog ran to the river", "Hanoi is the capital of Vietnam", "she sat", "the cat ate food")
READ = Activations("mlp_post", 1, TokenRule("mean", "prompt"), PROMPTS)
WRITE = Activations("resid_post", 2, TokenRule("last", "generated"), PROMPTS, Generation(4))
DEEP = Activations("resid_post", 2, TokenRule("mean", "prompt"), PROMPTS[:3])
PREDICTION = Prediction(" dog", " cat")
EVERY = [
    READ,
    WRITE,
    Activations("resid_post", 0, TokenRule("each 3", "prompt"), PROMPTS),
    Restoration("mlp_post", ((1, 3),), PREDICTION, (Pair("the old dog sat", "the old cat sat"),)),
    Ablation("mlp_post", ((1, 3), (2, 4)), "mean", PREDICTION, PROMPTS, PROMPTS[:2]),
    AblationSweep("mlp_post", 2, "zero", PREDICTION, PROMPTS[:2]),
    Readout("resid_post", 1, 5, " dog", (0.0, 1.0), PROMPTS),
]


@pytest.mark.parametrize("name", ["gpt2", "llama", "gpt_neox", "bert"])
def test_two_right_ways_of_measuring_differ_by_rounding_at_most(source_of, name) -> None:
    asked = (
        [m for m in EVERY if isinstance(m, Activations) and m.generate is None] if name == "bert" else EVERY
    )
    answers = measure(source_of(name), asked)
    found = noise_floor(source_of(name), asked)
    assert list(found) == asked
    for measurement, noise in found.items():
        assert noise.columns.shape == answers[measurement].shape[1:]
        assert noise.largest == noise.columns.max()
        # Float32 keeps 24 bits; a few layers of sums lose a few of them.
        assert noise.largest <= 1e-4 * np.abs(answers[measurement]).max(), measurement


@pytest.fixture
def wavering(hand_over) -> Callable[[str], Source]:
    """Give a model that rounds differently in batches of 2, 4, 6, ... rows: by a unit in the last place in one block.

    Whether a model does so by itself is the affair of the machine.
    """

    def make(dtype: str) -> Source:
        import torch

        source = hand_over("gpt2")
        model = source.loaded.model.to(getattr(torch, dtype))
        unit = torch.finfo(model.dtype).eps

        def waver(block: object, args: object, output: torch.Tensor) -> torch.Tensor:
            return output * (1 + unit) if len(output) % 2 == 0 else output

        model.transformer.h[1].register_forward_hook(waver)
        return source

    return make


def test_what_wavers_has_a_noise_floor_of_its_number_type(wavering) -> None:
    large, small = (noise_floor(wavering(dtype), [DEEP])[DEEP].largest for dtype in ("bfloat16", "float32"))
    assert large > 100 * small > 0


def test_a_column_is_the_largest_difference_of_that_neuron_over_all_prompts(wavering) -> None:
    source = wavering("float32")
    found = noise_floor(source, [DEEP])[DEEP]
    first, second = (measure(source, [DEEP], options=RunOptions(again=again)) for again in (False, True))
    apart = np.abs(first[DEEP].astype(float) - second[DEEP])
    assert (found.columns == [max(apart[:, neuron]) for neuron in range(apart.shape[1])]).all()
    assert found.largest > 0


def test_both_times_are_kept_each_under_its_own_context(source_of, tmp_path) -> None:
    source = source_of("gpt2")
    noise_floor(source, [DEEP], cache=RunCache(tmp_path))
    known = source.fingerprint()
    keys = [context_key(source, RunOptions(again=again), known) for again in (False, True)]
    folders = [RunCache(tmp_path).context(key).folder for key in keys]
    assert keys[0] != keys[1]
    assert all(list(folder.glob("*.safetensors")) for folder in folders)


def test_what_no_text_is_run_for_does_not_move(source_of) -> None:
    weights = [Congruence(1, None, " dog"), Vocabulary()]
    assert [noise.largest for noise in noise_floor(source_of("gpt2"), weights).values()] == [0.0, 0.0]
    nothing = Activations("mlp_post", 1, READ.tokens, ())
    assert noise_floor(source_of("gpt2"), [nothing])[nothing].largest == 0.0


def test_a_new_prompt_is_measured_twice_and_the_rest_is_read(source_of, tmp_path) -> None:
    cache, seen = RunCache(tmp_path), list[Progress]()
    noise_floor(source_of("gpt2"), [READ], cache=cache)
    more = Activations(READ.site, READ.layer, READ.tokens, (*PROMPTS, "a new bird sang"))
    found = noise_floor(source_of("gpt2"), [more], cache=cache, progress=seen.append)[more]
    assert [step.done for step in seen if step.stage == "measuring" and step.done] == [1, 1]
    assert found.largest >= noise_floor(source_of("gpt2"), [READ], cache=cache)[READ].largest


WARM = f"""
    import sys
    from pathlib import Path
    from neuronclaims.measurements import Activations, TokenRule
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.engines.noise import noise_floor
    from neuronclaims.models.sources import open_model
    question = Activations("mlp_post", 1, TokenRule("mean", "prompt"), {PROMPTS!r})
    found = noise_floor(open_model(sys.argv[1], Path(".")), [question], cache=RunCache(Path(sys.argv[2])))
    print(found[question].largest, sorted({{"torch", "transformers"}} & set(sys.modules)))
"""


def test_a_warm_noise_floor_needs_no_torch(folder_of, source_of, tmp_path: Path) -> None:
    largest = noise_floor(source_of("gpt2"), [READ], cache=RunCache(tmp_path))[READ].largest
    assert python(WARM, folder_of("gpt2"), tmp_path).strip() == f"{largest} []"


def test_the_trained_model_moves_by_rounding_at_most(stories) -> None:
    texts = tuple(
        f"Once upon a time there was a {word}" for word in ("dog", "very small red bird", "girl who sang")
    )
    ask = Activations("resid_post", 4, TokenRule("mean", "generated"), texts, Generation(10))
    largest = noise_floor(stories, [ask])[ask].largest
    assert largest < 1e-4 * np.abs(measure(stories, [ask])[ask]).max()
