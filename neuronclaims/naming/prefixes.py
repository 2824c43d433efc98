"""Join names of files that begin at different folders: ``x.claims.yaml`` here is ``claims/x.claims.yaml`` there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import PurePosixPath

Prefix = tuple[str, str]
"""What is taken from the beginning of a name, and what is put there; one of them is empty."""


def prefix_between(old: Collection[str], new: Collection[str]) -> Prefix | None:
    """Return the one change of beginnings that makes most of the ``old`` names to ``new`` ones; None if none does.

    Where no change is needed for as many, none is made. Names that end alike in more folders count for more, and where
    two changes do equally well nothing is known.

    >>> prefix_between(["x.claims.yaml", "sub/x.claims.yaml"], ["claims/x.claims.yaml", "claims/sub/x.claims.yaml"])
    ('', 'claims/')
    >>> prefix_between(["x.claims.yaml"], ["a/x.claims.yaml", "b/x.claims.yaml"]) is None
    True
    """
    weights: dict[Prefix, tuple[int, int]] = {}
    for one in old:
        for two in new:
            change = _change(one, two)
            if change is not None:
                count, parts = weights.get(change, (0, 0))
                weights[change] = count + 1, parts + min(one.count("/"), two.count("/"))
    if not weights:
        return None
    best = max(weights.values())
    if weights.get(("", ""), (0, 0))[0] >= best[0]:
        return "", ""
    found = [change for change, weight in weights.items() if weight == best]
    return found[0] if len(found) == 1 else None


def changed(prefix: Prefix) -> Callable[[str], str]:
    """Return the function that changes the beginning of a name; names that do not begin so stay.

    >>> changed(("", "claims/"))("x.claims.yaml::demo::hanoi")
    'claims/x.claims.yaml::demo::hanoi'
    """
    taken, put = prefix
    return lambda name: f"{put}{name.removeprefix(taken)}" if name.startswith(taken) else name


def _change(one: str, two: str) -> Prefix | None:
    """Return how the first name becomes the second where one is the end of the other; None where neither is."""
    own, other = PurePosixPath(one).parts, PurePosixPath(two).parts
    shorter = min(len(own), len(other))
    if not shorter or own[-shorter:] != other[-shorter:]:
        return None
    end = "/".join(own[-shorter:])
    return one.removesuffix(end), two.removesuffix(end)
