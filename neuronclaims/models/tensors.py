"""Read single tensors of a model from its safetensors files (or its object) without loading the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.bringing.configs import quantiser_of
from neuronclaims.models.bringing.offloaded import elsewhere
from neuronclaims.models.identity.folder_files import weight_files
from neuronclaims.models.identity.safetensors_header import read_header
from neuronclaims.models.sources import Source

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}

_MERGE = (
    "What its neurons write is not read off weights that an adapter changes: merge the adapter into the weights "
    "(merge_and_unload, then save_pretrained) for claims about output weights."
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A matrix or vector on disk or in memory; ``rows`` gives some of its rows as float64."""

    raw: Any
    bfloat16: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return tuple(self.raw.shape)

    def rows(self, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Return rows ``start`` to ``stop`` (or entries, of a vector)."""
        part = np.asarray(self.raw[start:stop])
        if self.bfloat16:
            # bfloat16 is the upper half of a float32.
            part = (part.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return part.astype(np.float64)

    def column(self, index: int) -> NDArray[np.float64]:
        """Return one column of a matrix."""
        return Stored(self.raw[:, index], self.bfloat16).rows()


class Tensors:
    """The tensors of one model, found by how their names end."""

    def __init__(self, source: Source) -> None:
        self._name = source.name
        if source.folder is not None and quantiser_of(source.config) is not None:
            raise ModelError(
                f"{source.name} is quantised, so what its neurons write is not read off its weights. Take the model in "
                "float32, float16 or bfloat16 for claims about output weights."
            )
        if source.adapter is not None:
            raise ModelError(f"{source.name} is an adapter on a base. {_MERGE}")
        self._stored: Mapping[str, Stored] = (
            _of_object(source.loaded.model) if source.loaded is not None else _of_files(source)
        )

    def find(self, ending: str) -> Stored | None:
        """Return the tensor whose name is ``ending`` or ends in a dot and that; None where there is none."""
        found = [name for name in self._stored if name == ending or name.endswith("." + ending)]
        return self._stored[found[0]] if len(found) == 1 else None

    def get(self, ending: str) -> Stored:
        """Return the tensor as ``find`` does; raise ModelError if there is none."""
        found = self.find(ending)
        if found is None and any(".base_layer." in name for name in self._stored):
            raise ModelError(f"{self._name} has adapters on its weights. {_MERGE}")
        if found is None:
            raise ModelError(f"{self._name} has no single tensor whose name ends in {ending!r}.")
        return found


def _of_files(source: Source) -> dict[str, Stored]:
    assert source.model_folder is not None
    found: dict[str, Stored] = {}
    for path in weight_files(source.model_folder):
        found |= _of_file(path)
    return found


def _of_file(path: Path) -> dict[str, Stored]:
    # Mapped by hand, as the library reads bfloat16 only into torch, which a warm run does not import.
    return {
        name: Stored(
            np.memmap(path, _TYPES[place.dtype], "r", place.start, place.shape), place.dtype == "BF16"
        )
        for name, place in read_header(path).items()
        if place.dtype in _TYPES and place.shape and 0 not in place.shape
    }


def _of_object(model: Any) -> dict[str, Stored]:
    kept = elsewhere(model)
    return {
        name: Stored(
            _InMemory(kept[name].load if name in kept else tensor.detach, tuple(tensor.shape)), False
        )
        for name, tensor in model.state_dict().items()
        if tensor.ndim and tensor.is_floating_point()
    }


class _InMemory:
    """A tensor of a model object that is brought to the CPU, as float32, when it is first read."""

    def __init__(self, load: Callable[[], Any], shape: tuple[int, ...]) -> None:
        self._load, self.shape = load, shape

    def __getitem__(self, place: Any) -> Any:
        return self._numbers[place]

    @cached_property
    def _numbers(self) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._load().float().cpu().numpy()
        return found
