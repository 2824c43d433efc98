"""Batches that do not fit a device's memory are made smaller and tried again; on a large device they grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import make_model, make_tokenizer, style_of

from neuronclaims.engines.local import LocalEngine
from neuronclaims.measurements import Ablation, Activations, Generation, Prediction, TokenRule
from neuronclaims.measurements.measurement import Measurement
from neuronclaims.measurements.plan import jobs, union
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.devices.memory import HostMemory, least_free, out_of_memory
from neuronclaims.models.sources import LoadedModel, Source, open_model

TEXTS = tuple(f"the {word} ran" for word in ("old dog", "river", "house", "bird", "cat", "tree", "old cat"))
ASKED: tuple[Measurement, ...] = (
    Activations("mlp_post", 1, TokenRule("mean", "prompt"), TEXTS),
    Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS, Generation(2)),
    Ablation("mlp_post", ((1, 3),), "zero", Prediction(" dog", " cat"), TEXTS),
)


class FakeMemory:
    """A device with so much free memory; it remembers how often unused memory was given back."""

    def __init__(self, free: int | None) -> None:
        self._free, self.released = free, 0

    def free(self) -> int | None:
        return self._free

    def release(self) -> None:
        self.released += 1


def opened() -> Source:
    handed = LoadedModel(make_model("gpt2"), make_tokenizer(style_of("gpt2")))
    return open_model("handed", Path("."), {"handed": handed})


@contextmanager
def fitting(source: Source, rows: int) -> Iterator[list[int]]:
    """Let a model run out of memory with more rows; yield the number of rows of every forward."""
    assert source.loaded is not None
    seen: list[int] = []

    def check(module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> None:
        seen.append(len(args[0]))
        if len(args[0]) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    handle = source.loaded.model.transformer.h[0].register_forward_pre_hook(check)
    try:
        yield seen
    finally:
        handle.remove()


Values = dict[str, dict[str, list[float]]]
"""The rows of every need, by text."""


def ran(source: Source, options: RunOptions, memory: FakeMemory) -> tuple[LocalEngine, Values]:
    engine = LocalEngine(source, options, lambda _: None, memory=lambda _: memory)
    found: Values = {}
    for batch in engine.run(jobs(union(source.facts(), ASKED))):
        for need, values in batch.values.items():
            rows = found.setdefault(str(need), {})
            assert not rows.keys() & set(batch.items), "measured twice"
            rows |= {item: row.tolist() for item, row in zip(batch.items, values, strict=True)}
    return engine, found


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_batches_shrink_until_they_fit(rows: int) -> None:
    source, memory = opened(), FakeMemory(None)
    _, plain = ran(opened(), RunOptions(batch_prompts=rows, growth=1), FakeMemory(None))
    with fitting(source, rows) as seen:
        engine, found = ran(source, RunOptions(batch_prompts=5), memory)
    assert engine.failures == {}
    assert memory.released >= 1
    assert max(seen) > rows
    assert found.keys() == plain.keys()
    for need, texts in plain.items():
        assert found[need].keys() == set(TEXTS)
        for text, values in texts.items():
            np.testing.assert_allclose(found[need][text], values, atol=1e-5)


def test_what_never_fits_fails_alone() -> None:
    source = opened()
    with fitting(source, 0):
        engine, found = ran(source, RunOptions(batch_prompts=4), FakeMemory(None))
    assert found == {}
    assert {item for _, item in engine.failures} == set(TEXTS)
    assert all("out of memory" in str(error) for error in engine.failures.values())


def test_batches_grow_with_free_memory() -> None:
    sizes = []
    for free, growth in ((None, 16), (10**12, 16), (10**12, 2), (1, 16)):
        source = opened()
        with fitting(source, 100) as seen:
            ran(source, RunOptions(batch_prompts=2, growth=growth), FakeMemory(free))
        sizes.append(max(seen))
    assert sizes == [2, 7, 4, 2]


def test_errors_that_are_no_lack_of_memory() -> None:
    told = RuntimeError("x")
    told.__cause__ = RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)")
    assert out_of_memory(told)
    assert not out_of_memory(ValueError("out of memory"))
    assert not out_of_memory(None)


class FreeMemory(HostMemory):
    def __init__(self, free: int) -> None:
        self._free = free

    def free(self) -> int:
        return self._free


def test_batches_do_not_grow_where_one_device_is_not_known() -> None:
    assert least_free([FreeMemory(5), FreeMemory(3), FreeMemory(9)]) == 3
    assert least_free([FreeMemory(5), HostMemory()]) is None
    assert least_free([]) is None


def test_memory_that_ran_out_is_found_behind_an_error_of_what_was_done_about_it() -> None:
    def retried() -> None:
        try:
            raise MemoryError
        except MemoryError:
            raise KeyError("no such batch")  # noqa: B904

    with pytest.raises(KeyError) as caught:
        retried()
    assert caught.value.__cause__ is None
    assert out_of_memory(caught.value)
