"""Predictions as a published figure made them: by the input embedding, and without the final norm's scale and shift.

Neo and Miller (2023) multiplied the last state, as TransformerLens folds a model, with the input embedding. Folding
moves the final norm's scale and shift into the unembedding, so both are lost on that way, and the predictions are not
the model's even where it ties its embeddings. For reproducing such a figure, and for nothing else.
"""

from __future__ import annotations

from typing import Any

import torch

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready


def state_place(ready: Ready) -> Place:
    """Return where the state is that goes into the final norm."""
    return "resid_post", ready.facts.layers - 1


def check_embedding(ready: Ready) -> None:
    """Raise MeasurementError where the input embedding is not as wide as the state."""
    width = ready.model.get_input_embeddings().weight.shape[1]
    hidden = ready.facts.widths["resid_post"]
    if width != hidden:
        raise MeasurementError(
            f"{ready.facts.name} has an input embedding of {width} numbers and states of {hidden}, so its states "
            "cannot be read by it ('readout: legacy_embed'). Leave the option out: the model's own predictions count."
        )


def logits_by_embedding(ready: Ready, state: torch.Tensor) -> torch.Tensor:
    """Return the products [rows, vocabulary] of states [rows, hidden], normalised, with the input embedding."""
    weight: torch.Tensor = ready.model.get_input_embeddings().weight
    return _normalised(ready, state.float()).to(weight) @ weight.T


def _normalised(ready: Ready, state: torch.Tensor) -> torch.Tensor:
    if "final_norm" not in ready.facts.widths:
        return state
    norm: Any = ready.module(ready.architecture.sites["final_norm"], ready.facts.layers - 1)
    small = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    if ready.architecture.weights is not None and ready.architecture.weights.centres:
        state = state - state.mean(-1, keepdim=True)
    return state * torch.rsqrt(state.square().mean(-1, keepdim=True) + small)
