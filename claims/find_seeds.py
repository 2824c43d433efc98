"""Find the neurons of the demo model that claims of seeds 002 to 004 are about, on the discovery split alone.

    PYTHONPATH=tools python claims/find_seeds.py

Writes ``discovery_seeds.csv``: which neurons are most often among the first ten of a concept (over the baseline's mean,
all layers together); which, restored or ablated alone, move " an" over " a" most; which write " an" most by their
output weights; and which hold the largest values. The texts are those of ``write_prompts.py`` and ``find_neurons.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    AblationSweep,
    Activations,
    Congruence,
    Generation,
    Measurement,
    Pair,
    Prediction,
    RestorationSweep,
    TokenRule,
)
from neuronclaims.models.sources import open_model

HERE = Path(__file__).parent
DISCOVERY = HERE / "prompts" / "discovery"
CONCEPTS = ("hanoi", "vietnam", "tulip", "violent")
WRITTEN = Generation(8)
TOP = 10
KEPT = 3
ARTICLE = Prediction(" an", " a")
LARGE = ("baseline", "places", "flowers")
SOURCE = open_model("demo", HERE)
LAYERS = range(SOURCE.facts().layers)


@dataclass(frozen=True, slots=True)
class Found:
    """A neuron, and the number by which it was found."""

    seed: str
    by: str
    about: str
    site: str
    neuron: str
    value: float


def main() -> None:
    """Write what is found, and print it."""
    found = [*consistent(), *restoring(), *ablating(), *writing(), *large()]
    with (HERE / "discovery_seeds.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Found))
        writer.writerows(astuple(row) for row in found)
    for row in found:
        print(
            f"{row.seed} {row.by:52} {row.about:8} {row.site:10} {row.neuron:6} {row.value:.3f}", flush=True
        )


def consistent() -> Iterator[Found]:
    """Yield, per concept, the neurons that are most often among a prompt's first ten."""
    rows = read("openings.csv")
    for pool in ("mean", "last"):
        values = {
            topic: everywhere(tuple(sorted(row["text"] for row in rows if row["topic"] == topic)), pool)
            for topic in (*CONCEPTS, "baseline")
        }
        width = values["baseline"].shape[1] // len(LAYERS)
        for topic in CONCEPTS:
            above = values[topic] - values["baseline"].mean(axis=0)
            first = np.argsort(-above, axis=1, kind="stable")[:, :TOP]
            share = np.bincount(first.ravel(), minlength=above.shape[1]) / len(above)
            for column in np.argsort(-share, kind="stable")[: 2 * KEPT]:
                neuron = f"{column // width}:{column % width}"
                by = f"share of prompts in the top {TOP}, {pool} of generated"
                yield Found("002", by, topic, "resid_post", neuron, rounded(share[column]))


def restoring() -> Iterator[Found]:
    """Yield, per layer, the neurons that alone recover most of the article."""
    pairs = tuple(sorted((Pair(row["clean"], row["corrupted"]) for row in read("articles.csv")), key=str))
    for layer in LAYERS:
        values = answered(RestorationSweep("mlp_post", layer, ARTICLE, pairs))
        share = (values[:, 2:] - values[:, 1:2]).sum(axis=0) / (values[:, 0] - values[:, 1]).sum()
        yield from best("003", "share recovered", str(ARTICLE), layer, share)


def ablating() -> Iterator[Found]:
    """Yield, per layer, the neurons that alone lower the article most when they are set to zero."""
    texts = tuple(sorted({row["clean"] for row in read("articles.csv")}))
    for layer in LAYERS:
        values = answered(AblationSweep("mlp_post", layer, "zero", ARTICLE, texts))
        yield from best("003", "lowered", str(ARTICLE), layer, (values[:, :1] - values[:, 1:]).mean(axis=0))


def writing() -> Iterator[Found]:
    """Yield, per layer, the neurons whose output weights write the article most."""
    for layer in LAYERS:
        values = answered(Congruence(layer, None, ARTICLE.token))[0]
        yield from best("003", "output weights times unembedding", ARTICLE.token, layer, values)


def large() -> Iterator[Found]:
    """Yield, per layer, the neurons with the largest values."""
    for layer in LAYERS:
        sizes = []
        for topic in LARGE:
            texts = tuple(sorted({row["text"] for row in read(f"{topic}.csv")}))
            values = answered(Activations("resid_post", layer, TokenRule("each 30", "prompt"), texts))
            sizes.append(np.abs(values[:, 1:].reshape(len(texts), 30, -1)).max(axis=(0, 1)))
        yield from best("004", "largest size", "", layer, np.max(sizes, axis=0), site="resid_post")


def everywhere(texts: tuple[str, ...], pool: str) -> NDArray[np.float64]:
    """Return the residual stream of all layers side by side, [texts, layers x width]."""
    rule = TokenRule(pool, "generated")
    asked = [Activations("resid_post", layer, rule, texts, WRITTEN) for layer in LAYERS]
    return np.concatenate([answered(one) for one in asked], axis=1)


def best(
    seed: str, by: str, about: str, layer: int, values: NDArray[np.float64], site: str = "mlp_post"
) -> Iterator[Found]:
    """Yield the neurons of a layer with the largest values."""
    for index in np.argsort(-values, kind="stable")[:KEPT]:
        yield Found(seed, by, about, site, f"{layer}:{index}", rounded(values[index]))


def answered(measurement: Measurement) -> NDArray[np.float64]:
    """Return the model's answer in double precision."""
    answers = measure(SOURCE, [measurement], cache=RunCache(HERE.parent / ".neuronclaims"))
    return answers[measurement].astype(np.float64)


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of a discovery file."""
    with (DISCOVERY / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rounded(value: np.floating) -> float:
    """Return a number with four decimals."""
    return round(float(value), 4)


if __name__ == "__main__":
    main()
