"""One claim about one ablated neuron, its random controls included, against plain forwards of its prompts.

    python benchmarks/controls.py [--prompts 20] [--repetitions 3]

GPT-2 small's shape with random weights; prompts of 20 tokens. What a run measures for the claim is timed on a loaded
model: before and after, the controls, the look at how large neurons are, and the run's own checks, which are a
fixed cost. A plain forward is the model's own call on a batch of all prompts. Ratios are medians over repetitions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from patching import TOKENS, words
from transformers import GPT2Config, GPT2LMHeadModel

from neuronclaims.engines.measure import measure
from neuronclaims.kinds.outliers.outlier_dimensions import BOUND
from neuronclaims.measurements import Ablation, Activations, Prediction, TokenRule
from neuronclaims.measurements.changing.controls import Controls, controls_per_text
from neuronclaims.models.sources import LoadedModel, Source, open_model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    source = open_model("shape", Path("."), {"shape": LoadedModel(model, words())})
    # As many different texts as are wanted: each begins elsewhere among the words.
    texts = [
        " ".join(f"w{(start * (1 + start // TOKENS) + place) % TOKENS}" for place in range(TOKENS))
        for start in range(options.prompts)
    ]
    prompts = tuple(dict.fromkeys(texts))
    print("| layer | controls per prompt | claim / plain forward, per prompt |\n|---|---|---|")
    for layer in (0, 6, 11):
        count = controls_per_text(source.facts(), (layer,))
        ratios = [ratio(source, prompts, layer, count) for _ in range(options.repetitions)]
        spread = f"({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"| {layer} | {count} | {statistics.median(ratios):.1f} {spread} |", flush=True)


def ratio(source: Source, prompts: tuple[str, ...], layer: int, count: int) -> float:
    """How many times longer the claim's measurements take than one plain forward of all prompts, in processor time."""
    own = Ablation("mlp_post", ((layer, 17),), "zero", Prediction(" w1", " w2"), prompts)
    large = Activations("mlp_post", layer, TokenRule(f"beyond {BOUND}", "prompt"), prompts)
    start = time.process_time()
    measure(source, [own, Controls(own, count), large])
    middle = time.process_time()
    plain(source.loaded, prompts)
    return (middle - start) / (time.process_time() - middle)


@torch.inference_mode()
def plain(handed: LoadedModel, prompts: tuple[str, ...]) -> None:
    handed.model(torch.tensor([handed.tokenizer(text)["input_ids"] for text in prompts]))


if __name__ == "__main__":
    main()
