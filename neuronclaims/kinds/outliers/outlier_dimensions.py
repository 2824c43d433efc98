"""Whether a claim's neurons are outlier dimensions, by the measure of LLM.int8 (Dettmers et al. 2022).

Of neurons that are changed, whose size alone may be what moves a prediction, all tokens of the texts are counted: a
size of at least 6 in at least 6 % of them. Of neurons that are compared between sets nothing is measured for it: the
values compared are counted, one per prompt (docs/adr/0024-nulls-and-outlier-dimensions.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.measurements import Activations, TokenRule

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Settings
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.shared.two_samples import Floats, LayerSamples
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats import Estimate

BOUND, SHARE = 6, 0.06
"""The size from which a value is large, and the share of tokens from which its neuron is an outlier dimension."""

RESIDUAL = ("resid_pre", "resid_mid", "resid_post")
"""Where LLM.int8 looks for outliers: in hidden states. For a neuron of an MLP a value beyond 6 is nothing special."""

FEW = 0.1
"""The share of a layer up to which neurons are outliers, one in any case; where more are as large, the layer is."""

_RULE = TokenRule(f"beyond {BOUND}", "prompt")


def sizes_asked(
    neurons: Sequence[Neuron], settings: Settings, texts: Sequence[str]
) -> tuple[Activations, ...]:
    """Ask for the share of large values of every neuron of the layers named, on some texts."""
    layers = sorted({neuron.layer for neuron in neurons})
    different = tuple(sorted(set(texts)))
    return tuple(Activations(settings.site, layer, _RULE, different) for layer in layers)


def shares_of(neurons: Sequence[Neuron], answers: Answers) -> dict[Neuron, float]:
    """Return the share of tokens at which each neuron is large, the mean of single texts' shares."""
    found = {need.layer: values for need, values in answers.items() if isinstance(need, Activations)}
    return {neuron: float(found[neuron.layer][:, neuron.index].mean()) for neuron in neurons}


def largest_share(shares: dict[Neuron, float]) -> Estimate:
    """Return the largest of such shares."""
    name = f"share of tokens beyond {BOUND}" + (", the largest of the neurons" if len(shares) > 1 else "")
    return stats.Estimate(
        stats.EffectSize("share_of_tokens_beyond", name, scale="share"),
        max(shares.values()),
        None,
        None,
        0.95,
        "counted on these texts",
    )


def outlier_note(shares: dict[Neuron, float]) -> tuple[str, ...]:
    """Name the neurons that are outlier dimensions, where there are such."""
    named = [
        f"{neuron} ({100 * share:.3g} % of tokens)" for neuron, share in shares.items() if share >= SHARE
    ]
    if not named:
        return ()
    what = "Neuron {} is an outlier dimension" if len(named) == 1 else "Neurons {} are outlier dimensions"
    return (
        f"{what.format(', '.join(named))}: beyond {BOUND} in at least {100 * SHARE:g} % of tokens. So large a value "
        "moves much by its size alone, and other neurons are a poor control for that.",
    )


def large_of_layer(layer: LayerSamples) -> Floats:
    """Return the share of the values compared that are large, of every neuron of a layer [width]."""
    large = [(np.abs(side) >= BOUND).sum(axis=0) for side in (layer.first, layer.second)]
    return np.asarray(sum(large) / (len(layer.first) + len(layer.second)))


def large_share(shares: Floats, index: int) -> Estimate:
    """Return that share of one neuron."""
    name, method = f"share of values beyond {BOUND}", "counted on the values compared"
    return stats.Estimate(
        stats.EffectSize("share_of_values_beyond", name, scale="share"),
        float(shares[index]),
        None,
        None,
        0.95,
        method,
    )


def large_note(neuron: Neuron, shares: Floats) -> tuple[str, ...]:
    """Say that a neuron is an outlier dimension, where it is one."""
    own, alike = float(shares[neuron.index]), int((shares >= SHARE).sum())
    if own < SHARE or alike > max(1, FEW * len(shares)):
        return ()
    others = f"{alike - 1:,} others" if alike > 2 else "one other" if alike == 2 else "no other"
    return (
        f"Neuron {neuron} is an outlier dimension: beyond {BOUND} in {100 * own:.3g} % of the values compared, as "
        f"{others} of its layer's {len(shares):,} neurons {'are' if alike > 2 else 'is'}. Such neurons are large in "
        "many texts, whatever these are about: see that the sets differ in nothing else.",
    )
