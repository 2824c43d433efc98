"""The settings of a module as plain data that can be hashed, and which of them have no such form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence, Set
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.identity.code import LIBRARIES, is_shipped, is_shipped_function

if TYPE_CHECKING:
    import torch

DEEPEST = 8
"""How far settings inside settings are followed; what lies deeper is unknown."""

ORIGIN = ("_name_or_path", "name_or_path", "transformers_version", "_is_hf_initialized", "_commit_hash")
"""Settings that say where a model comes from, not what it computes."""


class PlainSettings:
    """A converter of settings to plain data that collects, in ``unknown``, what has no plain form.

    ``place`` says whose settings they are; ``modules`` are the ids of the modules that are looked at by themselves.
    """

    def __init__(self, place: str, modules: Set[int] = frozenset()) -> None:
        self.place = place
        self.unknown: list[str] = []
        self._modules = modules

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return a value as something JSON holds: equal for equal settings, in every process."""
        import torch

        if value is None or isinstance(value, (bool, int, float, str)):
            return repr(value) if isinstance(value, float) else value
        if isinstance(value, torch.Tensor):
            return hashlib.sha256(tensor_bytes("a setting", value)).hexdigest()
        if isinstance(
            value, (torch.dtype, torch.device, torch.Size, bytes, complex, range, slice, re.Pattern)
        ):
            return str(value)
        if isinstance(value, torch.nn.Module):  # its own place in the tree tells the rest, if it has one
            return self._named(type_name(type(value)), id(value) in self._modules)
        if isinstance(value, type):
            return self._named(type_name(value), is_shipped(value))
        if depth > DEEPEST:
            return self._named(type_name(type(value)), False)
        if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType, partial)):
            return self._called(value, depth)
        if isinstance(value, Mapping):
            pairs = [(self.plain(key, depth + 1), self.plain(value[key], depth + 1)) for key in value]
            return sorted(([key, inner] for key, inner in pairs if key not in ORIGIN), key=json.dumps)
        if isinstance(value, Set):
            return sorted((self.plain(item, depth + 1) for item in value), key=json.dumps)
        if isinstance(value, Sequence):
            return [self.plain(item, depth + 1) for item in value]
        return self._object(value, depth)

    def _called(self, value: Any, depth: int) -> Any:
        """Return a function with what it is bound to: its object, or arguments given beforehand."""
        if isinstance(value, partial):
            parts = (value.func, value.args, value.keywords)
            return ["partial", *(self.plain(part, depth + 1) for part in parts)]
        if isinstance(value, MethodType):
            return [self.plain(value.__func__, depth + 1), self.plain(value.__self__, depth + 1)]
        return self._named(f"{value.__module__}.{value.__qualname__}", is_shipped_function(value))

    def _object(self, value: Any, depth: int) -> Any:
        name = type_name(type(value))
        if hasattr(value, "to_dict") and is_shipped(type(value)):
            attention = getattr(value, "_attn_implementation", None)
            return [name, attention, self.plain(value.to_dict(), depth + 1)]
        if hasattr(value, "__dict__"):
            return [self._named(name, is_shipped(type(value))), self.plain(vars(value), depth + 1)]
        return self._named(name, is_shipped(type(value)))

    def _named(self, name: str, known: bool) -> str:
        if not known:
            self.unknown.append(f"{name} on {self.place}")
        return name


def stable(value: Any) -> bytes:
    """Return plain data as JSON that is the same in every process."""
    return json.dumps(value, sort_keys=True, default=str).encode()


def tensor_bytes(name: str, tensor: torch.Tensor) -> bytes:
    """Return a tensor's name, type and shape with the SHA-256 of its numbers.

    Raises ModelError for one that is not in memory, or is no plain tensor.
    """
    import torch

    if tensor.is_meta:
        raise ModelError(
            f"The tensor {name} of the model object is not in memory (it is offloaded, or was never loaded), so the "
            "model cannot be told from another. Load the whole model into memory, or give its folder."
        )
    if tensor.is_quantized or tensor.layout != torch.strided:
        raise ModelError(
            f"The tensor {name} of the model object is quantised or sparse, which is not supported. Give the model in "
            "float32, float16 or bfloat16."
        )
    head = f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode()
    return head + hashlib.sha256(numbers(tensor)).digest()


def numbers(tensor: torch.Tensor) -> memoryview:
    """Return the bytes of a plain tensor in memory, without a copy where it lies whole in the CPU's."""
    import torch

    with torch.inference_mode():
        data: memoryview = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
    return data


def type_name(kind: type) -> str:
    """Return a class with its library's version, where that is not part of every cache key anyway."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    package = kind.__module__.split(".")[0]
    if package in LIBRARIES and package not in ("torch", "transformers", "tokenizers"):
        try:
            return f"{name} {version(package)}"
        except PackageNotFoundError:
            return name
    return name
