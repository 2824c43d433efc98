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
    # Layers of one set ask of the same texts, which are many: a set of them is made once.
    sets: dict[int, frozenset[str]] = {}
    both: dict[tuple[int, int], frozenset[str]] = {}
    found: dict[Measurement, Origin] = {}
    for measurement in measurements:
        what = measurement.request
        if what is None:
            continue
        asked, ran = what.items, measured.get(what.need, ())
        for items in (asked, ran):
            if id(items) not in sets:
                sets[id(items)] = frozenset(items)
        own, new = sets[id(asked)], sets[id(ran)]
        key = id(own), id(new)
        if key not in both:
            both[key] = own if own <= new else own & new
        found[measurement] = Origin(own, both[key])
    return found


def from_cache(origins: Iterable[Origin]) -> tuple[int, int]:
    """Return for how many texts everything was in the cache, and how many texts there are."""
    known = list(origins)
    texts = frozenset[str]().union(*{id(origin.texts): origin.texts for origin in known}.values())
    measured = frozenset[str]().union(*(origin.measured for origin in known))
    return len(texts) - len(measured), len(texts)
