"""Activity of a direction, searched: whether it differs between two prompt sets at some layers and tokens.

    honesty activity differs between lie and truth somewhere

All layers are searched, over the first 40 tokens or as many as every prompt has, by the mass of clusters (Maris and
Oostenveld 2007; docs/adr/0011-searching-a-grid.md). That says that the sets differ, not where; which cells differ by a
p of their own, from the maximum statistic, stands in a note.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from pydantic import Field

from neuronclaims import stats
from neuronclaims.kinds.kind import MAX_DRAWS, Attainable, ClaimError, Finding, Statement
from neuronclaims.kinds.projection.activity_request import ActivityRequest, places_in_words
from neuronclaims.kinds.projection.scores import Score
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.null_figures import null_figure
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.positions import TokenPositions
from neuronclaims.sentences.templates import Template
from neuronclaims.stats import Estimate, TestResult

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.projection.activity_maps import ActivityMaps
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import ClusterResult

    SomewhereClaim: TypeAlias = "Claim[Somewhere, SomewhereOptions]"

MASS = stats.EffectSize("cluster_mass", "mass of the heaviest cluster")
CELLS = stats.EffectSize("cluster_cells", "cells of the heaviest cluster", scale="count")


FIRST_TOKENS = TokenPositions(1, 40)
"""The tokens that are searched: as many as published scans of activity over layers and tokens show."""

CELLS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Somewhere:
    """The sentence about all layers and tokens, in parts."""

    direction: str
    first: str
    second: str

    def __str__(self) -> str:
        return SOMEWHERE_TEMPLATE.render(self)


class SomewhereOptions(Options):
    """The options of claims about activity somewhere."""

    score: Score = "z"
    forming_threshold: float | None = Field(
        None, gt=0, description="The t beyond which a cell can be part of a cluster."
    )


SOMEWHERE_TEMPLATE = Template(
    "{direction:direction} activity differs between {first:set} and {second:set} somewhere",
    Somewhere,
    options=SomewhereOptions,
)


class SomewhereKind:
    """A direction whose activity differs between two sets at some layers and tokens."""

    name, template = "activity somewhere", SOMEWHERE_TEMPLATE

    def attainable(self, claim: SomewhereClaim) -> Attainable:
        """Return the least p: a mirrored arrangement, if there is one, always has a cluster of the same mass."""
        design = _request(claim).design
        if design.blocks is not None:
            raise ClaimError(
                "A search over layers and tokens cannot be tested within blocks: leave the blocks out, or name the "
                "region ('in layers 3 to 5 over tokens 1 to 10')."
            )
        n1, n2 = design.counts
        mirrored = design.paired or n1 == n2
        ways = 2**n1 if design.paired else math.comb(n1 + n2, n1)
        return Attainable(min(1.0, (2 if mirrored else 1) / ways), size_of(design))

    def joint_test_key(self, claim: SomewhereClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone: its test already allows for many cells."""
        return None

    def tokens_in_words(self, claim: SomewhereClaim) -> str | None:
        """Return the tokens that are read one by one."""
        return places_in_words(claim.settings, FIRST_TOKENS)

    def needs(self, claim: SomewhereClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for all layers."""
        return _request(claim).needs(facts)

    def judge(self, claim: SomewhereClaim, answers: Answers, family: Family) -> Finding:
        """Search the tokens that every prompt has, at all layers."""
        request = _request(claim)
        maps = request.maps(answers)
        found = _search(request, maps, family)
        heaviest = found.clusters[0] if found.clusters else None
        mass, extent = (heaviest.mass, float(heaviest.extent)) if heaviest else (0.0, 0.0)
        return Finding(
            estimate=Estimate(MASS, mass, None, None, 0.95, "sum of t over its cells"),
            statement=Statement("two-sided", 0.0),
            test=_as_test(found, mass),
            sample=request.sample,
            selection=request.selection,
            others=(Estimate(CELLS, extent, None, None, 0.95, "counted"),),
            notes=(*request.notes(maps), *_where(found, maps, family)),
            figures=(
                maps.surface(request.names, request.scale),
                *null_figure(found.null, "mass of the heaviest cluster, whichever way it differs", abs(mass)),
            ),
        )


def _request(claim: SomewhereClaim) -> ActivityRequest:
    return ActivityRequest.of(claim, None, FIRST_TOKENS)


def _search(request: ActivityRequest, maps: ActivityMaps, family: Family) -> ClusterResult:
    """Average the maps within units, cut them to the tokens that all prompts have, and run the cluster test."""
    cut, design = maps.shared, request.design
    flat = [grid[:, :, :cut].reshape(len(grid), -1) for grid in (maps.first, maps.second)]
    first, second = (units.reshape(len(units), len(maps.layers), cut) for units in design.units(*flat))
    most = max(request.draws, min(family.max_draws, MAX_DRAWS[1]))
    return stats.cluster_test(
        first,
        second,
        exchange=stats.Exchange(paired=design.paired, unit=design.unit),
        alternative="two-sided",
        forming_threshold=request.claim.settings.options.forming_threshold,
        resampling=stats.Resampling(seed=request.seed, draws=request.draws, max_draws=most),
        level=family.level,
    )


def _as_test(found: ClusterResult, mass: float) -> TestResult:
    """Return the test of the heaviest cluster, whichever way it differs."""
    return TestResult(
        statistic=mass,
        p_value=found.p_value,
        p_greater=found.p_value,
        p_less=found.p_value,
        alternative="two-sided",
        exact=found.exact,
        arrangements=found.arrangements,
        smallest_p=found.smallest_p,
        standard_error=found.standard_error,
        resolved=found.resolved,
        degenerate=found.degenerate,
        method=found.method,
    )


def _where(found: ClusterResult, maps: ActivityMaps, family: Family) -> tuple[str, ...]:
    """Say what was searched, and which cells differ by a p of their own."""
    rows, columns = found.t.shape
    searched = f"Searched: {rows} layers by {columns} tokens, those that every prompt has."
    passing = np.argwhere(found.cell_p_values <= family.alpha)
    if not len(passing):
        return (
            searched,
            "No single cell differs when all cells are allowed for: where they differ stays open.",
        )
    order = np.argsort([-abs(found.t[tuple(cell)]) for cell in passing], kind="stable")[:CELLS_NAMED]
    cells = ", ".join(
        f"layer {maps.layers[layer]} token {maps.start + token}" for layer, token in passing[order]
    )
    more = f", the clearest of {len(passing)}" if len(passing) > CELLS_NAMED else ""
    return (
        searched,
        f"Cells that differ when all cells, but no other claims, are allowed for: {cells}{more}.",
    )


SOMEWHERE = SomewhereKind()
