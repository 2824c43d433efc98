"""Print the neurons that tell French from English best on ``discovery/languages.csv``, which no claim is tested on.

python tests/real/find.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from plain_smollm2 import Plain
from scipy import stats

HERE = Path(__file__).parent


def main() -> None:
    """Print the neurons with the largest t of either sign, for the mean over a sentence, and two with the smallest."""
    with (HERE / "discovery" / "languages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    plain = Plain()
    values = {
        language: np.stack([plain.mlp(row["text"]).mean(1) for row in rows if row["language"] == language])
        for language in ("french", "english")
    }  # [sentences, layers, neurons]
    t = np.nan_to_num(stats.ttest_rel(values["french"], values["english"]).statistic)
    order = np.argsort(-np.abs(t), axis=None)
    for place in (*order[:12], *order[-2:]):
        layer, neuron = np.unravel_index(place, t.shape)
        print(f"{layer}:{neuron} t {t[layer, neuron]:.2f}")


if __name__ == "__main__":
    main()
