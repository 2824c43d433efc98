"""Say how a claim's neuron was chosen, and widen its interval if it was searched for on the same prompts.

A neuron chosen beforehand, or found on other prompts, is tested alone. One that was picked on the prompts that test
it is the best of all that were searched, so all of them are measured: its p counts them (the maximum statistic), and
its intervals are so wide that they would hold for all of them at once (Bonferroni).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.measurements.attention.attention import layers_with_heads
from neuronclaims.measurements.views.view import ViewedSite, noun_of
from neuronclaims.results import Selection
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.subjects.directions import DirectionReference
from neuronclaims.sentences.subjects.heads import HeadSubject
from neuronclaims.sentences.subjects.subject import Subject

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.sentences.subjects.layers import Layers
    from neuronclaims.stats import Estimate, TestResult
    from neuronclaims.stats.effects.estimate import Tails

LEVEL = 0.95
"""The level of intervals, before they are widened."""


def search_of(claim: Claim, who: Subject) -> Layers | None:
    """Return the layers in which the neuron was searched for on the same prompts, by ``searched`` or the sentence."""
    return who.layers if who.how == "some" else claim.settings.searched


def searches(claim: Claim) -> bool:
    """Say whether the neuron of a claim was picked on the very prompts that test it, or is picked now."""
    return _layers_searched(claim) is not None


def _layers_searched(claim: Claim) -> Layers | None:
    """Return the layers that a claim says its neuron was picked from, or is picked from now."""
    who, change = (getattr(claim.sentence, name, None) for name in ("who", "change"))
    if isinstance(who, Subject) and who.how == "some":
        return who.layers
    if isinstance(change, ModelChange) and change.among is not None:
        return change.among
    return claim.settings.searched


def noun_searched(claim: Claim) -> str:
    """Return what one of those is called from which the claim's neuron was picked, or is picked now."""
    site, who = claim.settings.site, getattr(claim.sentence, "who", None)
    return who.noun if isinstance(who, Subject) and not isinstance(site, ViewedSite) else noun_of(site)


def neurons_searched(claim: Claim, facts: ModelFacts) -> int:
    """Return from how many neurons of a model the claimed one was picked, itself included; 1 where it was not."""
    search, site = _layers_searched(claim), claim.settings.site
    if search is None:
        return 1
    if isinstance(getattr(claim.sentence, "who", None), HeadSubject):
        own = layers_with_heads(facts)
        return max(1, facts.heads * sum(search.layers is None or layer in search.layers for layer in own))
    there = facts.layers_at(site)
    layers = there if search.layers is None else [layer for layer in search.layers if layer in there]
    return max(1, len(layers) * (facts.width_of(site) if facts.has(site) else 0))


def layers_needed(claim: Claim, who: Subject, facts: ModelFacts) -> tuple[int, ...]:
    """Return the layers to measure, in order: those of the neurons, or all that were searched.

    Of all layers, those count that have neurons at the claim's site.

    Raises ClaimError where layers were searched which the model does not have.
    """
    search = search_of(claim, who)
    if search is None:
        return tuple(sorted({neuron.layer for neuron in who.neurons}))
    if search.layers is None:
        return tuple(facts.layers_at(claim.settings.site))
    if search.layers[-1] >= facts.layers:
        said = "is about" if who.how == "some" else f"says that its {who.noun} was picked from"
        raise ClaimError(
            f"The claim {said} {search}, but {facts.name} has no layer "
            f"{search.layers[-1]}: it has {facts.layers} layers, 0 to {facts.layers - 1}."
        )
    return search.layers


def selection_of(claim: Claim, who: Subject, neurons: int) -> Selection:
    """Return how the claim's neuron was chosen; ``neurons`` are those it was picked from, itself included."""
    site, search = claim.settings.site, search_of(claim, who)
    noun = noun_of(site) if isinstance(site, ViewedSite) else who.noun
    if search is not None:
        return Selection("searched", (str(search),), neurons=neurons, what=noun)
    if isinstance(who.said, DirectionReference):
        return direction_chosen(claim, who.said)
    return chosen_before(claim, f"{noun}s" if len(who.neurons) > 1 else noun)


