"""Judge claims from a script, and leave with an error where one of them is not as expected."""

from __future__ import annotations

import sys
from pathlib import Path

from neuronclaims import Judgement, Judgements, NeuronClaimsError, judge


def worst(found: Judgements) -> Judgement | None:
    """Return the first claim that did not come out as expected."""
    return next((each for each in found if not each.as_expected), None)


def main(path: str) -> int:
    """Judge a claim file and write its results as a table."""
    try:
        found = judge(Path(path), progress=False)
    except NeuronClaimsError as error:
        print(error, file=sys.stderr)
        return 2
    found.to_frame().to_csv("results.csv", index=False)
    missed = worst(found)
    if missed is None:
        return 0
    value = missed.evidence.effect.value if missed.evidence is not None else None
    print(missed.explain(), value, sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
