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
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.runs import LoadedModel, RunOptions, Source, measure, open_model

TEXTS, MANY, SHORTEST, LONGEST, BATCH, NEW = 48, 192, 10, 40, 16, 20
WORDS = 500


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=50257, eos_token_id=None, bos_token_id=None)).eval()
    handed = LoadedModel(model, words())
    source = opened(handed)
    texts = drawn_texts(TEXTS)
    every = asked(texts, range(12), None)
    more = drawn_texts(MANY)
    small = llama()
    plain, generation = (lambda: body(handed, texts)), (lambda: generated(handed, texts))
    print("| what | against | ratio |\n|---|---|---|")
    for what, against, one, other in (
        ("the body again", "body", plain, plain),
        ("all layers, both sites", "body", lambda: measured(source, every), plain),
        (
            f"all layers, both sites, {MANY} texts",
            "body",
            lambda: measured(source, asked(more, range(12), None)),
            lambda: body(handed, more),
        ),
        (
            f"all layers, both sites, {MANY} texts, small Llama",
            "body",
            lambda: measured(opened(small), asked(more, range(6), None)),
            lambda: body(small, more),
        ),
        ("layers 0 to 5", "body", lambda: measured(source, asked(texts, range(6), None)), plain),
        ("generate again", "generate", generation, generation),
        (
            "all layers, both sites, every new token",
            "generate",
            lambda: measured(source, asked(texts, range(12), Generation(NEW))),
            generation,
        ),
    ):
        print(f"| {what} | {against} | {compared(one, other, options.rounds)} |", flush=True)


def drawn_texts(count: int) -> list[str]:
    """Return texts, the longest first."""
    drawn = Random(0)
    texts = (
        " ".join(f"w{drawn.randrange(WORDS)}" for _ in range(drawn.randint(SHORTEST, LONGEST)))
        for _ in range(count)
    )
    return sorted(texts, key=lambda text: -len(text.split()))


def opened(handed: LoadedModel) -> Source:
    return open_model("shape", Path("."), {"shape": handed})


def llama() -> LoadedModel:
    shape = LlamaConfig(
        vocab_size=4096,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        eos_token_id=None,
        bos_token_id=None,
    )
    return LoadedModel(LlamaForCausalLM(shape).eval(), words())


def compared(one: Callable[[], None], other: Callable[[], None], rounds: int) -> str:
    """Return the median ratio of two pieces of work, run in turns, with its range."""
    ratios = []
    for number in range(rounds):
        times = [timed(work) for work in ((one, other) if number % 2 else (other, one))]
        ratios.append(times[0] / times[1] if number % 2 else times[1] / times[0])
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def timed(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def asked(texts: list[str], layers: range, generate: Generation | None) -> list[Activations]:
    rule = TokenRule("mean", "generated" if generate else "prompt")
    return [
        Activations(site, layer, rule, tuple(texts), generate)
        for site in ("resid_post", "mlp_post")
        for layer in layers
    ]


def measured(source: Source, needs: list[Activations]) -> None:
    measure(source, needs, options=RunOptions(batch_prompts=BATCH))


@torch.inference_mode()
def body(handed: LoadedModel, texts: list[str]) -> None:
    for start in range(0, len(texts), BATCH):
        batch = handed.tokenizer(texts[start : start + BATCH], return_tensors="pt", padding=True)
        handed.model.base_model(**batch, use_cache=False)


@torch.inference_mode()
def generated(handed: LoadedModel, texts: list[str]) -> None:
    for start in range(0, len(texts), BATCH):
        batch = handed.tokenizer(
            texts[start : start + BATCH], return_tensors="pt", padding=True, padding_side="left"
        )
        handed.model.generate(**batch, max_new_tokens=NEW, do_sample=False, pad_token_id=0)


def words() -> PreTrainedTokenizerFast:
    names = ["<unk>", *(f"w{number}" for number in range(WORDS))]
    inner = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="<unk>",
        pad_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )


if __name__ == "__main__":
    main()
