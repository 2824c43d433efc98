"""What a model predicts as the next token, as numbers: by its own head or, on request, by its input embedding.

Neo and Miller (2023) multiplied the last state, as TransformerLens folds a model, with the input embedding. Folding
moves the final norm's scale and shift into the unembedding, so both are lost on that way, and the predictions are not
the model's even where it ties its embeddings. For reproducing such a figure, and for nothing else.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutputWithPast

from neuronclaims.measurements import Prediction
from neuronclaims.measurements.errors import IntegrityError, MeasurementError
from neuronclaims.models.bringing.offloaded import weight_of
from neuronclaims.models.running.brought.module import BroughtModule
from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.token_texts import of_tokenizer


class PredictionReader:
    """A prediction of one model read from its logits: the logit of a token, minus that of another if one is given."""

    def __init__(self, ready: Ready, prediction: Prediction) -> None:
        texts = of_tokenizer(ready.tokenizer, ready.facts.name)
        self.token = texts.number(prediction.token)
        self.against = None if prediction.against is None else texts.number(prediction.against)

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the prediction from logits [rows, vocabulary]: float32 [rows]."""
        logits = logits.float()
        own = logits[:, self.token]
        return own if self.against is None else own - logits[:, self.against]

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the probability of the token from logits [rows, vocabulary]: float32 [rows]."""
        return logits.float().log_softmax(-1)[:, self.token].exp()


class _Answer(BaseModelOutputWithPast):
    """What a body answers, whatever else a model looks for in it."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def logits_of(ready: Ready, hidden: torch.Tensor) -> torch.Tensor:
    """Return the logits for hidden states [..., hidden], as the model's own head makes them.

    Of architectures of the table the head is the output embedding alone. A derived one may scale or cap what that gives
    (Cohere, Granite, Gemma), so its whole model is called, with a body that answers with these states.
    """
    if isinstance(ready.model, BroughtModule):
        return hidden  # which are its logits
    if ready.architecture.derived is None:
        logits: torch.Tensor = ready.model.get_output_embeddings()(hidden)
        return logits
    rows = hidden.reshape(1, -1, hidden.shape[-1])
    ids = torch.zeros(rows.shape[:2], dtype=torch.long, device=ready.device)

    def answer(*_: Any, **__: Any) -> Any:
        return _Answer(last_hidden_state=rows)

    # An attribute of the instance hides the method of its class until it is deleted again.
    hidden_before = ready.body.__dict__.get("forward")
    ready.body.__dict__["forward"] = answer
    try:
        whole = ready.model(input_ids=ids, use_cache=False).logits
    finally:
        if hidden_before is None:
            del ready.body.__dict__["forward"]
        else:
            ready.body.__dict__["forward"] = hidden_before
    found: torch.Tensor = whole.reshape(*hidden.shape[:-1], whole.shape[-1])
    return found


def check_head(ready: Ready, ids: torch.Tensor, hidden: torch.Tensor) -> None:
    """Raise IntegrityError if the whole model gives other logits than its body and head one after the other.

    ``ids`` [1, tokens] is a text without padding, ``hidden`` [1, tokens, hidden] what the body made of it.
    """
    whole = ready.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1].float()
    own = logits_of(ready, hidden[:, -1])[0].float()
    if bool(whole.isnan().any()):
        raise MeasurementError(
            f"What {ready.facts.name} predicts is not a number (NaN) for the first text that is run. The weights are "
            "broken, or the number type is too small."
        )
    whole = whole.to(own.device)
    apart, size = float((whole - own).abs().max()), float(whole.abs().max())
    if apart > 1e-3 * max(size, 1e-3):
        raise IntegrityError(
            f"The logits of {ready.facts.name} are not those of its head alone: they are {apart:.3g} apart. "
            "The model changes its logits in a way that is not known here; nothing of this run is kept."
        )


def divergence(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Return the Kullback-Leibler divergence, in nats, of next-token distributions from logits [..., vocabulary]."""
    old, new = before.float().log_softmax(-1), after.float().log_softmax(-1)
    # Rounding can leave a divergence of nothing from itself a hair below 0.
    return (old.exp() * (old - new)).sum(-1).clamp(min=0)


def state_place(ready: Ready) -> Place:
    """Return the place of the state that goes into the final norm."""
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
    weight: torch.Tensor = weight_of(ready.model.get_input_embeddings())
    return _normalised(ready, state.float()).to(weight) @ weight.T


def _normalised(ready: Ready, state: torch.Tensor) -> torch.Tensor:
    if "final_norm" not in ready.facts.widths:
        return state
    norm: Any = ready.module(ready.point("final_norm", ready.facts.layers - 1), ready.facts.layers - 1)
    small = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    if ready.architecture.weights is not None and ready.architecture.weights.centres:
        state = state - state.mean(-1, keepdim=True)
    return state * torch.rsqrt(state.square().mean(-1, keepdim=True) + small)