def direction_chosen(claim: Claim, said: DirectionReference) -> Selection:
    """Return how a direction or a probe came about: fitted on other prompts, or as the claim file says."""
    direction = claim.directions.get(said.name)
    if direction is None or direction.given is not None:
        return chosen_before(claim, said.noun)
    fitted = len({prompt.text for prompt in (*direction.first, *direction.second)})
    return Selection("discovered", direction.names, prompts=fitted, what=said.noun)


def chosen_before(claim: Claim, what: str) -> Selection:
    """Return how the subject of a claim, ``what``, was chosen, if not on its own prompts."""
    if claim.discovered is None:
        return Selection("beforehand", what=what)
    return Selection("discovered", claim.discovered.names, prompts=len(claim.discovered.prompts), what=what)


def level_for(neurons: int) -> float:
    """Return the level of one interval at which the intervals of ``neurons`` hold together (Bonferroni).

    >>> level_for(1), level_for(10)
    (0.95, 0.995)
    """
    return 1 - (1 - LEVEL) / neurons


def widened(estimate: Estimate, neurons: int, noun: str = "neuron") -> Estimate:
    """Return an estimate made at ``level_for(neurons)``, whose method says why its interval is wider."""
    if neurons == 1:
        return estimate

    def wide(tails: Tails | None) -> Tails | None:
        return None if tails is None else lambda boundary: _times(neurons, tails(boundary))

    method, caution = f"{estimate.method}, widened for the {neurons:,} {noun}s searched", estimate.caution
    if caution is not None:
        # Which prompts are missed is the same for all neurons.
        least = caution.least_p if caution.key == "few_units" else min(1.0, neurons * caution.least_p)
        caution = replace(caution, least_p=least, plain=wide(caution.plain))
    return replace(estimate, method=method, tails=wide(estimate.tails), caution=caution, times=neurons)


def _times(neurons: int, sides: tuple[float, float]) -> tuple[float, float]:
    above, below = sides
    return min(1.0, neurons * above), min(1.0, neurons * below)


def allowing_for_search(
    estimate: Estimate, test: TestResult, neurons: int, noun: str = "neuron"
) -> tuple[Estimate, TestResult]:
    """Widen an interval and multiply p by the number of neurons that a claimed one was picked from (Bonferroni).

    For kinds that have no maximum over all neurons: it holds however they go together.
    """
    if neurons == 1:
        return estimate, test
    greater, less = (min(1.0, neurons * p) for p in (test.p_greater, test.p_less))
    corrected = replace(
        test,
        p_value=min(1.0, neurons * test.p_value),
        p_greater=greater,
        p_less=less,
        smallest_p=min(1.0, neurons * test.smallest_p),
        standard_error=neurons * test.standard_error,
        method=f"{test.method}, times {neurons:,} for the {noun}s searched",
    )
    return widened(estimate.at_level(level_for(neurons)), neurons, noun), corrected


def selection_notes(selection: Selection) -> tuple[str, ...]:
    """Say how the neuron was chosen, and how that affects the numbers."""
    if selection.how == "discovered":
        return (f"Found on {selection.prompts:,} other prompts, none of which is tested here.",)
    if selection.how == "searched":
        noun, many = selection.noun, f"{selection.neurons:,}"
        return (
            f"Picked on these prompts from {many} {noun}s ({', '.join(selection.where)}): p allows for all of them, "
            f"and the interval is widened for the {many} {noun}s searched.",
            f"The effect of a {noun} picked on the prompts that test it is too large on average: measure it on new "
            "prompts.",
        )
    return (selection.assumed,) if selection.what else ()
