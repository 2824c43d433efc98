"""What captures are timed on: GPT-2 small's shape with random weights, and 48 texts of 10 to 40 tokens.

Nothing here needs neuronclaims, so that peers can be timed in environments of their own.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

TEXTS, SHORTEST, LONGEST, BATCH, LAYERS = 48, 10, 40, 16, 12
WORDS = 500


def model() -> GPT2LMHeadModel:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=50257, eos_token_id=None, bos_token_id=None)).eval()


def texts(count: int = TEXTS) -> list[str]:
    """Return texts, the longest first."""
    drawn = Random(0)
    found = [
        " ".join(f"w{drawn.randrange(WORDS)}" for _ in range(drawn.randint(SHORTEST, LONGEST)))
        for _ in range(count)
    ]
    return sorted(found, key=lambda text: -len(text.split()))


def tokenizer() -> PreTrainedTokenizerFast:
    names = ["<unk>", *(f"w{number}" for number in range(WORDS))]
    inner = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="<unk>",
        pad_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )


def batches(words: PreTrainedTokenizerFast, said: list[str], size: int = BATCH) -> list[Any]:
    """Return the texts as padded batches."""
    return [
        words(said[start : start + size], return_tensors="pt", padding=True)
        for start in range(0, len(said), size)
    ]


@torch.inference_mode()
def body(plain: PreTrainedModel, words: PreTrainedTokenizerFast, said: list[str]) -> None:
    """Run the model's own body over the batches, without its LM head."""
    for batch in batches(words, said):
        plain.base_model(**batch, use_cache=False)


def compared(one: Callable[[], None], other: Callable[[], None], rounds: int) -> str:
    """Return the median ratio of the processor time of two pieces of work, run in turns, with its range."""
    one(), other()
    ratios = []
    for number in range(rounds):
        times = [timed(work) for work in ((one, other) if number % 2 else (other, one))]
        ratios.append(times[0] / times[1] if number % 2 else times[1] / times[0])
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def timed(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def mean_of(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean over the positions that hold text, [batch, width]."""
    return (values * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print the rows of the table, each a way to capture and its ratio to the body."""
    for what, ratio in rows:
        print(f"| {what} | body | {ratio} |", flush=True)
