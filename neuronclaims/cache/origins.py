"""Origins of answers: which of their texts were read from the cache, and which this run measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronclaims.measurements import Measurement
from neuronclaims.measurements.plan import Wanted


@dataclass(frozen=True, slots=True)
class Origin:
    """The texts of one measurement, and those among them that were measured in this run; the rest were cached."""

    texts: frozenset[str]
    measured: frozenset[str]


def origins(measurements: Sequence[Measurement], measured: Wanted) -> dict[Measurement, Origin]:
    """Return where the answers to measurements that run texts come from; ``measured`` is what was not in the cache."""
    new = {need: frozenset(items) for need, items in measured.items()}
    # Layers of one set ask of the same tuple, which measurements hold on to.
    texts: dict[int, frozenset[str]] = {}
    found: dict[Measurement, Origin] = {}
    for measurement in measurements:
        what = measurement.request
        if what is not None:
            own = texts.setdefault(id(what.items), frozenset(what.items))
            found[measurement] = Origin(own, own & new.get(what.need, frozenset()))
    return found


def from_cache(origins: Iterable[Origin]) -> tuple[int, int]:
    """Return for how many texts everything was in the cache, and how many texts there are."""
    known = list(origins)
    texts = frozenset[str]().union(*{id(origin.texts): origin.texts for origin in known}.values())
    measured = frozenset[str]().union(*(origin.measured for origin in known))
    return len(texts) - len(measured), len(texts)
