"""Find neurons that bring " an" rather than " a" on SmolLM2-135M-Instruct, on discovery/article.csv alone.

Prints the neurons with the largest attribution (clean less corrupted value, times the gradient of the difference of
logits in the corrupted text, summed over tokens, a mean over pairs), and those whose weights write " an" most.

python tests/real/find_article.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from plain_smollm2 import Plain

HERE = Path(__file__).parent
SHOWN = 8


def values(plain: Plain, text: str) -> tuple[list[torch.Tensor], torch.Tensor]:
    """What every MLP's output projection is given, with gradients kept, and the logit of " an" less that of " a"."""
    kept: list[torch.Tensor] = []

    def keep(_, args):
        args[0].retain_grad()
        kept.append(args[0])

    an, a = (plain.tokenizer(token)["input_ids"][0] for token in (" an", " a"))
    handles = [block.mlp.down_proj.register_forward_pre_hook(keep) for block in plain.model.model.layers]
    try:
        logits = plain.model(torch.tensor([plain.tokenizer(text)["input_ids"]])).logits[0, -1]
    finally:
        for handle in handles:
            handle.remove()
    return kept, logits[an] - logits[a]


def attribution(plain: Plain) -> np.ndarray:
    """The mean attribution of every neuron: [layers, neurons]."""
    with (HERE / "discovery" / "article.csv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    found = 0.0
    for pair in pairs:
        clean, _ = values(plain, pair["clean"])
        corrupted, difference = values(plain, pair["corrupted"])
        difference.backward()
        found = found + np.stack(
            [((x - y) * y.grad)[0].sum(0).detach().numpy() for x, y in zip(clean, corrupted, strict=True)]
        )
    return found / len(pairs)


def written(plain: Plain) -> np.ndarray:
    """The product of every neuron's output weights with those of " an", the vocabulary's mean taken away."""
    model, (number,) = plain.model, plain.tokenizer(" an")["input_ids"]
    unembedding = model.lm_head.weight * model.model.norm.weight
    token = (unembedding[number] - unembedding.mean(0)).detach()
    return np.stack([(block.mlp.down_proj.weight.T @ token).detach().numpy() for block in model.model.layers])


def main() -> None:
    """Print both lists."""
    plain = Plain()
    for title, table in (("attribution", attribution(plain)), ('writes " an"', written(plain))):
        order = np.argsort(-table, axis=None)
        for place in (*order[:SHOWN], *order[-2:]):
            layer, neuron = np.unravel_index(place, table.shape)
            print(f"{title}: {layer}:{neuron} {table[layer, neuron]:.3f}")


if __name__ == "__main__":
    main()
