"""Latents of a sparse dictionary, read from the values of a running model and written back into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from neuronclaims.foreign_files import check_file
from neuronclaims.measurements.errors import MeasurementError, told_as
from neuronclaims.measurements.views.dictionary import Dictionary, Latents
from neuronclaims.measurements.views.dictionary_folder import LARGEST, read_dictionary
from neuronclaims.models.running.loading import Ready

_EPSILON = 1e-5
"""What SAELens adds to a spread before it divides by it."""


class RunningLatents:
    """The weights of a dictionary in float32, and what they make of values."""

    def __init__(self, view: Latents, tensors: dict[str, torch.Tensor]) -> None:
        self._dictionary, self._view = view.dictionary, view
        self._encoder, self._bias = tensors["w_enc"], tensors["b_enc"]
        self._decoder, self._centre = tensors["w_dec"], tensors["b_dec"]
        self._threshold = tensors.get("threshold")
        self._lengths = self._decoder.norm(dim=1) if self._dictionary.by_norm else None

    def read(self, values: torch.Tensor) -> torch.Tensor:
        """Return the latents [rows, tokens, latents] of values [rows, tokens, width], in float32."""
        self._move(values.device)
        known, _ = self._normalised(values.float())
        if self._dictionary.less_bias:
            known = known - self._centre
        numbers = known @ self._encoder + self._bias
        if self._lengths is not None:
            numbers = numbers * self._lengths
        if self._dictionary.k is not None:
            largest = numbers.topk(self._dictionary.k, dim=-1)
            return torch.zeros_like(numbers).scatter(-1, largest.indices, largest.values.relu())
        if self._dictionary.activation == "jump relu":
            assert self._threshold is not None
            return torch.where(numbers > self._threshold, numbers.relu(), 0.0)
        return numbers.relu()

    def write(self, values: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return values + (after - before) W_dec: what the dictionary does not reconstruct stays."""
        if why := self._view.read_only:
            raise MeasurementError(f"Nothing is changed through {self._view}: {why}.")
        difference = after.float() - before
        if self._lengths is not None:
            difference = difference / self._lengths
        _, scale = self._normalised(values.float())
        return values + (difference @ self._decoder * scale).to(values.dtype)

    def _normalised(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return values as the dictionary was trained on them, and by what they were divided [rows, tokens, 1]."""
        if self._dictionary.normalised == "layer_norm":
            values = values - values.mean(-1, keepdim=True)
            scale = values.std(-1, keepdim=True)
            return values / (scale + _EPSILON), scale
        if self._dictionary.normalised == "constant_norm_rescale":
            scale = values.norm(dim=-1, keepdim=True) / values.shape[-1] ** 0.5
            return values / scale, scale
        return values, torch.ones_like(values[..., :1])

    def _move(self, device: torch.device) -> None:
        """Put the weights where the values are, which may be another device for each layer."""
        if self._encoder.device != device:
            for name, tensor in list(vars(self).items()):
                if isinstance(tensor, torch.Tensor):
                    setattr(self, name, tensor.to(device))


def running(ready: Ready, view: Latents, layer: int) -> RunningLatents:
    """Return the latents of a dictionary; raise MeasurementError where its files are not what they were."""
    del layer
    dictionary = view.dictionary
    with told_as(MeasurementError, f"The dictionary in {dictionary.path} does not load"):
        if read_dictionary(dictionary.path.parent).digest != dictionary.digest:
            raise MeasurementError(
                f"The dictionary in {dictionary.path} has changed since the claims were read."
            )
        return RunningLatents(view, _tensors(dictionary.path, dictionary, ready.device))


def _tensors(path: Path, dictionary: Dictionary, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the tensors of a file of weights in float32, by their names in small letters."""
    check_file(path, LARGEST)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            found = {name.lower(): torch.from_numpy(archive[name]) for name in archive.files}
    else:
        from safetensors.torch import load_file

        found = {name.lower(): tensor for name, tensor in load_file(path).items()}
    wanted = [
        "w_enc",
        "b_enc",
        "w_dec",
        "b_dec",
        *(["threshold"] if dictionary.activation == "jump relu" else []),
    ]
    return {name: found[name].to(device, torch.float32) for name in wanted}
