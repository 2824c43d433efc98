"""Controls drawn for each text: what random neurons of about the same size do there, beside what a claim's neurons do.

The comparison is made text by text: the change by the claim's neurons less the mean change by the text's own controls.
So it counts texts, as every test of such a claim, and speaks of the layer, not of a few neurons of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.shared.requests import plain, plural
from neuronclaims.kinds.shared.unit_names import MOST
from neuronclaims.measurements.changing.controls import NEAREST
from neuronclaims.measurements.views.directions import RANDOM

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed_neurons import Floats, TextUnits
    from neuronclaims.stats import EffectSize, Estimate

AS_STRONG = stats.EffectSize("share_of_controls", "share of random controls as strong", scale="share")
Compared: TypeAlias = Literal[
    "more than random neurons do",
    "more than random heads do",
    "more than random latents do",
    "more than random directions do",
    "more than random probes do",
]
"""The end of a sentence that claims a change beyond that by the controls."""

ANYWHERE = ("direction", "probe")
"""Controls that point anywhere and have no names, by what they are."""

TAIL = f"[{{compared:{'|'.join(get_args(Compared))}}}]"
"""The end as templates have it."""


def beyond_controls(effect: EffectSize, noun: str = "neuron") -> EffectSize:
    """Return the effect size of a change beyond that by random neurons, or heads, from that of the change itself.

    >>> from neuronclaims.stats import EffectSize
    >>> beyond_controls(EffectSize("change_of_logit", "mean change of the logit")).name
    'mean change of the logit beyond that by random neurons'
    """
    return replace(
        effect, key=f"{effect.key}_beyond_controls", name=f"{effect.name} beyond that by random {noun}s"
    )


def with_tail(said: str, compared: Compared | None) -> str:
    """Return what is claimed, with the end of the sentence where it has that."""
    return said if compared is None else f"{said} {compared}"


@dataclass(frozen=True, slots=True, eq=False)
class RandomNeurons:
    """What a claim's neurons change in each text, ``own`` [texts], and controls there, ``theirs`` [texts, controls].

    ``sizes`` is how large the controls' values are in their texts, as multiples of those of the claim's neurons.
    ``strong`` is 1 where the claim speaks of large values, -1 of small ones, 0 of values far from 0. ``axis`` says
    what the values are, after division by ``whole``, ``done`` what was done with the claim's ``neurons``, so many;
    ``claimed`` says whether the sentence claims a change beyond that by the controls. ``names`` are those of the
    controls, text by text, ``noun`` is what they are.

    >>> from neuronclaims.kinds.interventions.changed_neurons import TextUnits
    >>> units = TextUnits.of([None, None], "prompt")
    >>> own, theirs = np.array([-2.0, -1.0]), np.array([[-0.5, 0.5], [-1.5, -0.5]])
    >>> found = RandomNeurons(own, theirs, units, np.ones((2, 2)), -1, "change", "ablated")
    >>> found.mean.tolist(), found.reaching  # one of four is as strong: -1.5 in the second text
    ([0.0, -1.0], 1)
    """

    own: Floats
    theirs: Floats
    units: TextUnits
    sizes: Floats
    strong: int
    axis: str
    done: str
    neurons: int = 1
    whole: float = 1.0
    claimed: bool = False
    names: tuple[str, ...] = ()
    noun: str = "neuron"

    @property
    def mean(self) -> Floats:
        """The mean change by the controls of each unit [units]."""
        return self.units.means(self.theirs.mean(axis=1))

    @property
    def reaching(self) -> int:
        """How many single changes by controls are as strong as that by the claim's neurons in the same text."""
        if not self.strong:
            return int((np.abs(self.theirs) >= np.abs(self.own)[:, None]).sum())
        return int((self.strong * self.theirs >= self.strong * self.own[:, None]).sum())

    @property
    def others(self) -> tuple[Estimate, ...]:
        """The share of single changes by controls that are as strong."""
        share = self.reaching / self.theirs.size
        return (stats.Estimate(AS_STRONG, share, None, None, 0.95, "counted"),)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what the controls are, and where the claim's neurons stand among them."""
        texts, count = self.theirs.shape
        text = "pair" if self.units.unit == "pair" else "text"
        several = plural(count, f"random {self.noun}" if self.neurons == 1 else "list")
        if self.neurons > 1:
            several += f" of {self.neurons} random {self.noun}s"
        whose = self.noun if self.neurons == 1 else f"{self.noun}s"
        sizes = self.sizes[np.isfinite(self.sizes)]
        size = f" (median size: {np.median(sizes):.2g} times the claim's)" if sizes.size else ""
        drawn = f"drawn from the {NEAREST} at most of its layer whose values in that {text} are most like the claim's"
        if self.noun in ANYWHERE:
            drawn = f"drawn from {RANDOM} of the same length, which point anywhere"
        theirs, own = (f"{values.mean() / self.whole:.3g}" for values in (self.theirs, self.own))
        return (
            f"Controls: in each {text} {several} instead of the claim's {whose}, {self.done} alike, {drawn}{size}. "
            f"Over their {texts * count} changes, {self.axis}: {theirs}; of the claim's {whose}: {own}. As strong in "
            f"the same {text}: {self.reaching} of {texts * count}.{self._strongest}",
        )

    @property
    def _strongest(self) -> str:
        """The control that did the most of what is claimed, in a sentence; empty where names are not known."""
        if not self.names or self.noun in ANYWHERE:
            return ""
        flat = self.theirs.ravel()
        place = int(np.argmax(self.strong * flat if self.strong else np.abs(flat)))
        return f" The strongest single one: {self.names[place]}, {flat[place] / self.whole:.3g}."

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Draw the claim's neurons beside the controls, text by text."""
        whose = f"the claim's {self.noun}{'' if self.neurons == 1 else 's'}"
        theirs = plain(self.theirs.ravel() / self.whole)
        names = self.names if len(theirs) <= MOST and self.noun not in ANYWHERE else ()
        rows = Row(whose, plain(self.own / self.whole)), Row(f"random {self.noun}s", theirs, names)
        return (Distributions(self.axis, rows),)
