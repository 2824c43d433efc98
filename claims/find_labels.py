"""Find the neurons of the demo model that are high at capitals, or at countries, on the discovery documents alone.

    PYTHONPATH=tools python claims/find_labels.py

Writes ``discovery_labels.csv``: for each label, the neurons with the largest mean AUROC within documents of their value
at a token for whether it has the label. The documents are those of ``write_prompts.py``.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import LabelCounts
from neuronclaims.models.sources import open_model
from neuronclaims.prompts import PromptInput

HERE = Path(__file__).parent
SITE = "mlp_post"
LABELS = ("capital", "country")
KEPT = 3


def main() -> None:
    """Write what is found, and print it."""
    with (HERE / "prompts" / "discovery" / "labelled.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["text"])
    items = tuple(
        PromptInput(row["text"]).with_labels(map(tuple, json.loads(row["labels"]))).item for row in rows
    )
    source = open_model("demo", HERE)
    facts = source.facts()
    asked = [
        LabelCounts(SITE, layer, index, label, (0.0,), items)
        for label in LABELS
        for layer in range(facts.layers)
        for index in range(facts.width_of(SITE))
    ]
    answers = measure(source, asked)
    found = [
        (float(np.mean(aurocs[aurocs >= 0])), need)
        for need in asked
        if ((aurocs := need.columns(answers[need]).auroc) >= 0).any()
    ]
    with (HERE / "discovery_labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("site", "neuron", "label", "auroc"))
        for label in LABELS:
            own = sorted(((a, f"{n.layer}:{n.index}") for a, n in found if n.label == label), reverse=True)
            writer.writerows((SITE, neuron, label, f"{auroc:.6f}") for auroc, neuron in own[:KEPT])
            for auroc, neuron in own[:KEPT]:
                print(f"{SITE} {neuron:6} {label:8} {auroc:.3f}", flush=True)


if __name__ == "__main__":
    main()
