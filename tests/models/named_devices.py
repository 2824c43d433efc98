"""Devices that exist in name only: tensors say that they lie there, and their numbers are computed on the CPU.

An operation on tensors of two devices is an error, as it is on GPUs, except where GPUs allow it too: single numbers
and indices that lie on the CPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

FIRST, SECOND = torch.device("xla:0"), torch.device("xla:1")
_INDEXING = ("aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_")
_READING = (
    torch.Tensor.tolist,
    torch.Tensor.item,
    torch.Tensor.__int__,
    torch.Tensor.__float__,
    torch.Tensor.__bool__,
    torch.Tensor.__index__,
)
_MOVING = ("aten::_to_copy", "aten::to", "aten::copy_")


class Placed(torch.Tensor):
    """A tensor on a device in name, its numbers in ``inner``."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor, device: torch.device) -> Placed:
        made: Placed = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, inner.shape, inner.stride(), inner.storage_offset(), dtype=inner.dtype, device=device
        )
        made.inner = inner
        return made

    def __init__(self, inner: torch.Tensor, device: torch.device) -> None:
        pass

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in (
            torch.Tensor.__getitem__,
            torch.Tensor.__setitem__,
        ):  # which ask torch for the device itself
            return indexed(function, *args)
        if function in _READING:
            return function(args[0].inner)
        kwargs = kwargs or {}
        try:
            with torch._C.DisableTorchFunctionSubclass():
                return function(*args, **kwargs)
        except RuntimeError as error:
            if "not linked with support" not in str(error):
                raise
            return _as_one(
                function, args, kwargs
            )  # asks torch for the device itself, before anything is done

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(function, args, kwargs or {})


class _Made(TorchFunctionMode):
    """Makes tensors of Python's numbers on the CPU first, as torch asks the device itself for memory otherwise."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is not torch.tensor:
            return function(*args, **kwargs)
        device = kwargs.pop("device", None)
        made = function(*args, **kwargs)
        return made if device is None else made.to(device)


class NamedDevices(TorchDispatchMode):
    """While this is a context, tensors can be made on these devices and moved there; ``seen`` are those computed on."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __enter__(self) -> Any:
        self._made = _Made()
        self._made.__enter__()
        return super().__enter__()

    def __exit__(self, *why: Any) -> None:
        super().__exit__(*why)
        self._made.__exit__(*why)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = run(function, args, kwargs or {})
        self.seen |= {str(each.device) for each in tree_flatten(found)[0] if isinstance(each, Placed)}
        return found


def _inside(each: Any) -> Any:
    if isinstance(each, Placed):
        return each.inner
    return torch.device("cpu") if isinstance(each, torch.device) and each.type == "xla" else each


def _as_one(function: Any, args: Any, kwargs: Any) -> Any:
    """Run a function on the CPU whose tensors are all on one device, and place its results there."""
    devices = {each.device for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)}
    if len(devices) != 1:
        raise RuntimeError(f"{function} is given tensors on {devices}")
    inner, named = tree_map(_inside, (args, kwargs))
    found = function(*inner, **named)
    return tree_map(lambda each: Placed(each, *devices) if isinstance(each, torch.Tensor) else each, found)


def indexed(function: Any, values: torch.Tensor, place: Any, *put: Any) -> Any:
    """Read or write a part of values, as the brackets do."""
    others = {each.device for each in tree_flatten((place, put))[0] if isinstance(each, Placed)}
    written = [
        each for each in put if isinstance(each, torch.Tensor) and each.ndim and not isinstance(each, Placed)
    ]
    if not isinstance(values, Placed) or others - {values.device} or written:
        raise RuntimeError(f"values on {values.device} are indexed with {others}, or given {written}")
    place, put = tree_map(_inside, (place, put))
    found = function(values.inner, place, *put)
    return found if put else Placed(found, values.device)


def run(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run one operation on the CPU, and place its results; raise RuntimeError where it joins two devices."""
    name = function._schema.name
    flat = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)]
    devices = {each.device for each in flat if isinstance(each, Placed)}
    on_cpu = [each for each in flat if not isinstance(each, Placed) and each.ndim and not each.is_meta]
    if name in _INDEXING:
        on_cpu = [each for each in on_cpu if each is args[0]]
    if name not in _MOVING and (len(devices) > 1 or (devices and on_cpu)):
        raise RuntimeError(f"{name} is given tensors on {[str(each.device) for each in flat]}")
    asked = next((each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.device)), None)
    to = asked if asked is not None else next(iter(devices), None)
    if name == "aten::copy_":
        to = args[0].device
    inner, named = tree_map(_inside, (args, kwargs))
    found = function(*inner, **named)
    if name.endswith("_") and not name.endswith("__"):
        return args[0]
    if to is None or to.type != "xla":
        return found
    return tree_map(
        lambda each: (
            Placed(each, to) if isinstance(each, torch.Tensor) and not isinstance(each, Placed) else each
        ),
        found,
    )


def spread(model: nn.Module, places: dict[str, torch.device]) -> nn.Module:
    """Put modules of a model on devices, with the hooks that accelerate gives them there; the rest is on the first."""
    from accelerate.hooks import AlignDevicesHook, add_hook_to_module

    for name, module in model.named_modules():
        inside = [place for place in places if name == place or name.startswith(f"{place}.")]
        device = places[max(inside, key=len)] if inside else FIRST
        for kept in (module._parameters, module._buffers):
            for key, tensor in list(kept.items()):
                if tensor is not None:
                    placed = Placed(tensor.detach(), device)
                    kept[key] = (
                        nn.Parameter(placed, requires_grad=False) if kept is module._parameters else placed
                    )
        if inside or not name:
            hook = AlignDevicesHook(io_same_device=not name)
            add_hook_to_module(module, hook)
            hook.execution_device = device
    return model
