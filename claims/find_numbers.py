"""Find the neurons of the demo model that go with the number of words before them, on the discovery split alone.

    PYTHONPATH=tools python claims/find_numbers.py

Writes ``discovery_numbers.csv``: neurons whose value at the last token of a beginning has the largest rank correlation
with its number of words, of either sign. The texts are those of ``write_prompts.py``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.sources import open_model
from neuronclaims.stats.numbers.rank_correlation import Ranked, correlations_many

HERE = Path(__file__).parent
SITE = "mlp_post"
KEPT = 3


def main() -> None:
    """Write what is found, and print it."""
    with (HERE / "prompts" / "discovery" / "lengths.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["text"])
    texts, words = tuple(row["text"] for row in rows), np.array([float(row["words"]) for row in rows])
    source = open_model("demo", HERE)
    asked = [
        Activations(SITE, layer, TokenRule("last", "prompt"), texts) for layer in range(source.facts().layers)
    ]
    answers = measure(source, asked)
    ranked = Ranked.of(words, words)
    found = [
        (float(rho), f"{need.layer}:{index}")
        for need in asked
        for index, rho in enumerate(correlations_many(answers[need].astype(np.float64), ranked))
    ]
    kept = [*sorted(found)[:KEPT], *sorted(found, reverse=True)[:KEPT]]
    with (HERE / "discovery_numbers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("site", "neuron", "correlation"))
        writer.writerows((SITE, neuron, f"{rho:.6f}") for rho, neuron in kept)
    for rho, neuron in kept:
        print(f"{SITE} {neuron:6} {rho:.3f}", flush=True)


if __name__ == "__main__":
    main()
