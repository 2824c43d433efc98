"""Say what claims of shared top neurons need, and hold the scores of all neurons in every unit of every set.

A set's profile is the mean of its prompts (or of their groups' means) less the baseline's mean. By ``abs`` every neuron
has two columns, up and down, of which the one that is above 0 has the size of the mean difference: it is shared where
both sets move it the same way. The mean of single prompts' sizes would rank noisy neurons high that go nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import PromptUnits
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.requests import in_order, plural, resamples_of, seed_of
from neuronclaims.kinds.top_k.occurrence_lists import Occurrences
from neuronclaims.kinds.top_k.top_k_scores import (
    BY,
    SiteColumns,
    SiteValues,
    scores,
    site_needs,
    weighting_notes,
)
from neuronclaims.stats.effects.top_k import highest, profiles

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.top_k.top_k_scores import Floats, RankingOptions
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TwoSampleDesign
    from neuronclaims.stats.inputs import Bools

RANKED = {**BY, "abs": "size of mean activation minus baseline mean, up and down apart"}
"""What neurons are ranked by, in words."""


@dataclass(frozen=True, slots=True)
class OverlapRequest:
    """A claim with the prompts of its sets, by name, in the order of their text; ``names`` leave out the baseline."""

    claim: Claim
    names: tuple[str, ...]
    prompts: dict[str, tuple[Prompt, ...]]
    units: dict[str, PromptUnits]

    @classmethod
    def of(cls, claim: Claim, names: tuple[str, ...]) -> OverlapRequest:
        """Look up the sets; raise ClaimError for one of a single unit, or a baseline too small to have a mean."""
        prompts = {name: in_order(claim.sets[name]) for name in (*names, claim.sentence.baseline)}
        request = cls(claim, names, prompts, {name: _units(name, found) for name, found in prompts.items()})
        request.check_baseline(parts=1)
        return request

    @property
    def baseline(self) -> str:
        """The name of the baseline."""
        name: str = self.claim.sentence.baseline
        return name

    @property
    def k(self) -> int:
        """The number of top neurons, K."""
        k: int = self.claim.sentence.k
        return k

    @property
    def by(self) -> str:
        """What neurons are ranked by."""
        options: RankingOptions = self.claim.settings.options
        return options.rank_by

    @property
    def top_by(self) -> str:
        """Whose top neurons are compared (``OverlapOptions``)."""
        return getattr(self.claim.settings.options, "top_by", "mean")

    @property
    def in_content_order(self) -> tuple[str, ...]:
        """The names of the sets in the order of their texts, so that no number depends on the order in the sentence."""
        return tuple(sorted(self.names, key=lambda name: [prompt.text for prompt in self.prompts[name]]))

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return self.seed_of(*self.in_content_order)

    def seed_of(self, *names: str) -> int:
        """Return a seed that comes from the prompts of some sets and of the baseline."""
        sets = [self.prompts[name] for name in (*names, self.baseline)]
        return seed_of(self.claim.settings, sets, "overlap")

    @property
    def draws(self) -> int:
        """How many relabellings are drawn where they are not enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many units each set has."""
        return tuple((name, len(self.units[name].rows)) for name in self.names)

    @property
    def unit(self) -> str:
        """The unit that is counted in the sets."""
        return self.units[self.names[0]].unit

    @property
    def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The baseline's prompts in two halves, every other unit in each: those for a mean, those held out."""
        rows = self.units[self.baseline].rows
        mean, held_out = ([row for unit in half for row in unit] for half in (rows[::2], rows[1::2]))
        return tuple(mean), tuple(held_out)

    @property
    def fewest(self) -> int:
        """The least number of units of a baseline: a mean needs two, a standard deviation three."""
        return 3 if self.by == "z" else 2

    @property
    def halved(self) -> bool:
        """Whether both halves of the baseline are large enough."""
        return len(self.units[self.baseline].rows) >= 2 * self.fewest

    def check_baseline(self, parts: int) -> None:
        """Raise ClaimError if the baseline, or one of its two halves, is too small."""
        needed, there = parts * self.fewest, len(self.units[self.baseline].rows)
        if there < needed:
            why = "" if parts == 1 else ", since half of it is held out to be compared with"
            raise ClaimError(
                f"The baseline {self.baseline!r} has {plural(there, self.units[self.baseline].unit)}; "
                f"'rank_by: {self.by}' needs at least {needed} here{why}. Add prompts to it."
            )

    def design(self, name: str, other: str) -> TwoSampleDesign:
        """Decide what is exchanged between two sets; of the baseline, only its held-out half."""
        held_out = [self.prompts[self.baseline][row] for row in self.halves[1]]
        return design_of(self.prompts[name], held_out if other == self.baseline else self.prompts[other])

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on what is taken as given, and on groups that sets have in common."""
        count = plural(len(self.prompts[self.baseline]), "prompt")
        groups = {name: {prompt.group for prompt in self.prompts[name]} - {None} for name in self.names}
        pairs = [
            f"{one} and {other}" for one, other in combinations(self.names, 2) if groups[one] & groups[other]
        ]
        common = f"{'; '.join(pairs)} have groups in common: what they share may come from these."
        over = f"All numbers and limits are over this baseline: its mean, of {count}, is taken as it is."
        return (
            "Ranked by activation itself: nothing is taken away." if self.by == "raw" else over,
            *weighting_notes(self.claim.settings.options),
            *((common,) if pairs else ()),
        )

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the whole site on all sets; raise ClaimError where the model does not allow it."""
        return site_needs(self.claim, (*self.names, self.baseline), self.k, facts)

    def data(self, answers: Answers) -> OverlapData:
        """Read the answers."""
        found = {name: SiteValues.of(self.claim, name, answers) for name in self.prompts}
        values = {name: of_set.values for name, of_set in found.items()}
        return OverlapData(self, found[self.baseline].columns, values)


