"""What a run would cost, told from a model's configuration and the measurements alone: nothing is loaded.

A pass is one text through the whole model. A generated token is a pass of one token, counted by itself. Passes end
where nothing above is asked for, and those of a sweep begin at the layer swept, so they count as shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from neuronclaims.engines.plan import Job, jobs, union
from neuronclaims.measurements import Congruence, Measurement, ModelFacts, Vocabulary
from neuronclaims.measurements.changed import Changed
from neuronclaims.measurements.need import Need, Work, check_place, check_predicts
from neuronclaims.measurements.pooled import Pooled
from neuronclaims.measurements.readout import ReadOut
from neuronclaims.models.errors import MeasurementError

_FLOAT = 4
"""Bytes of a number as it is kept."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one model would be asked, and what that takes.

    ``items`` counts, per sort of work, the different texts, or pairs of them; ``places`` gives the layers looked at
    by site; ``passes`` the forwards per sort of work, as multiples of one text through the whole model; ``generated``
    is the most tokens generated in all, ``stored`` the bytes the run cache would hold. ``weights`` counts what is
    read off the weights, with no text.
    """

    items: Mapping[Work, int]
    places: Mapping[str, tuple[int, ...]]
    passes: Mapping[str, float]
    generated: int
    stored: int
    weights: int


def outlook(facts: ModelFacts, measurements: Sequence[Measurement]) -> Outlook:
    """Return what measuring all of this would take, each thing once and with nothing in the cache.

    Raises MeasurementError for what the model cannot answer; ``refused`` finds out which.
    """
    wanted = union(facts, measurements)
    work = jobs(wanted)
    items: dict[Work, set[str]] = {}
    passes: dict[str, float] = {}
    for job in work:
        items.setdefault(job.work, set()).update(job.items)
        for what, count in _passes(facts, job):
            passes[what] = passes.get(what, 0.0) + count
    references = {text for need in wanted for text in getattr(need, "reference", ())}
    if references:
        passes["reference texts"] = float(len(references))
    return Outlook(
        {sort: len(texts) for sort, texts in items.items()},
        _places(wanted, measurements),
        passes,
        sum(job.new_tokens * len(job.items) for job in work),
        sum(need.width(facts) * len(texts) * _FLOAT for need, texts in wanted.items()),
        len({m for m in measurements if isinstance(m, (Congruence, Vocabulary))}),
    )


def refused(facts: ModelFacts, measurement: Measurement) -> str | None:
    """Say why a model of this shape cannot answer a measurement, None if it can."""
    try:
        union(facts, [measurement])
        if isinstance(measurement, Congruence):
            check_predicts(facts)
            check_place(facts, "mlp_post", measurement.layer, measurement.index)
    except MeasurementError as error:
        return str(error)
    return None


def _passes(facts: ModelFacts, job: Job) -> Iterable[tuple[str, float]]:
    return _COUNTED[job.work](facts, job)


def _pooled(facts: ModelFacts, job: Job) -> Iterable[tuple[str, float]]:
    highest = max((need.layer for need in job.needs if isinstance(need, Pooled)), default=0)
    share = 1.0 if job.new_tokens else (highest + 1) / facts.layers
    yield "activations", len(job.items) * share


def _changed(facts: ModelFacts, job: Job) -> Iterable[tuple[str, float]]:
    needs = [need for need in job.needs if isinstance(need, Changed)]
    texts = len(job.items)
    # What is known before anything is changed serves all needs; of pairs, both texts are run.
    before = 2 if needs[0].change == "restored" else 1
    yield "changed predictions", texts * (before + sum(need.sweep is None for need in needs))
    for need in needs:
        if need.sweep is not None:
            share = (facts.layers - need.sweep) / facts.layers
            yield "sweeps", texts * facts.widths[need.site] * share


def _readout(facts: ModelFacts, job: Job) -> Iterable[tuple[str, float]]:
    del facts
    yield "documents", float(len(job.items))


_COUNTED: Mapping[Work, Callable[[ModelFacts, Job], Iterable[tuple[str, float]]]] = {
    "pooled": _pooled,
    "changed": _changed,
    "readout": _readout,
}


def _places(wanted: Iterable[Need], measurements: Iterable[Measurement]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for need in wanted:
        if isinstance(need, Changed):
            found.setdefault(need.site, set()).update(need.layers)
        elif isinstance(need, (Pooled, ReadOut)):
            found.setdefault(need.site, set()).add(need.layer)
    for measurement in measurements:
        if isinstance(measurement, Congruence):
            found.setdefault("output weights", set()).add(measurement.layer)
    return {place: tuple(sorted(layers)) for place, layers in found.items()}
