"""Measuring activations, against the model's own batched body and its own ``generate``.

    python benchmarks/capture.py [--rounds 5]

GPT-2 small's shape with random weights, 48 texts of 10 to 40 tokens, one thread. Captured are all residual block
outputs and all MLP neurons, pooled to their mean. The body runs the same texts sorted by length in the same batches,
without its LM head; ``generate`` (greedy, 20 new tokens) runs them left-padded in batches of 16. Processor time, in
turns within one process; ratios are between neighbours, and the median and range of these are shown. The run's own
checks (of up to 399 texts one, or two, run again alone) are part of what is measured, and cost what one short text
alone costs however many texts there are: so 192 texts are timed too, and 192 with a small Llama's shape (6 blocks
of 192, MLP 512, vocabulary 4,096).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from peers import shape
from transformers import LlamaConfig, LlamaForCausalLM

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, Source, open_model

MANY, NEW = 192, 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    handed = LoadedModel(shape.model(), shape.tokenizer())
    source = opened(handed)
    texts = shape.texts()
    every = requests(texts, range(12), None)
    more = shape.texts(MANY)
    small = llama()
    plain, generation = (lambda: body(handed, texts)), (lambda: generated(handed, texts))
    print("| what | against | ratio |\n|---|---|---|")
    for what, against, one, other in (
        ("the body again", "body", plain, plain),
        ("all layers, both sites", "body", lambda: measured(source, every), plain),
        (
            f"all layers, both sites, {MANY} texts",
            "body",
            lambda: measured(source, requests(more, range(12), None)),
            lambda: body(handed, more),
        ),
        (
            f"all layers, both sites, {MANY} texts, small Llama",
            "body",
            lambda: measured(opened(small), requests(more, range(6), None)),
            lambda: body(small, more),
        ),
        ("layers 0 to 5", "body", lambda: measured(source, requests(texts, range(6), None)), plain),
        ("generate again", "generate", generation, generation),
        (
            "all layers, both sites, every new token",
            "generate",
            lambda: measured(source, requests(texts, range(12), Generation(NEW))),
            generation,
        ),
    ):
        print(f"| {what} | {against} | {shape.compared(one, other, options.rounds)} |", flush=True)


def opened(handed: LoadedModel) -> Source:
    return open_model("shape", Path("."), {"shape": handed})


def llama() -> LoadedModel:
    config = LlamaConfig(
        vocab_size=4096,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        eos_token_id=None,
        bos_token_id=None,
    )
    return LoadedModel(LlamaForCausalLM(config).eval(), shape.tokenizer())


def requests(texts: list[str], layers: range, generate: Generation | None) -> list[Activations]:
    rule = TokenRule("mean", "generated" if generate else "prompt")
    return [
        Activations(site, layer, rule, tuple(texts), generate)
        for site in ("resid_post", "mlp_post")
        for layer in layers
    ]


def measured(source: Source, needs: list[Activations]) -> None:
    measure(source, needs, options=RunOptions(batch_prompts=shape.BATCH))


def body(handed: LoadedModel, texts: list[str]) -> None:
    shape.body(handed.model, handed.tokenizer, texts)


@torch.inference_mode()
def generated(handed: LoadedModel, texts: list[str]) -> None:
    for start in range(0, len(texts), shape.BATCH):
        batch = handed.tokenizer(
            texts[start : start + shape.BATCH], return_tensors="pt", padding=True, padding_side="left"
        )
        handed.model.generate(**batch, max_new_tokens=NEW, do_sample=False, pad_token_id=0)


if __name__ == "__main__":
    main()
