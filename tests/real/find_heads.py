"""Find the heads of SmolLM2 that look back at a repeated name, and at what followed it, on discovery prompts.

python tests/real/find_heads.py MODEL_FOLDER
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Attention
from neuronclaims.models.sources import open_model
from neuronclaims.tokens.attended import RELATIONS, AttendedTokens, read_origin

SHOWN = 5


def main(folder: str) -> None:
    """Print the heads with the largest mean attention, for each relation of tokens."""
    with (Path(__file__).parent / "discovery" / "names.csv").open(encoding="utf-8", newline="") as file:
        texts = tuple(row["text"] for row in csv.DictReader(file))
    source = open_model(folder, Path())
    layers, last = range(source.facts().layers), read_origin("last")
    for relation in RELATIONS:
        asked = [Attention(layer, AttendedTokens(None, relation), last, texts) for layer in layers]
        found = measure(source, asked)
        means = {
            (need.layer, head): float(mean)
            for need in asked
            for head, mean in enumerate(found[need].mean(axis=0))
        }
        strongest = sorted(means, key=lambda head: -means[head])[:SHOWN]
        print(
            f"{relation}: "
            + ", ".join(f"{layer}:{head} {means[layer, head]:.3f}" for layer, head in strongest)
        )


if __name__ == "__main__":
    main(sys.argv[1])
