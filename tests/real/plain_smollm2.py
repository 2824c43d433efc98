"""SmolLM2-135M-Instruct by plain Transformers, one text at a time, with nothing of neuronclaims in between."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from real_models.smollm2 import is_there, model_folder

needs_smollm2 = pytest.mark.skipif(
    not is_there(model_folder()), reason="needs SmolLM2-135M-Instruct: `make real` brings it"
)


class Plain:
    """The model in 32 bits, and what its MLPs hold."""

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(model_folder())

    @cached_property
    def model(self) -> Any:
        from transformers import AutoModelForCausalLM

        return AutoModelForCausalLM.from_pretrained(model_folder(), dtype=torch.float32).eval()

    @torch.no_grad()
    def mlp(self, text: str | list[int]) -> np.ndarray:
        """What every MLP's output projection is given: float64 [layers, tokens, neurons]."""
        ids = self.tokenizer(text)["input_ids"] if isinstance(text, str) else text
        kept: list[np.ndarray] = []
        handles = [
            block.mlp.down_proj.register_forward_pre_hook(
                lambda _, args: kept.append(args[0][0].double().numpy())
            )
            for block in self.model.model.layers
        ]
        try:
            self.model(torch.tensor([ids]))
        finally:
            for handle in handles:
                handle.remove()
        return np.stack(kept)

    def pooled(self, site: str, layer: int, tokens: str, new_tokens: int, text: str) -> np.ndarray:
        """The values of a layer on one text, pooled over the positions that count: [neurons]."""
        assert site == "mlp_post"
        pool, span = tokens.split(" of ")
        ids, made = self.greedy(text, new_tokens) if new_tokens else (self.tokenizer(text)["input_ids"], [])
        tokens_of_text = (*ids, *made)
        if tokens_of_text not in self._kept:
            self._kept[tokens_of_text] = self.mlp(list(tokens_of_text))
        values = self._kept[tokens_of_text][layer]
        whole = range(len(ids)) if span == "prompt" else range(len(ids), len(ids) + len(made))
        special = set(self.tokenizer.all_special_ids)
        counted = values[[place for place in whole if tokens_of_text[place] not in special]]
        return {"last": counted[-1], "mean": counted.mean(0), "max": counted.max(0)}[pool]

    def chat(self, question: str, system: str | None = None) -> list[int]:
        """The tokens of a question as the model's own template puts it, ready for the answer's first token."""
        told = [{"role": "system", "content": system}] if system else []
        messages = [*told, {"role": "user", "content": question}]
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def subject(self, text: str, subject: str) -> tuple[list[int], int]:
        """The tokens of a text, and the place of the last one that has a part of the subject."""
        coded = self.tokenizer(text, return_offsets_mapping=True)
        end = text.index(subject) + len(subject)
        return coded["input_ids"], max(
            place for place, (start, _) in enumerate(coded["offset_mapping"]) if start < end
        )

    def logit(self, ids: list[int], token: str, zero: tuple[int, int, int] | None = None) -> float:
        """The logit of a token after a text; ``zero`` is a layer, a neuron and a place that holds 0 instead."""
        (number,) = self.tokenizer(token, add_special_tokens=False)["input_ids"]
        handles = []
        if zero is not None:
            layer, neuron, place = zero

            def put(_: Any, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
                values = args[0].clone()
                values[0, place, neuron] = 0
                return (values,)

            handles = [self.model.model.layers[layer].mlp.down_proj.register_forward_pre_hook(put)]
        try:
            with torch.no_grad():
                return float(self.model(torch.tensor([ids])).logits[0, -1, number])
        finally:
            for handle in handles:
                handle.remove()

    def attribution(self, text: str, subject: str, token: str) -> np.ndarray:
        """Value times gradient of a token's logit, of every neuron at the subject's last token: [layers, neurons]."""
        ids, place = self.subject(text, subject)
        (number,) = self.tokenizer(token, add_special_tokens=False)["input_ids"]
        kept: list[torch.Tensor] = []

        def keep(_: Any, args: tuple[torch.Tensor]) -> None:
            args[0].retain_grad()
            kept.append(args[0])

        handles = [block.mlp.down_proj.register_forward_pre_hook(keep) for block in self.model.model.layers]
        try:
            self.model(torch.tensor([ids])).logits[0, -1, number].backward()
        finally:
            for handle in handles:
                handle.remove()
        return np.stack([(each.grad * each)[0, place].detach().double().numpy() for each in kept])

    @torch.no_grad()
    def loss(self, text: str, zero: Sequence[tuple[int, int]] = ()) -> float:
        """The mean loss of a text's tokens in nats, a first one excepted; neurons of ``zero`` hold 0."""
        handles = []
        for layer in {layer for layer, _ in zero}:

            def change(_: Any, args: tuple[torch.Tensor], layer: int = layer) -> tuple[torch.Tensor]:
                values = args[0].clone()
                values[..., [index for at, index in zero if at == layer]] = 0
                return (values,)

            handles.append(self.model.model.layers[layer].mlp.down_proj.register_forward_pre_hook(change))
        ids = torch.tensor([self.tokenizer(text)["input_ids"]])
        try:
            return float(self.model(ids, labels=ids).loss)
        finally:
            for handle in handles:
                handle.remove()

    def loss_attribution(self, text: str) -> np.ndarray:
        """Value times gradient of the loss, of every neuron, summed over the tokens: [layers, neurons]."""
        kept: list[torch.Tensor] = []

        def keep(_: Any, args: tuple[torch.Tensor]) -> None:
            args[0].retain_grad()
            kept.append(args[0])

        handles = [block.mlp.down_proj.register_forward_pre_hook(keep) for block in self.model.model.layers]
        ids = torch.tensor([self.tokenizer(text)["input_ids"]])
        try:
            self.model(ids, labels=ids).loss.backward()
        finally:
            for handle in handles:
                handle.remove()
        return np.stack([(each.grad * each)[0].sum(0).detach().double().numpy() for each in kept])

    @cached_property
    def _kept(self) -> dict[tuple[int, ...], np.ndarray]:
        return {}

    @torch.no_grad()
    def greedy(self, text: str | list[int], most: int) -> tuple[list[int], list[int]]:
        """The tokens of a text, and those the model writes after it, the stop token included."""
        ids = self.tokenizer(text)["input_ids"] if isinstance(text, str) else list(text)
        prompt = torch.tensor([ids])
        made = self.model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=most, do_sample=False
        )
        return ids, made[0, len(ids) :].tolist()


__all__ = ["Plain", "model_folder", "needs_smollm2"]
