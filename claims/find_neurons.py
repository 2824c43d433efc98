"""Find candidate neurons of the demo model for the claim files beside this script, and write their prompts.

    PYTHONPATH=tools python claims/find_neurons.py

Neurons are ranked on the ``discovery`` split of the demo world alone (printed, and kept in ``discovery.csv``), whose
prompts go into ``prompts/discovery/``; what goes into ``prompts/`` is the ``heldout`` split, which shares no frame and
no text with it. So the claims are tested on prompts that had no part in choosing their neurons.

``picked.claims.yaml`` does it the other way, on purpose: for it the held-out baseline is cut in two at random
(``prompts/baseline_halves.csv``) and the neuron that differs most between the halves is picked, on these very prompts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from random import Random

import numpy as np
from demo_model.prompts import TOPICS, Prompt, prompts

from neuronclaims import stats
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Site, TokenRule
from neuronclaims.models.sources import open_model

HERE = Path(__file__).parent
SITES: tuple[Site, ...] = ("mlp_post", "resid_post")
KEPT = 3
HALVES_SEED = "two halves of the baseline"
PICKED_LAYER = 3
"""Chosen before anything was measured there."""

COMPARISONS = (
    ("hanoi", "baseline", TokenRule("mean", "prompt")),
    ("hanoi", "places", TokenRule("mean", "prompt")),
    ("vietnam", "baseline", TokenRule("mean", "prompt")),
    ("tulip", "baseline", TokenRule("mean", "prompt")),
    ("tulip", "flowers", TokenRule("mean", "prompt")),
    ("flowers", "places", TokenRule("mean", "prompt")),
    ("violent", "baseline", TokenRule("mean", "prompt")),
    ("violent", "peaceful", TokenRule("mean", "prompt")),
    ("true_answers", "false_answers", TokenRule("last", "prompt")),
    ("true_statements", "false_statements", TokenRule("last", "prompt")),
    ("honest", "lying", TokenRule("last", "prompt")),
    ("own_honest_right", "own_lying_wrong", TokenRule("last", "prompt")),
    ("own_lying_right", "own_lying_wrong", TokenRule("last", "prompt")),
)
"""Topics of the demo world; those with ``own_`` are the model's own answers, graded by ``grade_answers.py``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A neuron and how it did on the discovery split."""

    first: str
    second: str
    tokens: str
    site: str
    neuron: str
    t: float
    auroc: float


@dataclass(frozen=True, slots=True)
class HalfPrompt:
    """A prompt of the baseline, and the half its group fell into."""

    text: str
    group: str
    half: str


def main() -> None:
    """Write the prompts of both splits and the neurons discovered, and print the latter."""
    for topic in TOPICS:
        write_rows(HERE / "prompts" / f"{topic}.csv", prompts(topic, "heldout"))
        write_rows(HERE / "prompts" / "discovery" / f"{topic}.csv", prompts(topic, "discovery"))
    found = [candidate for comparison in COMPARISONS for candidate in discover(*comparison)]
    write_rows(HERE / "discovery.csv", found)
    for c in found:
        print(
            f"{c.first:16} {c.second:16} {c.site:10} {c.neuron:7} t {c.t:7.2f}  AUROC {c.auroc:.3f}  {c.tokens}"
        )
    halves = baseline_halves()
    write_rows(HERE / "prompts" / "baseline_halves.csv", halves)
    one, two = ([prompt for prompt in halves if prompt.half == half] for half in ("first", "second"))
    print(
        f"picked on random halves of the baseline from layer {PICKED_LAYER}: {picked(one, two, [PICKED_LAYER])}"
    )
    one, two = (in_order(prompts(topic, "heldout")) for topic in ("tulip", "baseline"))
    layers = range(open_model("demo", HERE).facts().layers)
    print(f"picked on held-out tulips and baseline from all layers: {picked(one, two, layers)}")


