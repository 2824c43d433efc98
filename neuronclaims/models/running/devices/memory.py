"""The memory of the device that a model is on: what is free of it, and errors that say it ran out."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Sequence
from typing import Protocol

import torch


class DeviceMemory(Protocol):
    """The memory of one device."""

    def free(self) -> int | None:
        """Return the bytes that can still be taken; None where batches are not to grow by what is free."""
        ...

    def release(self) -> None:
        """Give back what is held and not used."""
        ...


class HostMemory:
    """The memory of a CPU: larger batches would only leave its caches, so they do not grow."""

    def free(self) -> int | None:
        """Return None."""
        return None

    def release(self) -> None:
        """Let go of what nothing refers to."""
        gc.collect()


class CudaMemory:
    """The memory of one GPU of NVIDIA or AMD."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def free(self) -> int | None:
        """Return what the driver has free, and what PyTorch holds without using it."""
        free, _ = torch.cuda.mem_get_info(self._device)
        held = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return int(free + held)

    def release(self) -> None:
        """Give unused memory back to the driver."""
        gc.collect()
        torch.cuda.empty_cache()


class MpsMemory:
    """The memory of a GPU of Apple, which it shares with the CPU."""

    def free(self) -> int | None:
        """Return what Metal recommends to use at most, less what is used."""
        return max(0, int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory()))

    def release(self) -> None:
        """Give unused memory back."""
        gc.collect()
        torch.mps.empty_cache()


def memory_of(device: torch.device) -> DeviceMemory:
    """Return the memory of a device.

    >>> memory_of(torch.device("cpu")).free() is None
    True
    """
    if device.type == "cuda":
        return CudaMemory(device)
    return MpsMemory() if device.type == "mps" else HostMemory()


def least_free(memories: Sequence[DeviceMemory]) -> int | None:
    """Return the bytes that are free on whichever device has the least; None where batches are not to grow.

    >>> least_free([HostMemory()]) is None
    True
    """
    found = [memory.free() for memory in memories]
    known = [free for free in found if free is not None]
    return min(known) if known and len(known) == len(found) else None


def out_of_memory(error: BaseException | None) -> bool:
    """Say whether an error, or one that it came from, says that memory ran out on whatever device.

    >>> out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    True
    >>> out_of_memory(RuntimeError("shapes differ"))
    False
    """
    while error is not None:
        if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
            return True
        # Backends besides CUDA, and the CPU's allocator, raise a plain RuntimeError.
        if isinstance(error, RuntimeError) and any(word in str(error) for word in _SAID):
            return True
        error = error.__cause__ or error.__context__
    return False


def let_go(error: BaseException) -> None:
    """Let go of what was held where an error was raised: a batch that did not fit would else stay in memory."""
    each: BaseException | None = error
    while each is not None:
        traceback.clear_frames(each.__traceback__)
        each = each.__cause__ or each.__context__


_SAID = ("out of memory", "can't allocate memory", "not enough memory")
