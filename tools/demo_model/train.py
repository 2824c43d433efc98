"""Train the embedded model from nothing: ``PYTHONPATH=tools python -m demo_model.train --out FOLDER [--steps N]``.

Everything is seeded and the number of threads is fixed, so that one machine with one torch repeats itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from demo_model.tokenizer import POSITIONS, save_tokenizer, train_tokenizer
from demo_model.world.documents import documents
from neuronclaims.errors import NeuronClaimsError

TRAINING_FILE: Final = "training.json"
HEAD_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the trained weights, apart from the machine."""

    seed: int = 11
    steps: int = 2400
    rows: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warmup: int = 100
    blocks: int = 6
    width: int = 128
    neurons: int = 512
    heads: int = 4
    tokenizer_documents: int = 60_000
    growing: int = 100_000
    threads: int = 2


def train(folder: Path, recipe: Recipe, report: bool = True) -> dict[str, Any]:
    """Train tokenizer and model by a recipe, write both to ``folder`` and return the record of the training."""
    start = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(islice(documents(f"tokenizer {recipe.seed}"), recipe.tokenizer_documents))
    save_tokenizer(tokenizer, folder)
    with reproducibly(recipe):
        model = new_model(recipe, tokenizer.get_vocab_size())
        losses = optimise(model, token_batches(tokenizer, recipe), recipe, report)
    model.save_pretrained(folder)
    record = _record(recipe, model, losses, time.perf_counter() - start)
    (folder / TRAINING_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


@contextmanager
def reproducibly(recipe: Recipe) -> Iterator[None]:
    """Fix seed, threads and algorithms, and give threads and algorithms back as they were."""
    import torch

    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def new_model(recipe: Recipe, vocabulary: int) -> Any:
    """Return an untrained GPT-2 of the recipe's shape, in float32."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=POSITIONS,
        n_embd=recipe.width,
        n_layer=recipe.blocks,
        n_head=recipe.heads,
        n_inner=recipe.neurons,
        activation_function="gelu_pytorch_tanh",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=0.04,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=1,
    )
    return GPT2LMHeadModel(config)


def token_batches(tokenizer: Any, recipe: Recipe) -> Iterator[list[list[int]]]:
    """Yield batches of rows of ``POSITIONS`` + 1 tokens; a row begins where a document begins, its last is cut."""
    texts = documents(f"training {recipe.seed}", recipe.growing)
    row: list[int] = []
    rows: list[list[int]] = []
    while True:
        for encoded in tokenizer.encode_batch(list(islice(texts, 512))):
            row = row + encoded.ids
            if len(row) > POSITIONS:
                rows.append(row[: POSITIONS + 1])
                row = []
            if len(rows) == recipe.rows:
                yield rows
                rows = []


def optimise(model: Any, batches: Iterator[list[list[int]]], recipe: Recipe, report: bool) -> list[float]:
    """Train a model on batches of rows of tokens; return the loss of every step, in nats a token."""
    import torch

    optimisers = _optimisers(model, recipe)
    model.train()
    losses: list[float] = []
    start = time.perf_counter()
    for step, rows in enumerate(islice(batches, recipe.steps)):
        loss = _loss(model, torch.tensor(rows))
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, recipe)
            optimiser.step()
        losses.append(loss.item())
        if report and (step % 50 == 0 or step + 1 == recipe.steps):
            print(
                f"step {step + 1:5d}  loss {losses[-1]:.4f}  {time.perf_counter() - start:7.1f} s", flush=True
            )
    return losses


def _loss(model: Any, ids: Any) -> Any:
    """Return the mean cross entropy of the next token; the head runs over few rows at a time, to stay in cache."""
    from torch.nn.functional import cross_entropy

    hidden = model.transformer(ids[:, :-1], use_cache=False).last_hidden_state
    slices = zip(hidden.split(HEAD_ROWS), ids[:, 1:].split(HEAD_ROWS), strict=True)
    total = sum(
        cross_entropy(model.lm_head(h).flatten(0, 1), t.flatten(), reduction="sum") for h, t in slices
    )
    return total / ids[:, 1:].numel()


def _optimisers(model: Any, recipe: Recipe) -> list[Any]:
    """Return Muon (K. Jordan, 2024) for the matrices of the blocks and AdamW for all else."""
    import torch

    if not hasattr(torch.optim, "Muon"):
        raise NeuronClaimsError(f"training needs torch 2.9 or newer, for Muon; this is {torch.__version__}")
    matrices = [p for p in model.transformer.h.parameters() if p.dim() == 2]
    inside = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in inside]
    muon = torch.optim.Muon(
        matrices,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        momentum=0.95,
        adjust_lr_fn="match_rms_adamw",
    )
    return [muon, torch.optim.AdamW(others, lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)]


def learning_rate(step: int, recipe: Recipe) -> float:
    """Return the rate of a step: linear warm-up, a plateau, and a linear fall to a twentieth over the last 30%."""
    rising = (step + 1) / recipe.warmup
    falling = max(0.05, (recipe.steps - step) / (0.3 * recipe.steps))
    return recipe.learning_rate * min(1.0, rising, falling)


def _record(recipe: Recipe, model: Any, losses: list[float], seconds: float) -> dict[str, Any]:
    import torch
    import transformers

    last = losses[-100:]
    return {
        "recipe": asdict(recipe),
        "parameters": sum(p.numel() for p in model.parameters()),
        "positions": model.config.n_positions,
        "vocabulary": model.config.vocab_size,
        "training_tokens": len(losses) * recipe.rows * POSITIONS,
        "first_loss": losses[0],
        "final_loss": sum(last) / len(last),
        "seconds": round(seconds, 1),
        "machine": f"{recipe.threads} CPU cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the embedded model.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument(
        "--steps", type=int, default=Recipe().steps, help="optimiser steps (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=Recipe().seed, help="seed (default %(default)s)")
    options = parser.parse_args(arguments)
    os.environ.setdefault(
        "MKL_CBWR", "AUTO"
    )  # before torch loads: sums that do not depend on memory addresses
    os.environ.setdefault("MKL_DYNAMIC", "FALSE")
    record = train(options.out, Recipe(seed=options.seed, steps=options.steps))
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
