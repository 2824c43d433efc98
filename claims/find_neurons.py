"""Find candidate neurons of the demo model for the claim files beside this script, and write their prompts.

    python claims/find_neurons.py

Neurons are ranked on the ``discovery`` split of the demo world alone (printed, and kept in ``discovery.csv``); what
goes into ``prompts/`` is the ``heldout`` split, which shares no frame and no text with it. So the claims are tested on
prompts that had no part in choosing their neurons.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from neuronclaims import stats
from neuronclaims.demo.prompts import TOPICS, Prompt, prompts
from neuronclaims.measurements import Activations, Site, TokenRule
from neuronclaims.runs import RunCache, measure, open_model

HERE = Path(__file__).parent
SITES: tuple[Site, ...] = ("mlp_post", "resid_post")
KEPT = 3

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
)


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


def main() -> None:
    """Write held-out prompts and discovered neurons, and print the latter."""
    for topic in TOPICS:
        write_rows(HERE / "prompts" / f"{topic}.csv", prompts(topic, "heldout"))
    found = [candidate for comparison in COMPARISONS for candidate in discover(*comparison)]
    write_rows(HERE / "discovery.csv", found)
    for c in found:
        print(
            f"{c.first:16} {c.second:16} {c.site:10} {c.neuron:7} t {c.t:7.2f}  AUROC {c.auroc:.3f}  {c.tokens}"
        )


def discover(first: str, second: str, tokens: TokenRule) -> Iterator[Candidate]:
    """Yield, per site, the neurons highest for the first topic and those highest for the second, by t."""
    one, two = in_order(prompts(first, "discovery")), in_order(prompts(second, "discovery"))
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


def in_order(found: Iterable[Prompt]) -> list[Prompt]:
    """Return prompts in the order of their text."""
    return sorted(found, key=lambda prompt: prompt.text)


def write_rows(path: Path, rows: Sequence[Prompt] | Sequence[Candidate]) -> None:
    """Write dataclasses as CSV with a header."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(rows[0]))
        writer.writerows(astuple(row) for row in rows)


if __name__ == "__main__":
    main()
