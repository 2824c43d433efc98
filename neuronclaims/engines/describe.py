"""Measurements in words, for the error of one that could not be made."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Congruence,
    Continuations,
    Measurement,
    Readout,
    Restoration,
    RestorationSweep,
    Vocabulary,
)

_NOUNS: dict[type[Measurement], str] = {
    Activations: "activations",
    Continuations: "continuations",
    Restoration: "restored neurons",
    RestorationSweep: "restored neurons",
    Ablation: "ablated neurons",
    AblationSweep: "ablated neurons",
    Readout: "a neuron beside the top prediction",
    Congruence: "output weights",
    Vocabulary: "the vocabulary",
}
_TEXTS = ("prompts", "pairs", "documents")


def spoken(needs: Sequence[Measurement]) -> str:
    """Say what some measurements are of: where, by which token rule, in which layers, of how many texts.

    Only those like the first are told in full, the others counted.
    """
    head = _head(needs[0])
    alike = [need for need in needs if _head(need) == head]
    layers = sorted({layer for need in alike for layer in _layers(need)})
    parts = [head, *([_ranged(layers)] if layers else [])]
    parts += [_counted(alike, name) for name in _TEXTS if hasattr(needs[0], name)]
    rest = len(needs) - len(alike)
    return "; ".join([*parts, *([f"and {rest} more"] if rest else [])])


def _head(need: Measurement) -> str:
    rule = f", {need.tokens}" if isinstance(need, Activations) else ""
    site = getattr(need, "site", None)
    return _NOUNS[type(need)] + (f" at {site}" if site else "") + rule


def _layers(need: Measurement) -> tuple[int, ...]:
    if isinstance(need, (Restoration, Ablation)):
        return tuple(layer for layer, _ in need.neurons)
    return () if isinstance(need, (Continuations, Vocabulary)) else (need.layer,)


def _ranged(layers: Sequence[int]) -> str:
    first, last = layers[0], layers[-1]
    if len(layers) == 1:
        return f"layer {first}"
    if len(layers) > 2 and len(layers) == last - first + 1:
        return f"layers {first} to {last}"
    return f"layers {', '.join(map(str, layers[:-1]))} and {last}"


def _counted(needs: Sequence[Measurement], name: str) -> str:
    count = len({text for need in needs for text in getattr(need, name)})
    return f"{count:,} {name if count > 1 else name.removesuffix('s')}"
