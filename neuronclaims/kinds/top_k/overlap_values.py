"""What claims of shared top neurons ask, and the scores of all neurons in every unit of every set they name.

A set's profile is the mean of its prompts (or of their groups' means) less the baseline's mean. By ``abs`` every neuron
has two columns, up and down, of which the one that is above 0 has the size of the mean difference: it is shared where
both sets move it the same way. The mean of single prompts' sizes would rank noisy neurons high that go nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.outliers.token_share import PromptUnits
from neuronclaims.kinds.shared.designs import design_of
from neuronclaims.kinds.shared.requests import in_order, plural, resamples_of, seed_of
from neuronclaims.kinds.top_k.top_k_scores import SiteColumns, SiteValues, scores, site_needs

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.top_k.top_k_scores import Floats, RankingOptions
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TwoSampleDesign


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with the prompts of its sets, by name, in the order of their text; ``names`` leave out the baseline."""

    claim: Claim
    names: tuple[str, ...]
    prompts: dict[str, tuple[Prompt, ...]]
    units: dict[str, PromptUnits]

    @classmethod
    def of(cls, claim: Claim, names: tuple[str, ...]) -> Asked:
        """Look up the sets; raise ClaimError for one of a single unit, or a baseline too small to have a mean."""
        prompts = {name: in_order(claim.sets[name]) for name in (*names, claim.sentence.baseline)}
        asked = cls(claim, names, prompts, {name: _units(name, found) for name, found in prompts.items()})
        asked.check_baseline(parts=1)
        return asked

    @property
    def baseline(self) -> str:
        """The name of the baseline."""
        name: str = self.claim.sentence.baseline
        return name

    @property
    def k(self) -> int:
        """How many neurons are the top ones."""
        k: int = self.claim.sentence.k
        return k

    @property
    def by(self) -> str:
        """What neurons are ranked by."""
        options: RankingOptions = self.claim.settings.options
        return options.rank_by

    @property
    def in_content_order(self) -> tuple[str, ...]:
        """The names of the sets in the order of their texts, so that numbers do not hang on who is named first."""
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
    def resamples(self) -> int:
        """How many relabellings are drawn where they are not enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many units each set has."""
        return tuple((name, len(self.units[name].rows)) for name in self.names)

    @property
    def unit(self) -> str:
        """What the sets have so many of."""
        return self.units[self.names[0]].unit

    @property
    def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The baseline's prompts in two halves, every other unit in each: those for a mean, those held out."""
        rows = self.units[self.baseline].rows
        mean, held_out = ([row for unit in half for row in unit] for half in (rows[::2], rows[1::2]))
        return tuple(mean), tuple(held_out)

    @property
    def fewest(self) -> int:
        """The least number of units to be measured against: a mean needs two, a standard deviation three."""
        return 3 if self.by == "z" else 2

    @property
    def halved(self) -> bool:
        """Whether either half of the baseline can be measured against."""
        return len(self.units[self.baseline].rows) >= 2 * self.fewest

    def check_baseline(self, parts: int) -> None:
        """Raise ClaimError where the baseline, or each of its two halves, is too small to be measured against."""
        needed, there = parts * self.fewest, len(self.units[self.baseline].rows)
        if there < needed:
            why = "" if parts == 1 else ", since half of it is held out to be compared with"
            raise ClaimError(
                f"The baseline {self.baseline!r} has {plural(there, self.units[self.baseline].unit)}; "
                f"'rank_by: {self.by}' needs at least {needed} here{why}. Add prompts to it."
            )

    def design(self, name: str, other: str) -> TwoSampleDesign:
        """Settle what is exchanged between two sets, of the baseline its held-out half."""
        held_out = [self.prompts[self.baseline][row] for row in self.halves[1]]
        return design_of(self.prompts[name], held_out if other == self.baseline else self.prompts[other])

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the whole site on all sets; raise ClaimError where the model does not allow it."""
        if self.claim.settings.searched is not None:
            raise ClaimError(
                "'searched' says from where a neuron was picked, but this claim names none: its top neurons are found "
                "anew in every test. Put 'searched' beside the claims about neurons."
            )
        return site_needs(self.claim, (*self.names, self.baseline), self.k, facts)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured of the claim's sets, by name: [prompts, neurons of the whole site]."""

    asked: Asked
    columns: SiteColumns
    values: dict[str, Floats]

    @classmethod
    def of(cls, asked: Asked, answers: Answers) -> Measured:
        """Read the answers."""
        traces = {name: SiteValues.of(asked.claim, name, answers) for name in asked.prompts}
        return cls(
            asked, traces[asked.baseline].columns, {name: found.values for name, found in traces.items()}
        )

    def scores(self, name: str, over: tuple[int, ...] | None = None) -> Floats:
        """Return a set's scores by prompt, over the whole baseline or over some prompts of it."""
        baseline = self.values[self.asked.baseline]
        return scored(self.values[name], baseline if over is None else baseline[list(over)], self.asked.by)

    def of_units(self, name: str, over: tuple[int, ...] | None = None) -> Floats:
        """Return the same by unit."""
        scores = self.scores(name, over)
        return np.array([scores[list(rows)].mean(axis=0) for rows in self.asked.units[name].rows])

    def neuron(self, column: int) -> str:
        """Return the name of a column of scores; by ``abs``, the way its neuron is moved as well."""
        name = str(self.columns.neuron(column % len(self.columns)))
        if self.asked.by != "abs":
            return name
        return f"{name} {'down' if column >= len(self.columns) else 'up'}"


def scored(values: Floats, baseline: Floats, by: str) -> Floats:
    """Return scores whose mean ranks neurons: [n, m], or [n, 2 m] by ``abs``, for each neuron up, then down."""
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
