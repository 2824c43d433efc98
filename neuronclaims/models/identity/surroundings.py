"""What torch as a whole is set to: settings that change the values of every model in a process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from neuronclaims.models.identity.code import is_shipped

_USUAL = {"default dtype": "torch.float32", "matmul": "highest"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Settings of torch that are not the usual ones, by name, and what of them no hash can hold."""

    settings: dict[str, str]
    unknown: tuple[str, ...] = ()


def surroundings() -> Surroundings:
    """Return how torch is set; nothing where it was not imported, and so is as it comes.

    >>> import torch
    >>> with torch.autocast("cpu", dtype=torch.bfloat16):
    ...     surroundings().settings
    {'autocast cpu': 'torch.bfloat16'}
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_default_dtype"):
        return Surroundings({})
    found = {
        "default dtype": str(torch.get_default_dtype()),
        "matmul": torch.get_float32_matmul_precision(),
    }
    for device in ("cpu", "cuda", "mps"):
        if torch.is_autocast_enabled(device):
            found[f"autocast {device}"] = str(torch.get_autocast_dtype(device))
    modes = [type(mode) for mode in _modes(torch)]
    found |= {f"mode {mode.__qualname__}": "on" for mode in modes}
    unknown = tuple(f"the mode {mode.__qualname__} of torch" for mode in modes if not is_shipped(mode))
    return Surroundings({key: value for key, value in found.items() if _USUAL.get(key) != value}, unknown)


def _modes(torch: Any) -> list[Any]:
    """Return the modes that look at each call of torch, the innermost last."""
    functions = getattr(torch.overrides, "_get_current_function_mode_stack", list)
    dispatch = getattr(torch.utils._python_dispatch, "_get_current_dispatch_mode_stack", list)
    return [*functions(), *dispatch()]
