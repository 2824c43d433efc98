"""Score every neuron of a site, prompt by prompt, against a baseline; for kinds that look for the top K.

Values are pooled by the claim's token rule, the same one for every set. A prompt's score of a neuron is its value less
the mean over the baseline's prompts (``diff``), the size of that (``abs``), or that in standard deviations of the
baseline's prompts (``z``). Ranked by ``raw`` values, there is nothing that is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.refusals import check_subject
from neuronclaims.kinds.shared.requests import activations, in_order, token_rule
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sentences.options import OneOf, Options
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError
from neuronclaims.sites import printed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Settings
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts

    Floats: TypeAlias = NDArray[np.float64]


class RankingOptions(Options):
    """The options of claims about the top of a ranking."""

    rank_by: Annotated[Literal["diff", "abs", "z", "raw"], OneOf("ranking")] = Field(
        "diff", description="What neurons are ranked by: diff (default), abs, z or raw."
    )
    weighting: Annotated[Literal["uniform", "legacy_growing"], OneOf("weighting")] = Field(
        "uniform",
        description="How generated tokens are weighted: uniform (default) or legacy_growing.",
    )


class OverlapOptions(RankingOptions):
    """The options of claims about how many top neurons two sets share."""

    top_by: Annotated[Literal["occurrence", "mean", "prompts"], OneOf("way to list top neurons")] = Field(
        "occurrence",
        description="Whose top neurons are compared: those among the top in most prompts (occurrence, the default), "
        "those with the highest mean, or those of two single prompts, on average (prompts).",
    )


BY = {
    "diff": "activation minus baseline mean",
    "abs": "size of activation minus baseline mean",
    "z": "activation minus baseline mean, in baseline standard deviations",
    "raw": "activation",
}
"""What neurons are ranked by, in words."""

ROUNDING, FAR = 1e-12, 1e6
"""A variance that is a part so small of the squares it is the rest of is 0; the z of what differs from it."""


@dataclass(frozen=True, slots=True)
class SiteColumns:
    """The neurons of a whole site in the order of their columns: layer by layer, each ``width`` neurons wide.

    >>> columns = SiteColumns((4, 7), width=3)
    >>> str(columns.neuron(5)), columns.column(Neuron(7, 2)), columns.of_layers([7]).tolist()
    ('7:2', 5, [3, 4, 5])
    """

    layers: tuple[int, ...]
    width: int

    def __len__(self) -> int:
        return len(self.layers) * self.width

    def neuron(self, column: int) -> Neuron:
        """Return the neuron of a column, whose text is its name, such as "11:365"."""
        return Neuron(self.layers[column // self.width], column % self.width)

    def column(self, neuron: Neuron) -> int:
        """Return the column of a neuron."""
        return self.layers.index(neuron.layer) * self.width + neuron.index

    def of_layers(self, layers: Sequence[int]) -> NDArray[np.intp]:
        """Return the columns of some layers, in order."""
        first = np.array([self.layers.index(layer) * self.width for layer in layers], dtype=np.intp)
        return (first[:, None] + np.arange(self.width)).ravel()


@dataclass(frozen=True, slots=True, eq=False)
class SiteValues:
    """What was measured of one set: ``values`` [prompts, all neurons of the site], prompts as ``in_order`` has them."""

    columns: SiteColumns
    values: Floats

    @classmethod
    def of(cls, claim: Claim, name: str, answers: Answers) -> SiteValues:
        """Read the answers about one set of the claim."""
        rule, prompts = ranking_rule(claim.settings), in_order(claim.sets[name])
        layers = tuple(sorted({need.layer for need in answers if isinstance(need, Activations)}))
        found = [answers[activations(claim.settings, layer, prompts, rule)] for layer in layers]
        return cls(SiteColumns(layers, found[0].shape[1]), np.concatenate(found, axis=1, dtype=np.float64))


def site_needs(
    claim: Claim, names: Sequence[str], k: int, facts: ModelFacts, neurons: Sequence[Neuron] = ()
) -> tuple[Measurement, ...]:
    """Ask for all layers of the claim's site on each of the sets named.

    Raises ClaimError where the model lacks the site or one of the ``neurons``, and where its top ``k`` are all it has.
    """
    settings = claim.settings
    layers, rule = facts.layers_at(settings.site), ranking_rule(settings)
    for neuron in neurons or (Neuron(layers[-1], 0),):
        check_neuron(neuron, settings.site, facts)
    if isinstance(settings.site, ViewedSite) and facts.width_of(settings.site) == 1:
        raise ClaimError(
            f"A {settings.site.view.noun} is one number of a token, and no neuron among others that could be ranked: "
            "claim that it activates more for one set than for another, or that it separates them."
        )
    there = len(layers) * facts.width_of(settings.site)
    if not 1 <= k < there:
        raise ClaimError(
            f"The top {k:,} neurons are no choice: {facts.name} has {there:,} neurons at {printed(settings.site)}. "
            f"Take a number from 1 to {there - 1:,}."
        )
    sets = [in_order(claim.sets[name]) for name in dict.fromkeys(names)]
    return tuple(activations(settings, layer, prompts, rule) for prompts in sets for layer in layers)


def ranking_rule(settings: Settings) -> TokenRule:
    """Return the token rule of all sets."""
    if settings.options.weighting == "uniform":
        return token_rule(settings)
    return TokenRule("legacy_growing", "generated")


def check_ranking(claim: Claim[Any, Any]) -> None:
    """Raise FieldError where a subject cannot be searched for, and where the weighting asks for another token rule."""
    check_subject(claim)
    rule = str(token_rule(claim.settings))
    if claim.settings.options.weighting != "uniform" and rule != "mean of generated":
        message = (
            f"'weighting: legacy_growing' weights generated tokens in a mean, but the token rule is {rule!r}: write "
            "'tokens: mean of generated', or leave the weighting out"
        )
        raise FieldError("weighting", message, "uniform")


def weighting_notes(options: RankingOptions) -> tuple[str, ...]:
    """Say how generated tokens are weighted, if they do not all count equally."""
    if options.weighting == "uniform":
        return ()
    return (
        "Generated tokens are weighted as in a published log: of N, the first N - 1 times and the last not at all.",
    )


def check_baseline(claim: Claim, name: str) -> None:
    """Raise ClaimError for a baseline of too few prompts: 2 for a mean; 3 for ``z``, which leaves each out in turn."""
    by = claim.settings.options.rank_by
    fewest, there = (3 if by == "z" else 2), len(claim.sets[name].prompts)
    if there < fewest:
        raise ClaimError(
            f"The baseline {name!r} has {there} prompts; 'rank_by: {by}' needs at least {fewest}. Add prompts to it."
        )


def scores(values: Floats, baseline: Floats, by: str) -> Floats:
    """Return the scores of prompts [n, m] that are no part of the baseline [b, m].

    A neuron that is the same for all prompts of the baseline has no z; it scores 0.

    >>> scores(np.array([[5.0, 2.0]]), np.array([[1.0, 2.0], [3.0, 2.0]]), "diff").tolist()
    [[3.0, 0.0]]
    """
    if by == "raw":
        return values
    found: Floats = values - baseline.mean(axis=0)
    if by == "abs":
        return np.abs(found)
    return found if by == "diff" else _over(found, baseline.std(axis=0, ddof=1))


def places_of(scores: Floats, column: int) -> tuple[float, ...]:
    """Return the place of one neuron among all, in each prompt [n, m]: how many are as high or higher, itself too.

    So a neuron is among the top K just where its place is K at most.

    >>> places_of(np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]]), 1)
    (3.0, 2.0)
    """
    return tuple(float(place) for place in (scores >= scores[:, [column]]).sum(axis=1))


def own_scores(baseline: Floats, by: str) -> Floats:
    """Return the scores of the baseline's own prompts [b, m], each against the mean of the others.

    >>> own_scores(np.array([[1.0], [2.0], [6.0]]), "diff").tolist()
    [[-3.0], [-1.5], [4.5]]

    Against a mean it is part of, a prompt is drawn toward zero: its scores are (b - 1) / b of these, and its z, whose
    standard deviation holds the prompt too, can never exceed (b - 1) / sqrt(b). Both are alike for all neurons and
    keep their order, as internally and externally studentised residuals do (Cook and Weisberg 1982), so that no ranking
    hangs on it; but only these are on the scale of ``scores``. Where the others do not vary, z is as large as any here.
    """
    if by == "raw":
        return baseline
    many = len(baseline)
    centred = baseline - baseline.mean(axis=0)
    found: Floats = centred * (many / (many - 1))
    if by == "abs":
        return np.abs(found)
    return found if by == "diff" else _without(found, centred)


def _without(values: Floats, centred: Floats) -> Floats:
    """Divide by the standard deviation of all prompts but one, for each one left out, from deviations [b, m]."""
    many, squares = len(centred), centred**2
    total = squares.sum(axis=0)
    left = (total - squares * (many / (many - 1))) / (many - 2)
    rounding = left <= total * ROUNDING
    found = _over(values, np.sqrt(np.where(rounding, 0.0, left)))
    return np.where(rounding & (total > 0), np.copysign(FAR, values), found)


def _over(values: Floats, spreads: Floats) -> Floats:
    found: Floats = np.divide(values, spreads, out=np.zeros_like(values), where=spreads > 0)
    return found
