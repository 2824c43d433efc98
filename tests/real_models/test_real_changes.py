"""What changing neurons of stories260k does, told again with plain hooks on the Hugging Face model and SciPy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from independent import Traces
from scipy.stats import permutation_test, t
from skewed import mean_interval, mean_p
from torch import Tensor

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

FOLDER = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
pytestmark = pytest.mark.skipif(not (FOLDER / "config.json").is_file(), reason="needs stories260k")

OPENINGS = [
    "{} was sad because",
    "{} wanted to play, so",
    "{} saw a big dog and",
    "{} was happy when",
    "One day, {} was tired and",
    "{} had a red ball that",
    "{} went home because",
    "{} looked up and then",
    "{} was very hungry, but",
    "In the park, {} ran fast until",
]
PAIRS = [{"clean": text.format("Tim"), "corrupted": text.format("Lily")} for text in OPENINGS]
ELSEWHERE = ["One day, a dog and a cat sat.", "The sun was very hot.", "Mom made a big cake for them."]
NEURONS = [(4, 96), (4, 95), (3, 20)]


@cache
def traces() -> Traces:
    return Traces(FOLDER)


@contextmanager
def changed(neurons: list[tuple[int, int]], put: Callable[[int, int, Tensor], Tensor]) -> Iterator[None]:
    """Let the inputs of the MLP's output projections hold other values for some neurons."""

    def hook(layer: int):
        def before(_, args):
            values = args[0].clone()
            for index in (index for at, index in neurons if at == layer):
                values[..., index] = put(layer, index, values[..., index])
            return (values,)

        return before

    handles = [traces().outputs[layer].register_forward_pre_hook(hook(layer)) for layer, _ in neurons]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def logits(text: str) -> Tensor:
    return traces().model(torch.tensor([traces().tokenizer(text)["input_ids"]])).logits[0].double()


def he_over_she(text: str) -> float:
    he, she = (traces().tokenizer.convert_tokens_to_ids(token) for token in ("▁he", "▁she"))
    last = logits(text)[-1]
    return float(last[he] - last[she])


def with_clean_values(neurons: list[tuple[int, int]], pair: dict[str, str]) -> float:
    _, _, values = traces().of(pair["clean"], 0)
    clean = values["mlp_post"]
    with changed(neurons, lambda layer, index, _: torch.tensor(clean[layer][None, :, index])):
        return he_over_she(pair["corrupted"])


def judged(folder: Path, claims: list[dict[str, object]]) -> list[Result]:
    (folder / "model").symlink_to(FOLDER, target_is_directory=True)
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [model]\nsite: mlp_post\ntokens: last of prompt\n"
        f"sets: {json.dumps({'elsewhere': ELSEWHERE})}\npairs: {json.dumps({'names': PAIRS})}\n"
        f"claims: {json.dumps(claims)}\n"
    )
    return list(Study().judge(read_claim_file(path, templates()), "model").values())


def unseen(p: float) -> float:
    """p, at least the chance that so few pairs hold none of one in five."""
    return max(p, 0.8 ** len(PAIRS))


def two_sided(differences: np.ndarray) -> float:
    """The larger of the exact two-sided p of a mean under flips of signs and of the t-test, whose interval is shown."""
    pairs = differences, np.zeros_like(differences)
    one_sided = [
        permutation_test(
            pairs,
            lambda a, b, axis: (a - b).mean(axis),
            permutation_type="samples",
            alternative=side,
            n_resamples=2000,
        ).pvalue
        for side in ("greater", "less")
    ]
    return max(min(1.0, 2 * float(min(one_sided))), float(mean_p(differences)))


def fieller(tops: np.ndarray, bottoms: np.ndarray) -> np.ndarray:
    """The 95 % limits of a ratio of means: where its t-test stops rejecting."""
    n, critical = len(tops), t.ppf(0.975, len(tops) - 1)
    (aa, ab), (_, bb) = np.cov(tops, bottoms) / n * critical**2
    a, b = tops.mean(), bottoms.mean()
    return np.sort(np.roots([b**2 - bb, -2 * (a * b - ab), a**2 - aa]))


@pytest.mark.parametrize("count", [1, 3], ids=["one neuron", "three together"])
def test_shares_recovered_agree_with_patching_anew(count, tmp_path):
    neurons = NEURONS[:count]
    noun = ", ".join(f"{layer}:{index}" for layer, index in neurons)
    claim = f'restoring neuron{"s" * (count > 1)} {noun} recovers at least 2% of " he" over " she" in names'
    [result] = judged(tmp_path, [{"claim": claim}])
    clean, corrupted = (
        np.array([he_over_she(pair[which]) for pair in PAIRS]) for which in ("clean", "corrupted")
    )
    tops = np.array([with_clean_values(neurons, pair) for pair in PAIRS]) - corrupted
    bottoms = clean - corrupted
    effect = result.evidence.effect
    assert bottoms.mean() > 1  # the model knows whom the sentence is about
    assert effect.value == pytest.approx(tops.sum() / bottoms.sum(), rel=1e-4)
    assert [effect.low, effect.high] == pytest.approx(fieller(tops, bottoms), rel=1e-3)
    assert result.evidence.test.p_value == pytest.approx(unseen(two_sided(tops - 0.02 * bottoms)), abs=4e-3)


@pytest.mark.parametrize("count", [1, 3], ids=["one neuron", "three together"])
def test_changes_by_zeroing_agree_with_zeroing_anew(count, tmp_path):
    neurons = NEURONS[:count]
    noun = ", ".join(f"{layer}:{index}" for layer, index in neurons)
    claim = f'ablating neuron{"s" * (count > 1)} {noun} lowers " he" over " she" in names'
    [result] = judged(tmp_path, [{"claim": claim, "damage": "elsewhere"}])
    texts = [pair["clean"] for pair in PAIRS]
    before = np.array([he_over_she(text) for text in texts])
    with changed(neurons, lambda *_: torch.tensor(0.0)):
        after = np.array([he_over_she(text) for text in texts])
    harm = np.mean([divergence(text, neurons) for text in ELSEWHERE])
    evidence = result.evidence
    interval = mean_interval(after - before)
    assert evidence.effect.value == pytest.approx((after - before).mean(), rel=1e-4)
    assert [evidence.effect.low, evidence.effect.high] == pytest.approx(list(interval), rel=1e-3)
    assert evidence.test.p_value == pytest.approx(unseen(two_sided(after - before)), abs=4e-3)
    reported = [
        effect.value
        for effect in evidence.other_effects
        if "'elsewhere'" in effect.name or "on elsewhere" in effect.name
    ]
    assert reported == pytest.approx([harm], rel=1e-3)


def divergence(text: str, neurons: list[tuple[int, int]]) -> float:
    """How far next-token distributions move, in nats, averaged over the positions that hold text."""
    ids = traces().tokenizer(text)["input_ids"]
    kept = [place for place, token in enumerate(ids) if token not in traces().tokenizer.all_special_ids]
    before = logits(text).log_softmax(-1)
    with changed(neurons, lambda *_: torch.tensor(0.0)):
        after = logits(text).log_softmax(-1)
    return float((before.exp() * (before - after)).sum(-1)[kept].mean())
