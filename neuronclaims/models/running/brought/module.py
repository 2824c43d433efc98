"""A module of somebody's own, run like a model of Transformers without a cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.bringing.offloaded import device_of
from neuronclaims.models.structure.architecture import Architecture


@dataclass(frozen=True)
class OwnConfig:
    """What is known of such a module besides its modules."""

    model_type: str
    eos_token_id: list[int] | None
    _attn_implementation: str = "its own"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"model_type": self.model_type, "eos_token_id": self.eos_token_id}


class BroughtModule(nn.Module):
    """A module with what is asked of models of Transformers; its last hidden state is its logits, its head is none.

    ``own_architecture`` says where its sites are, ``blocks_give_tuples`` what its blocks return. It takes no
    mask, so its texts go in by length; no position sees a later one.
    """

    def __init__(
        self,
        module: nn.Module,
        run: Callable[[nn.Module, torch.Tensor], torch.Tensor],
        own_architecture: Architecture,
        config: OwnConfig,
        vocabulary: int,
        blocks_give_tuples: bool,
    ) -> None:
        super().__init__()
        self.module = module
        self.training = module.training
        self.config = config
        self.generation_config = None
        self.own_architecture = own_architecture
        self.blocks_give_tuples = blocks_give_tuples
        self.vocabulary = vocabulary
        self.run = run

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        """Return the logits [rows, tokens, vocabulary] of token ids; raise MeasurementError where these are others."""
        logits = self.run(self.module, input_ids)
        check_logits(logits, input_ids)
        return SimpleNamespace(last_hidden_state=logits, logits=logits, past_key_values=None)

    @property
    def base_model(self) -> BroughtModule:
        """The model without its head: itself, whose head is none."""
        return self

    @property
    def dtype(self) -> torch.dtype:
        """The number type of its weights."""
        floating = (each.dtype for each in self.module.parameters() if each.is_floating_point())
        return next(floating, torch.float32)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return device_of(self.module) or torch.device("cpu")

    def get_input_embeddings(self) -> Any:
        """Return what tells how many tokens there are, and where they go."""
        return SimpleNamespace(weight=torch.zeros(1, 1, device=self.device).expand(self.vocabulary, 1))

    def get_output_embeddings(self) -> nn.Module:
        """Return a head that leaves logits as they are."""
        return nn.Identity()


def plain_call(module: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Call a module with ids; of a tuple take the first, of an output with logits those."""
    found = module(ids)
    if isinstance(found, (tuple, list)):
        found = found[0]
    logits: torch.Tensor = getattr(found, "logits", found)
    return logits


def check_logits(logits: Any, ids: torch.Tensor) -> None:
    """Raise MeasurementError for what are no logits of all positions of ``ids`` [rows, tokens]."""
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        raise MeasurementError(
            f"The forward of a ModuleModel should return logits, not a {type(logits).__name__}. Write "
            "ModuleModel(..., forward=FUNCTION), a function from the module and ids to logits."
        )
    if logits.ndim != 3 or tuple(logits.shape[:2]) != tuple(ids.shape):
        raise MeasurementError(
            f"The forward of a ModuleModel gives logits of shape {list(logits.shape)} for ids of shape "
            f"{list(ids.shape)}; they should be [rows, tokens, vocabulary], of all positions. nanoGPT gives the last "
            "alone unless it has targets: forward=lambda gpt, ids: gpt(ids, ids)[0]."
        )
