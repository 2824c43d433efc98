"""The identity of a model object: its tensors, its modules with their settings, and all that changes its results.

A state dict is not enough. A hook, another activation, another ``eps`` or a patched ``forward`` changes every value
and leaves the state dict as it is. What a library ships is known by its name and version. Code of the user's own is
not: it may read a global that changes. Values of such a model are measured and not kept.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from inspect import unwrap
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from neuronclaims.measurements.errors import ModelError

if TYPE_CHECKING:
    import torch
    from torch import nn

LIBRARIES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "torchao", "bitsandbytes")
"""Packages whose code is known by its name and version."""

DEEPEST = 6
"""How far settings inside settings are followed."""

_ORIGIN = ("_name_or_path", "name_or_path", "transformers_version", "_is_hf_initialized", "_commit_hash")
"""Settings that say where a model comes from, not what it computes."""

_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_TORCH = {
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent_buffers_set",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_is_full_backward_hook",
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
}
"""Attributes of a module that are looked at by themselves, or that no forward pass reads."""


@dataclass(frozen=True, slots=True)
class ObjectIdentity:
    """The hash of a model object, and why its values cannot be kept, if so.

    ``digest`` is a SHA-256 in hex. ``unknown`` names the first part that no hash can hold, such as a hook: the digest
    then says too little, and no value may be read from a cache by it.
    """

    digest: str
    unknown: str | None = None


def object_identity(model: nn.Module) -> ObjectIdentity:
    """Hash a model object with everything that changes what it computes.

    Raises ModelError for weights that are not in memory, such as those offloaded to disk.

    >>> import torch
    >>> layer = torch.nn.LayerNorm(4)
    >>> before = object_identity(layer)
    >>> layer.eps = 0.1
    >>> object_identity(layer).digest == before.digest
    False
    >>> handle = layer.register_forward_hook(lambda module, args, output: output * 0)
    >>> object_identity(layer).unknown
    'a forward hook on the model itself'
    """
    whole = _structure(model)
    digest = hashlib.sha256(whole.digest.encode())
    for name, tensor in _tensors(model):
        digest.update(_tensor_bytes(name, tensor))
    return ObjectIdentity(digest.hexdigest(), whole.unknown)


def quick_state(model: nn.Module) -> ObjectIdentity:
    """Return a checksum of modules, settings and tensors that is fast to compute and changes when any of them does.

    It tells whether a model was changed in place since it was last hashed; it is no identity.
    """
    whole = _structure(model)
    total = hashlib.sha256(whole.digest.encode())
    for name, tensor in _tensors(model):
        total.update(
            f"{name} {tuple(tensor.shape)} {tensor.dtype} {tensor.device} {_sums(tensor)}\n".encode()
        )
    return ObjectIdentity(total.hexdigest(), whole.unknown)


def _structure(model: nn.Module) -> ObjectIdentity:
    """Hash the modules of a model with their settings, its tensors left out."""
    digest, unknown = hashlib.sha256(), list(_global_hooks())
    for name, module in model.named_modules(remove_duplicate=False):
        place = name or "the model itself"
        changes = list(_changes(module, place))
        reader = _Settings(place)
        settings = {key: reader.plain(value) for key, value in sorted(_own(module).items())}
        unknown += [*changes, *reader.unknown]
        said = [name, _type_name(type(module)), settings, changes]
        digest.update(json.dumps(said, sort_keys=True).encode())
    return ObjectIdentity(digest.hexdigest(), unknown[0] if unknown else None)


def _sums(tensor: torch.Tensor) -> list[int]:
    """Return the sums of a tensor's bits over rows and over columns, so that rows that change places show."""
    import torch

    if tensor.is_meta or tensor.is_quantized or tensor.layout != torch.strided or not tensor.numel():
        return []
    bits = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    flat = tensor.detach().contiguous()
    flat = torch.view_as_real(flat) if flat.is_complex() else flat
    words = flat.view(bits[flat.element_size()]).reshape(-1, flat.shape[-1] if flat.ndim else 1)
    sums = [words.sum(axis, dtype=torch.int64) for axis in (0, 1)]
    places = [torch.arange(1, len(each) + 1, device=each.device) for each in sums]
    return [int((each * place).sum()) for each, place in zip(sums, places, strict=True)]


