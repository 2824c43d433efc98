"""Measuring on a GPU, against the model's own plain calls.

    python benchmarks/gpu.py [--shape llama-7b] [--device cuda] [--dtype bfloat16] [--rounds 5]

Random weights of a shape. Wall time, with the device waited for, in turns within one process; ratios are between
neighbours, and the median and range of these are shown. Captured are all residual block outputs and all MLP neurons,
pooled to their mean; the body runs the same texts, sorted by length, in batches as large as the run's. The intervention
is one neuron ablated in 20 prompts with its random controls, against plain forwards of the prompts. ``generate`` makes
20 tokens greedily. Beside the ratios stands the most memory of the device that each took, in bytes for each byte that
the weights take.

``--shape small --device cpu --dtype float32`` tries the script where there is no GPU.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from peers import shape
from transformers import LlamaConfig, LlamaForCausalLM

from neuronclaims.engines.measure import measure
from neuronclaims.engines.memory import text_bytes, token_bytes
from neuronclaims.measurements import Ablation, Activations, Generation, Measurement, Prediction, TokenRule
from neuronclaims.measurements.changing.controls import Controls, controls_per_text
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.devices.batch_sizes import grown
from neuronclaims.models.running.devices.memory import memory_of
from neuronclaims.models.sources import LoadedModel, Source, open_model

TEXTS, PROMPTS, NEW = 512, 20, 20
SHAPES = {
    "small": {
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "vocab_size": 4096,
    },
    "llama-1b": {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
    },
    "llama-7b": {
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "vocab_size": 32000,
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=sorted(SHAPES), default="llama-7b")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", choices=("bfloat16", "float16", "float32"), default="bfloat16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=TEXTS)
    chosen = parser.parse_args()
    device = torch.device(chosen.device)
    handed = LoadedModel(model(chosen.shape, device, getattr(torch, chosen.dtype)), shape.tokenizer())
    source = open_model("shape", Path("."), {"shape": handed})
    size = batch_size(source, chosen.dtype)
    print(f"batches of at most {size.batch_prompts:,} texts and {size.batch_tokens:,} tokens\n")
    texts = shape.texts(chosen.texts)
    layers = range(source.facts().layers)
    prompts = tuple(shape.texts(PROMPTS))
    own = Ablation("mlp_post", ((len(layers) // 2, 17),), "zero", Prediction(" w1", " w2"), prompts)
    changed: list[Measurement] = [own, Controls(own, controls_per_text(source.facts(), (len(layers) // 2,)))]
    options = RunOptions()
    print("| what | against | ratio | memory |\n|---|---|---|---|")
    for what, against, one, other in (
        (
            "all layers, both sites",
            "body",
            lambda: measure(source, requests(texts, layers, None), options=options),
            lambda: body(handed, texts, size),
        ),
        (
            f"one ablated neuron and its controls, {PROMPTS} prompts",
            "their plain forwards",
            lambda: measure(source, changed, options=options),
            lambda: body(handed, list(prompts), size),
        ),
        (
            "all layers, both sites, every new token",
            "generate",
            lambda: measure(source, requests(texts, layers, Generation(NEW)), options=options),
            lambda: generated(handed, texts, size),
        ),
    ):
        print(f"| {what} | {against} | {compared(one, other, device, chosen.rounds)} |", flush=True)


def model(name: str, device: torch.device, dtype: torch.dtype) -> LlamaForCausalLM:
    """Return a Llama of a shape with random weights, made on its device."""
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            return LlamaForCausalLM(LlamaConfig(**SHAPES[name], eos_token_id=None, bos_token_id=None)).eval()
    finally:
        torch.set_default_dtype(before)


def batch_size(source: Source, dtype: str) -> RunOptions:
    """Return the sizes of batches that a run would take, so that plain calls take the same."""
    assert source.loaded is not None
    of_text = text_bytes(source.loaded.model.config.to_dict())
    free = memory_of(source.loaded.model.device).free()
    return grown(RunOptions(), token_bytes(source.facts(), dtype), of_text, free)


def requests(texts: list[str], layers: range, generate: Generation | None) -> list[Activations]:
    rule = TokenRule("mean", "generated" if generate else "prompt")
    return [
        Activations(site, layer, rule, tuple(texts), generate)
        for site in ("resid_post", "mlp_post")
        for layer in layers
    ]


@torch.inference_mode()
def body(handed: LoadedModel, texts: list[str], size: RunOptions) -> None:
    for batch in shape.batches(handed.tokenizer, texts, rows(texts, size, 0)):
        handed.model.base_model(**batch.to(handed.model.device), use_cache=False)


@torch.inference_mode()
def generated(handed: LoadedModel, texts: list[str], size: RunOptions) -> None:
    many = rows(texts, size, NEW)
    for start in range(0, len(texts), many):
        batch = handed.tokenizer(
            texts[start : start + many], return_tensors="pt", padding=True, padding_side="left"
        ).to(handed.model.device)
        handed.model.generate(**batch, max_new_tokens=NEW, do_sample=False, pad_token_id=0)


def rows(texts: list[str], size: RunOptions, new: int) -> int:
    """Return how many texts fit a batch of the run."""
    longest = max(len(text.split()) for text in texts) + new
    return max(1, min(size.batch_prompts, size.batch_tokens // longest))


def compared(
    one: Callable[[], object], other: Callable[[], object], device: torch.device, rounds: int
) -> str:
    """Return the median ratio of the wall times with its range, and the most memory of both against the weights."""
    one(), other()
    ratios = []
    for number in range(rounds):
        first, second = (one, other) if number % 2 else (other, one)
        times = timed(first, device), timed(second, device)
        ratios.append(times[0] / times[1] if number % 2 else times[1] / times[0])
    peaks = " / ".join(peak(work, device) for work in (one, other))
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | {peaks}"


def timed(work: Callable[[], object], device: torch.device) -> float:
    wait(device)
    start = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - start


def peak(work: Callable[[], object], device: torch.device) -> str:
    """Return the most memory that a piece of work takes, for each byte that was taken before."""
    if device.type != "cuda":
        return "?"
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work()
    return f"{torch.cuda.max_memory_allocated(device) / before:.2f}"


def wait(device: torch.device) -> None:
    """Wait until a device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


if __name__ == "__main__":
    main()