@dataclass(frozen=True, slots=True, eq=False)
class OverlapData:
    """What was measured of the claim's sets, by name: [prompts, neurons of the whole site]."""

    request: OverlapRequest
    columns: SiteColumns
    values: dict[str, Floats]

    def scores(self, name: str, over: tuple[int, ...] | None = None) -> Floats:
        """Return a set's scores by prompt, over the whole baseline or over some prompts of it."""
        baseline = self.values[self.request.baseline]
        return scored(self.values[name], baseline if over is None else baseline[list(over)], self.request.by)

    def of_units(self, name: str, over: tuple[int, ...] | None = None) -> Floats:
        """Return a set's scores by unit [units, columns]."""
        scores = self.scores(name, over)
        return np.array([scores[list(rows)].mean(axis=0) for rows in self.request.units[name].rows])

    def neuron(self, column: int) -> str:
        """Return the name of a column of scores; ranked by ``abs``, with the direction in which its neuron moves."""
        name = str(self.columns.neuron(column % len(self.columns)))
        if self.request.by != "abs":
            return name
        return f"{name} {'down' if column >= len(self.columns) else 'up'}"

    def top(self, name: str, over: tuple[int, ...] | None = None) -> Bools:
        """Tell which columns [m] are a set's top K, as the tests count them."""
        if self.request.top_by == "mean":
            return top_of(self.of_units(name, over), self.request.k)
        return self.most_often(name, over)

    def most_often(self, name: str, over: tuple[int, ...] | None = None) -> Bools:
        """Tell which K columns [m] are most often among the top of a set; of equals, those of the higher mean."""
        counts = self.occurrences(name, over).counts
        place = np.argsort(np.argsort(self.of_units(name, over).mean(axis=0), kind="stable"))
        ranked = (counts * len(place) + place).astype(np.float64)
        return np.asarray(highest(ranked[None], self.request.k)[0], dtype=np.bool_)

    def memberships(self, name: str, over: tuple[int, ...] | None = None) -> Floats:
        """Return in what share of the prompts of each unit each column is among the top K: [units, columns]."""
        members = stats.top_k_members(self.scores(name, over), self.request.k)
        return np.array([members[list(rows)].mean(axis=0) for rows in self.request.units[name].rows])

    def occurrences(self, name: str, over: tuple[int, ...] | None = None) -> Occurrences:
        """Count in how many units each column is among the top K: of a group, in more than half its prompts."""
        k, inside = self.request.k, self.memberships(name, over) > 0.5
        alone = all(len(rows) == 1 for rows in self.request.units[name].rows)
        return Occurrences(inside.sum(axis=0), len(inside), k if alone else 2 * k, k)

    @property
    def tie_notes(self) -> tuple[str, ...]:
        """Notes on sets in which neurons tie for the last place."""
        k = self.request.k
        counts = {name: int(self.top(name).sum()) for name in self.request.names}
        return tuple(
            f"Neurons tie for place {k} in {name}; those that tie are not counted, which leaves {there}."
            for name, there in counts.items()
            if there < k
        )


def top_of(scores: Floats, k: int) -> Bools:
    """Tell which columns [m] are among the top ``k`` of the mean of scores [n, m].

    >>> top_of(np.array([[1.0, 5.0, 2.0], [3.0, 5.0, 1.0]]), 2).tolist()
    [True, True, False]
    """
    return np.asarray(highest(profiles(scores, k, "mean").sum(axis=0)[None], k)[0], dtype=np.bool_)


def scored(values: Floats, baseline: Floats, by: str) -> Floats:
    """Return scores whose mean ranks neurons: [n, m]; by ``abs`` [n, 2 m], all neurons up, then all down.

    >>> scored(np.array([[1.0, 5.0]]), np.array([[2.0, 3.0], [2.0, 3.0]]), "abs").tolist()
    [[-1.0, 2.0, 1.0, -2.0]]
    """
    if by != "abs":
        return scores(values, baseline, by)
    up = scores(values, baseline, "diff")
    return np.concatenate([up, -up], axis=1)


def _units(name: str, prompts: tuple[Prompt, ...]) -> PromptUnits:
    grouped = all(prompt.group is not None for prompt in prompts)
    count = len({prompt.group for prompt in prompts}) if grouped else len(prompts)
    if count < 2:
        what = plural(count, "group" if grouped else "prompt")
        raise ClaimError(f"{name!r} has {what}; its top neurons need at least 2 to be told from chance.")
    return PromptUnits.of(prompts)