def _tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every parameter and buffer, those that are not saved included, in the order of their names."""
    found = dict(model.named_parameters(remove_duplicate=False)) | dict(
        model.named_buffers(remove_duplicate=False)
    )
    yield from sorted(found.items())


def _tensor_bytes(name: str, tensor: torch.Tensor) -> bytes:
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
    data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return head + hashlib.sha256(data.data).digest()


def _global_hooks() -> Iterator[str]:
    from torch.nn.modules import module

    if any(getattr(module, f"_global{name}", None) for name in _HOOKS):
        yield "a forward hook on all modules"


def _changes(module: nn.Module, place: str) -> Iterator[str]:
    """Yield what changes a module in a way that no hash can hold."""
    if any(getattr(module, name, None) for name in _HOOKS):
        yield f"a forward hook on {place}"
    if "forward" in vars(module):
        yield f"a forward of its own on {place}"
    if not _shipped(type(module)):
        yield f"the class {_type_name(type(module))} of {place}"
    for method in ("forward", "__call__"):
        code = getattr(unwrap(getattr(type(module), method)), "__code__", None)
        if code is not None and not _in_library(code.co_filename):
            yield f"a patched {method} of the class {type(module).__qualname__}"


def _own(module: nn.Module) -> Mapping[str, Any]:
    return {
        key: value
        for key, value in vars(module).items()
        if key not in _TORCH and key not in _ORIGIN and key != "forward"
    }


class _Settings:
    """A converter of settings to plain data that collects what has no plain form."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.unknown: list[str] = []

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return a value as something JSON holds: equal for equal settings, in every process."""
        import torch

        if value is None or isinstance(value, (bool, int, float, str)):
            return repr(value) if isinstance(value, float) else value
        if isinstance(value, torch.Tensor):
            return hashlib.sha256(_tensor_bytes("a setting", value)).hexdigest()
        if isinstance(value, (torch.dtype, torch.device, torch.Size, bytes, complex)):
            return str(value)
        if isinstance(value, torch.nn.Module):
            return _type_name(type(value))  # its own place in the tree tells the rest
        if isinstance(value, type):
            return self._named(_type_name(value), _shipped(value))
        if callable(value) and isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
            return self._named(f"{value.__module__}.{value.__qualname__}", _shipped_function(value))
        if depth > DEEPEST:
            return _type_name(type(value))
        if isinstance(value, Mapping):
            pairs = [(self.plain(key, depth + 1), self.plain(value[key], depth + 1)) for key in value]
            return sorted(([key, inner] for key, inner in pairs if key not in _ORIGIN), key=json.dumps)
        if isinstance(value, Set):
            return sorted((self.plain(item, depth + 1) for item in value), key=json.dumps)
        if isinstance(value, Sequence):
            return [self.plain(item, depth + 1) for item in value]
        return self._object(value, depth)

    def _object(self, value: Any, depth: int) -> Any:
        name = _type_name(type(value))
        if hasattr(value, "to_dict") and _shipped(type(value)):
            return [name, self.plain(value.to_dict(), depth + 1)]
        if hasattr(value, "__dict__"):
            return [self._named(name, _shipped(type(value))), self.plain(vars(value), depth + 1)]
        return self._named(name, _shipped(type(value)))

    def _named(self, name: str, known: bool) -> str:
        if not known:
            self.unknown.append(f"{name} on {self.place}")
        return name


def _shipped(kind: type) -> bool:
    """Say whether a class is one that a known library ships, under the name it has there."""
    package = kind.__module__.split(".")[0]
    if package in ("builtins", "collections", "typing", "enum", "re", "functools", "abc"):
        return True
    if package not in LIBRARIES:
        return False
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


def _shipped_function(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    if module.split(".")[0] not in LIBRARIES:
        return isinstance(function, BuiltinFunctionType) and module in ("math", "_operator", "builtins")
    code = getattr(unwrap(function), "__code__", None)
    return "<locals>" not in function.__qualname__ and (code is None or _in_library(code.co_filename))


def _in_library(file: str) -> bool:
    return any(Path(file).is_relative_to(folder) for folder in _library_folders()) or file.startswith("<")


def _library_folders() -> list[Path]:
    modules = (sys.modules.get(name) for name in LIBRARIES)
    return [Path(module.__file__).parent for module in modules if getattr(module, "__file__", None)]  # type: ignore[arg-type, union-attr]


def _type_name(kind: type) -> str:
    """Return a class with its library's version, where that is not part of every cache key anyway."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    package = kind.__module__.split(".")[0]
    if package in LIBRARIES and package not in ("torch", "transformers", "tokenizers"):
        try:
            return f"{name} {version(package)}"
        except PackageNotFoundError:
            return name
    return name
