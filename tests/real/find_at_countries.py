"""Find the neurons of tokens.claims.yaml: those that tell European countries from Asian ones, and those that say so.

Both at the last token of a country's name, on ``discovery/countries.csv``. The first differ most, in pooled standard
deviations; the second add most to " Europe" over " Asia" by gradient times value. From the root of the project:
``python tests/real/find_at_countries.py``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from plain_smollm2 import Plain

HERE = Path(__file__).parent


def last_token(plain: Plain, text: str, part: str) -> int:
    """The place of the last token with a character of a part of a text, which stands in it once."""
    offsets = plain.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)["offset_mapping"]
    end = text.index(part) + len(part)
    return next(place for place, (first, after) in enumerate(offsets) if first < end <= after)


def contributions(plain: Plain, text: str, country: str) -> np.ndarray:
    """Gradient times value of every MLP neuron at the last token of the country: [layers, neurons]."""
    place, kept = last_token(plain, text, country), []

    def keep(_: object, args: tuple[torch.Tensor, ...]) -> None:
        args[0].retain_grad()
        kept.append(args[0])

    handles = [block.mlp.down_proj.register_forward_pre_hook(keep) for block in plain.model.model.layers]
    europe, asia = (plain.tokenizer(token)["input_ids"][0] for token in (" Europe", " Asia"))
    logits = plain.model(torch.tensor([plain.tokenizer(text)["input_ids"]])).logits[0, -1]
    (logits[europe] - logits[asia]).backward()
    for handle in handles:
        handle.remove()
    return np.stack([(values.grad[0, place] * values[0, place]).detach().numpy() for values in kept])


def main() -> None:
    """Print the best neurons of both sorts."""
    plain = Plain()
    with (HERE / "discovery" / "countries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = {
        name: np.stack(
            [
                plain.mlp(row["text"])[:, last_token(plain, row["text"], row["country"])]
                for row in rows
                if row["continent"] == name
            ]
        )
        for name in ("europe", "asia")
    }
    europe, asia = values["europe"], values["asia"]
    apart = (europe.mean(0) - asia.mean(0)) / np.sqrt((europe.var(0) + asia.var(0)) / 2 + 1e-3)
    added = np.mean(
        [contributions(plain, row["text"], row["country"]) for row in rows if row["continent"] == "europe"],
        axis=0,
    )
    for what, found in (("differ most", np.abs(apart)), ("add most", added)):
        for number in np.argsort(-found.ravel())[:5]:
            layer, index = np.unravel_index(number, found.shape)
            print(f"{what}: {layer}:{index} {found[layer, index]:.3f}")


if __name__ == "__main__":
    main()
