"""Patching every neuron of a layer, against the loop over single-neuron patches that peers ship.

    python benchmarks/patching.py [--neurons 48]

GPT-2 small's shape with random weights; one pair of 20 tokens that differ at token 16, as in the source of the "an"
neuron. The loop runs one full forward per neuron with a hook at the MLP's output projection; as it would take
minutes, ``--neurons`` of them are timed and scaled. Ratios are medians over alternating repetitions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Pair, Prediction, RestorationSweep
from neuronclaims.models.sources import LoadedModel, Source, open_model

TOKENS, DIFFERS, WIDTH = 20, 16, 3072


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--neurons", type=int, default=48, help="how many neurons the loop is timed on")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    source = open_model("shape", Path("."), {"shape": LoadedModel(model, words())})
    text = [f"w{number}" for number in range(TOKENS)]
    pair = Pair(" ".join(text), " ".join([*text[:DIFFERS], "other", *text[DIFFERS + 1 :]]))
    print("| layer patched | neurons | loop / sweep |\n|---|---|---|")
    for layer in (0, 6, 10):
        ratios = [ratio(source, pair, layer, options.neurons) for _ in range(options.repetitions)]
        spread = f"({min(ratios):.0f} to {max(ratios):.0f})"
        print(f"| {layer} | {WIDTH:,} | {statistics.median(ratios):.0f} {spread} |", flush=True)


def ratio(source: Source, pair: Pair, layer: int, neurons: int) -> float:
    """How many times longer the loop takes than the sweep, in processor time."""
    asked = RestorationSweep("mlp_post", layer, Prediction(" w1", " w2"), (pair,))
    start = time.process_time()
    measure(source, [asked])
    middle = time.process_time()
    loop(source.loaded, pair, layer, neurons)
    return (time.process_time() - middle) * WIDTH / neurons / (middle - start)


@torch.inference_mode()
def loop(handed: LoadedModel, pair: Pair, layer: int, neurons: int) -> None:
    clean, corrupted = (
        torch.tensor([handed.tokenizer(t)["input_ids"]]) for t in (pair.clean, pair.corrupted)
    )
    module = handed.model.transformer.h[layer].mlp.c_proj
    kept = []
    handle = module.register_forward_pre_hook(lambda _, args: kept.append(args[0].clone()))
    handed.model(clean)
    handle.remove()
    for neuron in range(neurons):

        def patch(_, args, neuron=neuron):
            args[0][..., neuron] = kept[0][..., neuron]

        handle = module.register_forward_pre_hook(patch)
        handed.model(corrupted)
        handle.remove()


def words() -> PreTrainedTokenizerFast:
    names = ["<unk>", *(f"w{number}" for number in range(TOKENS)), "other"]
    inner = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")


if __name__ == "__main__":
    main()
