"""Say whether a claim's neurons are outlier dimensions, by the measure of LLM.int8 (Dettmers et al. 2022).

Of neurons that are changed, whose size alone may be what moves a prediction, all tokens of the texts are counted: a
size of at least 6 in at least 6 % of them. For neurons that are compared between sets nothing more is measured: the
values compared are counted, one per prompt (docs/adr/0024-nulls-and-outlier-dimensions.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.views.view import ViewedSite

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Settings
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.shared.two_samples import Floats, LayerSamples
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import Estimate

BOUND, SHARE = 6, 0.06
"""The size from which a value is large, and the share of tokens from which its neuron is an outlier dimension."""

RESIDUAL = ("resid_pre", "resid_mid", "resid_post")
"""Where LLM.int8 looks for outliers: in hidden states. For a neuron of an MLP a value beyond 6 is nothing special."""

FEW = 0.1
"""The share of a layer up to which neurons are outliers, one in any case; where more are as large, the layer is."""

_RULE = TokenRule(f"beyond {BOUND}", "prompt")


def large_tokens_needed(
    neurons: Sequence[Neuron], settings: Settings, texts: Sequence[str]
) -> tuple[Activations, ...]:
    """Ask for the share of tokens at which each neuron is large, in the layers of some neurons, on some texts.

    Of latents, heads and directions nothing is asked: a size of 6 means nothing for them.
    """
    if isinstance(settings.site, ViewedSite):
        return ()
    layers = sorted({neuron.layer for neuron in neurons})
    different = tuple(sorted(set(texts)))
    return tuple(Activations(settings.site, layer, _RULE, different) for layer in layers)


@dataclass(frozen=True, slots=True)
class LargeTokens:
    """The share of tokens at which each of a claim's neurons is large: the mean of the shares of single texts.

    It is empty where nothing was asked.

    >>> from neuronclaims.sentences.subjects.neurons import Neuron
    >>> found = LargeTokens({Neuron(3, 17): 0.5, Neuron(3, 18): 0.0})
    >>> found.largest.value
    0.5
    >>> [note] = found.notes
    >>> note[:43]
    'Neuron 3:17 (50 % of tokens) is an outlier '
    """

    shares: Mapping[Neuron, float]

    @classmethod
    def of(cls, neurons: Sequence[Neuron], answers: Answers) -> LargeTokens:
        """Read the answers to ``large_tokens_needed``."""
        found = {need.layer: values for need, values in answers.items() if isinstance(need, Activations)}
        asked = (neuron for neuron in neurons if neuron.layer in found)
        return cls({neuron: float(found[neuron.layer][:, neuron.index].mean()) for neuron in asked})

    @property
    def largest(self) -> Estimate:
        """The largest of these shares."""
        several = ", the largest of the neurons" if len(self.shares) > 1 else ""
        name = f"share of tokens beyond {BOUND}{several}"
        effect = stats.EffectSize("share_of_tokens_beyond", name, scale="share")
        return stats.Estimate(effect, max(self.shares.values()), None, None, 0.95, "counted on these texts")

    @property
    def notes(self) -> tuple[str, ...]:
        """A note that names the outlier dimensions, if there are any."""
        outliers = [
            f"{neuron} ({100 * share:.3g} % of tokens)"
            for neuron, share in self.shares.items()
            if share >= SHARE
        ]
        if not outliers:
            return ()
        what = (
            "Neuron {} is an outlier dimension" if len(outliers) == 1 else "Neurons {} are outlier dimensions"
        )
        return (
            f"{what.format(', '.join(outliers))}: beyond {BOUND} in at least {100 * SHARE:g} % of tokens. So large a "
            "value moves much by its size alone, and other neurons are a poor control for that.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class LargeValues:
    """The share of the values compared that are large, for every neuron of a layer [width]."""

    shares: Floats

    @classmethod
    def of(cls, layer: LayerSamples) -> LargeValues:
        """Count the values of both sets."""
        large = [(np.abs(side) >= BOUND).sum(axis=0) for side in (layer.first, layer.second)]
        return cls(np.asarray(sum(large) / (len(layer.first) + len(layer.second))))

    def estimate(self, index: int) -> Estimate:
        """Return the share of one neuron."""
        name, method = f"share of values beyond {BOUND}", "counted on the values compared"
        effect = stats.EffectSize("share_of_values_beyond", name, scale="share")
        return stats.Estimate(effect, float(self.shares[index]), None, None, 0.95, method)

    def notes(self, neuron: Neuron) -> tuple[str, ...]:
        """Return a note if a neuron of this layer is an outlier dimension."""
        own, alike, width = (
            float(self.shares[neuron.index]),
            int((self.shares >= SHARE).sum()),
            len(self.shares),
        )
        if own < SHARE or alike > max(1, FEW * width):
            return ()
        others = f"{alike - 1:,} others" if alike > 2 else "one other" if alike == 2 else "no other"
        return (
            f"Neuron {neuron} is an outlier dimension: beyond {BOUND} in {100 * own:.3g} % of the values compared, as "
            f"{others} of its layer's {width:,} neurons {'are' if alike > 2 else 'is'}. Such neurons are large in "
            "many texts, whatever these are about: see that the sets differ in nothing else.",
        )
