"""All kinds of claim that neurons can be looked for by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts import ablation, consistency, contrast, prediction, restoration, separation
from neuronclaims.discovery.sorts.sort import SortSettings
from neuronclaims.sentences.messages import closest, either, quoted

if TYPE_CHECKING:
    from neuronclaims.discovery.sorts.sort import Sort, SortEntry

ENTRIES: tuple[SortEntry, ...] = (
    contrast.SORT,
    separation.SORT,
    consistency.SORT,
    prediction.SORT,
    ablation.SORT,
    *restoration.SORTS,
)
LATER = ("clamping", "correlation", "congruence", "activity")
"""Kinds that are asked for and that no search is made by."""
OTHERS = tuple(dict.fromkeys(name for entry in ENTRIES for name in entry.takes))
"""What some kinds ask for, besides sets."""


def sort_of(kind: str, k: int, others: Mapping[str, str] = MappingProxyType({})) -> Sort:
    """Return the kind by its name; raise DiscoveryError for one that no search is made by, and for what it lacks.

    ``others`` is what else is said, by name.
    """
    found = next((entry for entry in ENTRIES if entry.name == kind), None)
    if found is not None:
        for name in others:
            if name not in found.takes:
                takers = either([entry.name for entry in ENTRIES if name in entry.takes])
                raise DiscoveryError(f"{quoted(name)} has no part in a search by {kind}: it is for {takers}.")
        return found.make(SortSettings(k, others))
    known = ", ".join(entry.name for entry in ENTRIES)
    if kind in LATER:
        raise DiscoveryError(
            f"Neurons are not looked for by {kind} yet. Look by {known}, and claim {kind} of what is found."
        )
    near = closest(kind, [entry.name for entry in ENTRIES])
    meant = f"; did you mean {quoted(near)}?" if near else ""
    raise DiscoveryError(f"Neurons are looked for by {known}, not by {quoted(kind)}{meant}")
