"""Print the heads that claims/heads.claims.yaml is about, found on the discovery prompts alone.

python claims/find_heads.py
"""

from __future__ import annotations

import csv
from pathlib import Path

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Attention, Pair, Prediction, RestorationSweep
from neuronclaims.measurements.views.heads import HEADS
from neuronclaims.models.sources import open_model
from neuronclaims.tokens.attended import AttendedTokens, read_origin

DISCOVERY = Path(__file__).parent / "prompts" / "discovery"
SHOWN, ARTICLES = 4, Prediction(" an", " a")


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of discovery."""
    with (DISCOVERY / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Print the strongest heads of each question."""
    source = open_model("demo", Path())
    layers = range(source.facts().layers)
    for name, to in (("hanoi", 'every "Hanoi"'), ("baseline", "itself")):
        texts = tuple(row["text"] for row in rows(f"{name}.csv"))
        asked = [Attention(layer, AttendedTokens.read(to), read_origin("last"), texts) for layer in layers]
        found = measure(source, asked)
        means = {
            (one.layer, head): mean for one in asked for head, mean in enumerate(found[one].mean(axis=0))
        }
        _show(f"{name}, {to} from last", {head: float(mean) for head, mean in means.items()})
    pairs = tuple(Pair(row["clean"], row["corrupted"]) for row in rows("articles.csv"))
    sweeps = [RestorationSweep(HEADS, layer, ARTICLES, pairs) for layer in layers]
    answers = measure(source, sweeps)
    shares: dict[tuple[int, int], float] = {}
    for sweep in sweeps:
        clean, corrupted, patched = sweep.columns(answers[sweep])
        lost = (clean - corrupted).mean()
        shares |= {
            (sweep.layer, head): float((patched[:, head] - corrupted).mean() / lost)
            for head in range(patched.shape[1])
        }
    _show("articles, share restored", shares)


def _show(what: str, values: dict[tuple[int, int], float]) -> None:
    strongest = sorted(values, key=lambda head: -values[head])[:SHOWN]
    print(f"{what}: " + ", ".join(f"{layer}:{head} {values[layer, head]:.3f}" for layer, head in strongest))


if __name__ == "__main__":
    main()
