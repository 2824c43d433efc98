"""Whether neurons that are changed are outlier dimensions, whose size alone may be what moves a prediction.

The measure is that of LLM.int8 (Dettmers et al. 2022): a size of at least 6 in at least 6 % of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.measurements import Activations, TokenRule

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.language import Neuron, Settings
    from neuronclaims.stats import Estimate

BOUND, SHARE = 6, 0.06
"""The size from which a value is large, and the share of tokens from which its neuron is an outlier dimension."""

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
    return stats.Estimate(name, max(shares.values()), None, None, 0.95, "counted on these texts")


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
