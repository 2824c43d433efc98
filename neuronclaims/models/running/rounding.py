"""How far rounding alone may move what a model computes, measured on that model in its number type.

A value that enters a block cannot be told from its neighbour in the number type. So every block is given neighbours of
what it would be given, up or down at random, and what comes out differs by as much as rounding can do here. Nothing is
padded and nothing shares a batch, so a model that treats padding or positions wrongly gains no tolerance by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from neuronclaims.models.running.hooks import first_argument, with_first_argument
from neuronclaims.models.running.loading import Ready

AT_ONCE = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
"""Shares of a row's largest value that need no explanation: about what a sum over a row loses in each number type."""

AT_MOST = {torch.float32: 1e-3, torch.float16: 5e-2, torch.bfloat16: 2e-1}
"""Shares of a row's largest value that are never put down to rounding, whatever was measured."""

TIMES = 8.0
"""How many times the measured effect of rounding is allowed; seen were up to 2.6 (ADR 23)."""


def allowed(dtype: torch.dtype, measured: float) -> float:
    """Return the share of a row's largest value by which two computations may differ, given what rounding does."""
    lowest, highest = AT_ONCE.get(dtype, 1e-2), AT_MOST.get(dtype, 1e-1)
    return min(max(lowest, TIMES * measured), highest) if measured < float("inf") else lowest


@contextmanager
def shaken(ready: Ready) -> Iterator[None]:
    """Give every block its input moved by one unit in the last place, up or down by a fixed random draw."""
    drawn = torch.Generator().manual_seed(0)
    unit = torch.finfo(ready.model.dtype).eps

    def shake(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        values = first_argument(args, kwargs)
        signs = (torch.randint(0, 2, values.shape, generator=drawn) * 2 - 1).to(values)
        moved = values + values * signs * unit
        return with_first_argument(moved, args, kwargs)

    handles = [block.register_forward_pre_hook(shake, with_kwargs=True) for block in ready.blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
