"""The protocol of workers, and how they run a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import torch

from neuronclaims.measurements.errors import MeasurementError, told_as
from neuronclaims.measurements.plan import Finished as Finished
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.loading import Ready


class Batches:
    """The batches of a job, none of them run yet: each can be run by itself, in any order, and gives the same values.

    ``items`` are the texts of each batch. Two processes that make the batches of one job make the same ones.
    """

    def __init__(self, items: Sequence[tuple[str, ...]], run: Callable[[int], Finished]) -> None:
        self.items = items
        self.run = run

    def __iter__(self) -> Iterator[Finished]:
        return map(self.run, range(len(self.items)))


class Worker(Protocol):
    """A function for one sort of job: it refuses what it cannot do when called, and works when iterated."""

    def __call__(self, ready: Ready, job: Job, options: RunOptions) -> Iterable[Finished]:
        """Return the batches of a job as they are finished; as ``Batches`` where several processes may share them."""
        ...


@contextmanager
def running(ready: Ready, doing: str, *, gradients: bool = False) -> Iterator[None]:
    """Run a model; turn its errors into a MeasurementError that says what was being done.

    No gradients are kept or, with ``gradients``, those of values alone: parameters never get any.
    """
    with (
        told_as(MeasurementError, f"{ready.facts.name} failed {doing}"),
        _differentiable(ready.model) if gradients else torch.inference_mode(),
        _uncompiled(ready.model),
        evaluating(ready.model),
    ):
        yield


@contextmanager
def _differentiable(model: Any) -> Iterator[None]:
    """Let gradients be taken, of no parameter of a model; leave its parameters as they were."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    with torch.inference_mode(False), torch.enable_grad():
        for parameter in trained:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in trained:
                parameter.requires_grad_(True)


def _uncompiled(model: Any) -> AbstractContextManager[None]:
    """Let what ``torch.compile`` was put on run as it was written: hooks would make it be compiled again and again."""
    compiled = any(
        type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None
        for module in model.modules()
    )
    stance = getattr(torch.compiler, "set_stance", None)  # since torch 2.6
    if not compiled or stance is None:
        return nullcontext()
    found: AbstractContextManager[None] = stance("force_eager")
    return found


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Take a model out of training mode, where dropout would make its activations random, and put it back."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
