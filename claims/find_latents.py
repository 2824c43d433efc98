"""Find latents of the demo's dictionary on the prompts for discovery: ``python claims/find_latents.py`` prints them.

For each topic the latents that are higher than on the baseline, by the distance of the means in standard deviations;
and for " an" over " a" those that recover the most when they alone are restored.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Pair, Prediction, RestorationSweep, TokenRule
from neuronclaims.measurements.views.dictionary import latents_at
from neuronclaims.measurements.views.dictionary_folder import read_dictionary
from neuronclaims.models.sources import open_model

HERE = Path(__file__).parent
LAYER = 3
TOPICS = ("hanoi", "tulip")
SHOWN = 4


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of prompts for discovery."""
    with (HERE / "prompts" / "discovery" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Print the first latents for each topic and for " an"."""
    site = latents_at("resid_post", LAYER, read_dictionary(HERE / "dictionaries" / "demo-resid-3"))
    rule = TokenRule("mean", "prompt")
    means = {
        name: Activations(site, LAYER, rule, tuple(row["text"] for row in rows(name)))
        for name in (*TOPICS, "baseline")
    }
    pairs = tuple(Pair(row["clean"], row["corrupted"]) for row in rows("articles")[::4])
    swept = RestorationSweep(site, LAYER, Prediction(" an", " a"), pairs, "last")
    found = measure(open_model("demo", HERE), [*means.values(), swept])
    baseline = found[means["baseline"]].astype(np.float64)
    for name in TOPICS:
        values = found[means[name]].astype(np.float64)
        spread = np.sqrt((values.var(0) + baseline.var(0)) / 2 + 1e-6)
        _show(f"{name} over baseline, in sd", (values.mean(0) - baseline.mean(0)) / spread)
    columns = swept.columns(found[swept])
    share = (columns.patched - columns.corrupted[:, None]) / (columns.clean - columns.corrupted)[:, None]
    _show('" an" over " a" recovered', share.mean(0))


def _show(what: str, scores: np.ndarray) -> None:
    first = np.argsort(-scores)[:SHOWN]
    print(f"{what}: " + ", ".join(f"{index} ({scores[index]:.2f})" for index in first))


if __name__ == "__main__":
    main()
