"""Estimate the cost of a run from a model's configuration and the measurements alone; load nothing.

A pass is one text through the whole model. A generated token is a pass of one token, counted by itself. Passes end
where nothing above is asked for, and those of a sweep begin at the layer swept, so they count as shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neuronclaims.measurements import Measurement, ModelFacts
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Wanted, jobs, union
from neuronclaims.measurements.views.directions import fit_passes

_FLOAT = 4
"""Bytes of a number as it is kept."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of measurements on one model, if each thing is measured once and nothing is cached.

    ``texts`` counts the different texts, or pairs of them, by what one is called; ``places`` gives the layers looked at
    by site; ``passes`` the forwards by what they are for, as multiples of one text through the whole model;
    ``generated`` is the most tokens generated in all, ``stored`` the bytes the run cache would hold. ``weights`` counts
    what is read off the weights, with no text.
    """

    texts: Mapping[str, int]
    places: Mapping[str, tuple[int, ...]]
    passes: Mapping[str, float]
    generated: int
    stored: int
    weights: int


def cost_of(facts: ModelFacts, measurements: Sequence[Measurement]) -> Cost:
    """Return the cost of some measurements on one model; load nothing.

    Raises MeasurementError for what the model cannot answer; ``refused`` finds out which.

    >>> from neuronclaims.measurements import Activations, TokenRule
    >>> facts = ModelFacts("demo", "GPT-2", 6, {"mlp_post": 512}, True)
    >>> cost = cost_of(facts, [Activations("mlp_post", 2, TokenRule("last", "prompt"), ("I like Hanoi.", "And you?"))])
    >>> cost.texts, cost.places, cost.passes, cost.stored
    ({'prompt': 2}, {'mlp_post': (2,)}, {'activations': 1.0}, 4096)
    """
    return cost_of_wanted(facts, union(facts, measurements), measurements)


def cost_of_wanted(facts: ModelFacts, wanted: Wanted, measurements: Sequence[Measurement]) -> Cost:
    """Return the cost of what ``measurements`` want of texts, such as of what is not in the run cache yet."""
    work = jobs(wanted)
    texts: dict[str, set[str]] = {}
    passes: dict[str, float] = {}
    for job in work:
        texts.setdefault(job.needs[0].text, set()).update(job.items)
        for what, count in job.needs[0].cost(job.needs, len(job.items), facts):
            passes[what] = passes.get(what, 0.0) + count
    references = {text for need in wanted for text in getattr(need, "reference", ())}
    if references:
        passes["reference texts"] = float(len(references))
    if fits := fit_passes((place for need in wanted for place in need.places), facts):
        passes["fits of directions"] = fits
    return Cost(
        {name: len(different) for name, different in texts.items()},
        _places(wanted, measurements),
        passes,
        sum(job.new_tokens * job.texts * len(job.items) for job in work),
        sum(need.width(facts) * len(job.items) * _FLOAT for job in work for need in job.needs),
        len({each for each in measurements if each.request is None}),
    )


def refused(facts: ModelFacts, measurement: Measurement) -> str | None:
    """Return why a model of this shape cannot answer a measurement; None if it can."""
    try:
        union(facts, [measurement])
        measurement.check(facts)
    except MeasurementError as error:
        return str(error)
    return None


def _places(wanted: Iterable[Need], measurements: Iterable[Measurement]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for need in wanted:
        for site, layer in need.places:
            found.setdefault(site, set()).add(layer)
    for measurement in measurements:
        description = measurement.description
        if description.texts is None and description.layers:
            found.setdefault(description.what, set()).update(description.layers)
    return {place: tuple(sorted(layers)) for place, layers in found.items()}
