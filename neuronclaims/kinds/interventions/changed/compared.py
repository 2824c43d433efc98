"""What random neurons do under the change of a claim, text by text, beside what the claim's neurons do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from neuronclaims.kinds.interventions.controls.random_neurons import RandomNeurons
from neuronclaims.kinds.interventions.controls.standing import sampled
from neuronclaims.measurements.views.view import noun_of

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
    from neuronclaims.kinds.kind import Answers

STRONG: Mapping[str, int] = {"greater": 1, "less": -1, "two-sided": 0}
"""Which changes by other neurons count as strong, by the side claimed or denied: 0 stands for any far from 0."""


def random_neurons(request: ChangedPredictionRequest, answers: Answers) -> RandomNeurons | None:
    """Read what random neurons do in each text, beside what the claim's do there."""
    need = sampled(answers, request.together)
    if need is None:
        return None
    after, before = request.outcome.read(request.together.columns(answers[request.together]))
    found, claim = need.columns(answers[need]), request.claim
    return RandomNeurons(
        after - before,
        request.outcome.of_controls(found) - before[:, None],
        request.units,
        found.relative_sizes,
        STRONG[request.side],
        request.outcome.effect.name,
        request.made.done,
        len(claim.sentence.neurons),
        claimed=claim.sentence.beyond,
        names=need.names(answers[need]),
        noun=noun_of(need.need.site),
    )