def discover(first: str, second: str, tokens: TokenRule) -> Iterator[Candidate]:
    """Yield, per site, the neurons highest for the first topic and those highest for the second, by t."""
    one, two = in_order(of_topic(first)), in_order(of_topic(second))
    design = stats.two_sample_design([p.group for p in one], [p.group for p in two])
    source = open_model("demo", HERE)
    facts = source.facts()
    cache = RunCache(HERE.parent / ".neuronclaims")
    for site in SITES:
        asked = {
            (layer, texts): Activations(site, layer, tokens, texts)
            for layer in range(facts.layers)
            for texts in (tuple(p.text for p in one), tuple(p.text for p in two))
        }
        answers = measure(source, list(asked.values()), cache=cache)
        candidates: list[Candidate] = []
        for layer in range(facts.layers):
            a, b = (answers[asked[layer, tuple(p.text for p in side)]] for side in (one, two))
            a, b = design.units(a, b)
            t = (stats.paired_t_many if design.paired else stats.welch_t_many)(a, b)
            auroc = stats.auroc_many(a, b)
            for index in np.argsort(t)[[*range(-KEPT, 0), *range(KEPT)]]:
                neuron = f"{layer}:{index}"
                numbers = round(float(t[index]), 3), round(float(auroc[index]), 4)
                candidates.append(Candidate(first, second, str(tokens), site, neuron, *numbers))
        ordered = sorted(candidates, key=lambda c: -c.t)
        yield from ordered[:KEPT]
        yield from ordered[-KEPT:]


def of_topic(topic: str) -> list[Prompt]:
    """Return a topic's prompts of the discovery split."""
    if not topic.startswith("own_"):
        return prompts(topic, "discovery")
    _, voice, label = topic.split("_")
    path = HERE / "prompts" / "discovery" / "own_answers.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["voice"], row["label"]) == (voice, label)]
    return [Prompt(row["text"], row["opening"], row["fact"], label, "") for row in rows]


def baseline_halves() -> list[HalfPrompt]:
    """Return the held-out baseline, its groups dealt at random into two halves of the same size."""
    found = in_order(prompts("baseline", "heldout"))
    groups = sorted({prompt.group for prompt in found})
    first = set(Random(HALVES_SEED).sample(groups, len(groups) // 2))
    return [HalfPrompt(p.text, p.group, "first" if p.group in first else "second") for p in found]


def picked(
    first: Sequence[Prompt] | Sequence[HalfPrompt],
    second: Sequence[Prompt] | Sequence[HalfPrompt],
    layers: Iterable[int],
) -> str:
    """Return the mlp_post neuron of some layers whose t is highest on the very prompts that will test it."""
    design = stats.two_sample_design([p.group for p in first], [p.group for p in second])
    rule, texts = TokenRule("mean", "prompt"), [tuple(p.text for p in side) for side in (first, second)]
    asked = {layer: [Activations("mlp_post", layer, rule, side) for side in texts] for layer in layers}
    needs = [need for pair in asked.values() for need in pair]
    answers = measure(open_model("demo", HERE), needs, cache=RunCache(HERE.parent / ".neuronclaims"))
    found = []
    for layer, (one, two) in asked.items():
        t = stats.welch_t_many(*design.units(answers[one], answers[two]))
        found.append((float(t.max()), f"{layer}:{int(np.argmax(t))}"))
    return "neuron {1}, t {0:.2f}".format(*max(found))


def in_order(found: Iterable[Prompt]) -> list[Prompt]:
    """Return prompts in the order of their text."""
    return sorted(found, key=lambda prompt: prompt.text)


def write_rows(path: Path, rows: Sequence[Prompt] | Sequence[Candidate] | Sequence[HalfPrompt]) -> None:
    """Write dataclasses as CSV with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(rows[0]))
        writer.writerows(astuple(row) for row in rows)


if __name__ == "__main__":
    main()
