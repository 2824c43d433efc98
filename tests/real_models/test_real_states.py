"""States and weights of stories260k, told again from plain Hugging Face, NumPy and SciPy: one test a kind of claim."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from independent import Traces
from numpy.typing import NDArray
from scipy.stats import permutation_test
from skewed_sets import difference_interval, difference_p

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

FOLDER = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
pytestmark = pytest.mark.skipif(not (FOLDER / "config.json").is_file(), reason="needs stories260k")

NAMES = ("Tim", "Lily", "Sam", "Anna", "Ben", "Mia", "Tom", "Sue")
SETS = {
    "dogs": [f"{name} had a big dog. The dog liked to" for name in NAMES],
    "cats": [f"{name} had a small cat. The cat did not" for name in NAMES],
    "sky": [f"{name} saw the sun up in the blue sky and" for name in NAMES],
    "baseline": [f"One day, {name} went to the park with Mom." for name in NAMES],
    "glad": [f"{name} was very happy. {name} said, I love it" for name in NAMES],
    "sad": [f"{name} was very sad. {name} said, I lost it" for name in NAMES],
    "shop": [f"{name} and Dad went to the shop to get some food" for name in NAMES],
}
LAYERS, K = 5, 10


@cache
def traces() -> Traces:
    return Traces(FOLDER)


@cache
def tokens_of(text: str, site: str) -> NDArray[np.float64]:
    """The values of all layers at the tokens of text: [layers, tokens, width]; resid_post has one layer less."""
    ids, length, values = traces().of(text, 0)
    kept = [place for place in range(length) if ids[place] not in traces().tokenizer.all_special_ids]
    return np.stack(values[site]).astype(np.float64)[:, kept]


def judged(folder: Path, claim: str, head: str = "", **settings: object) -> Result:
    (folder / "model").symlink_to(FOLDER, target_is_directory=True)
    path = folder / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [model]\nsite: mlp_post\ntokens: mean of prompt\n{head}"
        f"sets: {json.dumps(SETS)}\nclaims: {json.dumps([{'claim': claim, **settings}])}\n"
    )
    [result] = Study().judge(read_claim_file(path, templates()), "model").values()
    assert result.error is None
    return result


def beside(result: Result, name: str) -> float:
    [found] = [effect.value for effect in result.evidence.other_effects if name in effect.name]
    return found


def top(name: str) -> set[int]:
    """The 10 neurons of mlp_post, all layers together, that lie highest over the baseline."""
    means = {
        key: np.mean([tokens_of(text, "mlp_post").mean(1).ravel() for text in SETS[key]], axis=0)
        for key in (name, "baseline")
    }
    return set(np.argsort(-(means[name] - means["baseline"]))[:K].tolist())


def test_shared_neurons_are_those_found_by_sorting(tmp_path):
    result = judged(tmp_path, f"dogs and cats share at least 2 of their top {K} neurons over baseline")
    shared = len(top("dogs") & top("cats"))
    assert shared > 0
    assert result.evidence.effect.value == shared
    assert beside(result, "Jaccard") == pytest.approx(shared / (2 * K - shared))
    matrix = next(figure for figure in result.evidence.figures if figure.kind == "matrix")
    assert matrix.values[0][1] == matrix.values[1][0] == shared


def test_a_difference_of_shared_neurons_is_that_of_two_counts(tmp_path):
    result = judged(tmp_path, "dogs overlaps more with cats than with sky")
    counts = len(top("dogs") & top("cats")), len(top("dogs") & top("sky"))
    assert result.evidence.effect.value == counts[0] - counts[1]


def test_shares_of_tokens_beyond_a_bound_are_counted_alike(tmp_path):
    sizes = np.concatenate([np.abs(tokens_of(text, "resid_post")[3]) for text in SETS["dogs"]])
    neuron = int(sizes.max(axis=0).argmax())
    bound = round(float(np.median(sizes[:, neuron])), 3)
    claim = f"resid_post neuron 3:{neuron} is an outlier beyond {bound:g} in at least 10% of tokens in dogs"
    shares = [(np.abs(tokens_of(text, "resid_post")[3, :, neuron]) >= bound).mean() for text in SETS["dogs"]]
    assert 0.1 < np.mean(shares) < 0.9
    assert judged(tmp_path, claim).evidence.effect.value == pytest.approx(np.mean(shares))


def test_a_band_holds_the_share_of_values_within_it(tmp_path):
    result = judged(tmp_path, "at least 50% of layer 2 lies within 0.05 of zero in dogs")
    shares = [(np.abs(tokens_of(text, "mlp_post")[2]) < 0.05).mean() for text in SETS["dogs"]]
    assert result.evidence.effect.value == pytest.approx(np.mean(shares))


def test_no_neuron_of_a_small_model_is_massive(tmp_path):
    assert max(np.abs(tokens_of(text, "resid_post")).max() for text in SETS["dogs"]) < 100
    result = judged(tmp_path, "resid_post neuron 3:5 is massive in dogs")
    assert (result.verdict, result.evidence.effect.value) == ("refuted", 0)


HONESTY = "directions:\n  joy: {from: [glad, sad], method: mean difference, neutral: shop}\n"


def test_activity_is_the_projection_in_standard_deviations_of_neutral_prompts(tmp_path):
    claim = "joy activity is higher for dogs than cats in layers 1 to 3"
    result = judged(tmp_path, claim, HONESTY, site="resid_post", tokens="last of prompt")

    def last(name: str) -> NDArray[np.float64]:
        return np.stack([tokens_of(text, "resid_post")[1:4, -1] for text in SETS[name]])

    direction = last("glad").mean(0) - last("sad").mean(0)
    scores = {name: (last(name) * direction).sum(2) for name in ("dogs", "cats", "shop")}
    neutral = scores["shop"]
    one, two = (
        ((scores[name] - neutral.mean(0)) / neutral.std(0, ddof=1)).mean(1) for name in ("dogs", "cats")
    )
    evidence = result.evidence
    interval = difference_interval(one, two)
    assert evidence.effect.value == pytest.approx(one.mean() - two.mean(), rel=1e-4)
    assert [evidence.effect.low, evidence.effect.high] == pytest.approx(list(interval), rel=1e-4)
    exchanged = [
        permutation_test(
            (one, two), lambda a, b, axis: a.mean(axis) - b.mean(axis), alternative=side, n_resamples=20_000
        ).pvalue
        for side in ("greater", "less")
    ]
    of_interval = difference_p(one, two)
    assert evidence.test.exact
    assert evidence.test.p_value == pytest.approx(max(min(1.0, 2 * min(exchanged)), of_interval), abs=4e-4)


@pytest.mark.parametrize("over", ["tokens", "its layer"])
def test_weights_write_as_much_as_their_product_says(over, tmp_path):
    model = traces().model
    out = model.model.layers[4].mlp.down_proj.weight.detach().double().numpy().T
    head = model.get_output_embeddings().weight.detach().double().numpy()
    products = (out * model.model.norm.weight.detach().double().numpy()) @ (head - head.mean(0)).T
    he = traces().tokenizer.convert_tokens_to_ids("▁he")
    neuron = int(products[:, he].argmax())
    others = np.delete(products[neuron], he) if over == "tokens" else np.delete(products[:, he], neuron)
    result = judged(tmp_path, f'neuron 4:{neuron} writes " he" more than 90% of {over}')
    assert result.evidence.effect.value == pytest.approx((others < products[neuron, he]).mean())
    assert beside(result, "product") == pytest.approx(products[neuron, he], rel=1e-5)
