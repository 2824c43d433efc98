"""What a run holds in memory is bounded; what is over the bound is read back from disk, and is the same to the bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from neuronclaims.cache.context import Context
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.holding.rows import RowTable
from neuronclaims.engines.measure import measure
from neuronclaims.kinds.outliers.token_share import PromptUnits, UnitMeans
from neuronclaims.measurements import Activations, Readout, TokenRule
from neuronclaims.measurements.errors import CacheError, MeasurementError, RunWarning
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded
from neuronclaims.models.running.waiting.packed import Waiting
from neuronclaims.models.sources import open_model
from neuronclaims.prompts import ChatMessage, PromptInput
from neuronclaims.tokens.spans import Span

TEXTS = tuple(
    f"{who} went to {where}." for who in ("Anna", "Tom", "She", "The cat") for where in ("Hanoi", "bed")
)
ASKED = [
    Activations("mlp_post", 1, TokenRule("mean", "prompt"), TEXTS),
    Activations("mlp_post", 1, TokenRule("last", "prompt"), (*TEXTS[::-1], TEXTS[0])),
    Readout("mlp_post", 1, 17, " the", (0.0, 1.0), TEXTS[2:]),
]
SMALL = RunOptions(batch_prompts=2, memory=2**20)


class Counted(RowTable):
    """A table whose bound is a few rows, and that knows the most it held."""

    most = 0

    def __init__(self, context, bound: int) -> None:
        super().__init__(context, 3 * 2 * 512 * 4)

    def add(self, items, values) -> None:
        super().add(items, values)
        type(self).most = max(type(self).most, self._held)


@pytest.mark.parametrize("cached", [True, False])
def test_rows_over_the_bound_are_read_back_from_disk(tmp_path, monkeypatch, cached) -> None:
    source = open_model("demo", tmp_path)
    plain = measure(source, ASKED, options=SMALL)
    monkeypatch.setattr("neuronclaims.engines.measuring.RowTable", Counted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    cache = RunCache(tmp_path / "cache") if cached else None
    for _ in range(2):  # cold, then warm
        found = measure(source, ASKED, cache=cache, options=SMALL)
        for each in ASKED:
            assert isinstance(found[each], np.memmap) == isinstance(each, Activations)
            assert not found[each].flags.writeable
            assert np.array_equal(found[each], plain[each])
    assert 0 < Counted.most <= 4 * 2 * 2 * 512 * 4  # the half of the bound, and what was not written yet
    assert not list((tmp_path / "own").iterdir())  # nothing is left behind


def test_rows_that_are_gone_from_disk_are_named() -> None:
    table, need = RowTable(None, 0), ASKED[0].request.need
    table.add(TEXTS, {need: np.ones((len(TEXTS), 512), np.float32)})
    assert not table[need].held
    assert table[need][TEXTS[3]].sum() == 512
    for path in table._beside().rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(CacheError, match="8 rows that were just written"):
        table.stacked(ASKED[0].request, 512)
    table.close()


@pytest.mark.parametrize(("store", "most"), [("bfloat16", 2.0**-8), ("float16", 2.0**-11)])
def test_activations_are_kept_in_a_smaller_type_and_judged_so(tmp_path, store, most) -> None:
    source, cache = open_model("demo", tmp_path), RunCache(tmp_path / "cache")
    plain = measure(source, ASKED, cache=cache)
    options = RunOptions(store=store)
    cold, warm = (measure(source, ASKED, cache=cache, options=options) for _ in range(2))
    sizes: dict[str, int] = {}
    for folder in (tmp_path / "cache" / "activations").iterdir():
        about = json.loads((folder / "context.json").read_text()).get("activations kept in", "float32")
        sizes[about] = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert list(sizes) == ["float32", store] or list(sizes) == [store, "float32"]  # each in a part of its own
    assert sizes[store] < 0.75 * sizes["float32"]
    for each in ASKED[:2]:
        assert np.array_equal(cold[each], warm[each])
        assert np.array_equal(cold[each], torch.tensor(plain[each]).to(getattr(torch, store)).float().numpy())
        assert 0 < np.abs(cold[each] - plain[each]).max() <= most * np.abs(plain[each]).max()
    assert np.array_equal(cold[ASKED[2]], plain[ASKED[2]])  # counts are not rounded
    assert (
        measure(source, ASKED, cache=cache, options=RunOptions(store=store, verify=True))[ASKED[0]]
        is not None
    )


def test_what_a_type_cannot_keep_stays_as_it_is(tmp_path) -> None:
    context, need = Context(tmp_path, "0" * 64, store="float16"), ASKED[0].request.need
    values = np.array([[1.5, np.nan], [1e5, -np.inf]], np.float32)
    context.write(("a",), {need: values[:1]})
    context.write(("b",), {need: values[1:]})
    found = context.read({need: ("a", "b")})[need]
    assert np.array_equal(np.stack([found["a"], found["b"]]), values, equal_nan=True)
    kept = {path: path.read_bytes() for path in context.folder.glob("*.safetensors")}
    assert sorted(b'"F16"' in data for data in kept.values()) == [False, True]
    small = next(path for path, data in kept.items() if b'"F16"' in data)
    small.write_bytes(kept[small].replace(b'float16\\"', b'float64\\"'))
    with pytest.warns(RunWarning, match="number types are not known"):
        assert list(context.read({need: ("a", "b")})[need]) == ["b"]


def test_sizes_have_units() -> None:
    assert RunOptions(memory="4GiB").memory == 4 * 2**30
    with pytest.raises(MeasurementError, match="such as 4GiB, not '4 gigs'"):
        RunOptions(memory="4 gigs")
    with pytest.raises(MeasurementError, match="store must be one of float32, bfloat16, float16, not 'int8'"):
        RunOptions(store="int8")


def test_means_of_a_mapped_layer_are_those_of_one_in_memory_to_the_bit(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.kinds.outliers.token_share._ROOM", 7 * 5)
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (60, 7)).astype(np.float32)
    order = rng.permutation(60)
    groups = PromptUnits("group", tuple(tuple(order[start : start + 12]) for start in range(0, 60, 4)))
    alone = PromptUnits("prompt", tuple((row,) for row in order.tolist()))
    values[order[:3], 0] = -0.0
    mapped = np.memmap(tmp_path / "rows", np.float32, "w+", shape=values.shape)
    mapped[:] = values
    for units in (groups, alone):
        means = np.array([values[list(rows)].astype(np.float64).mean(axis=0) for rows in units.rows])
        found = UnitMeans(units, mapped)
        assert units.means(values).tobytes() == means.tobytes()
        assert found.over_units.tobytes() == means.mean(axis=0).tobytes()
        assert np.stack([found.column(place) for place in range(7)], axis=1).tobytes() == means.tobytes()


@pytest.mark.parametrize("held", [1 << 20, 8])
def test_texts_that_wait_are_the_same_when_they_are_run(held, monkeypatch) -> None:
    monkeypatch.setattr(
        "neuronclaims.models.running.waiting.packed._HELD", held
    )  # of 8 bytes, all are in a file
    one, two = Span("quoted", "Hi"), Span("quoted", "you")
    rows = [
        Encoded("Hi", (5, 0, 65_535), (False, True, True), {one: (1,), two: ()}),
        Encoded("Hi you", (65_536, 7), (True, True), {one: (0,), two: (1,)}),
        Encoded("And you", (9,), (True,), {one: (), two: (0,)}),
    ]
    waiting = Waiting(rows).rows
    assert [waiting[place].encoded for place in (2, 0, 1)] == [rows[2], rows[0], rows[1]]
    assert [(each.prompt, each.length) for each in waiting] == [(row.prompt, row.length) for row in rows]


def test_texts_that_wait_are_told_apart_by_tokens_spans_and_chats() -> None:
    def key(ids: tuple[int, ...], text: str = "Hi", at: tuple[int, ...] = (0,)) -> bytes:
        return Waiting([Encoded(text, ids, (True,) * len(ids), {Span("quoted", "Hi"): at})]).rows[0].key

    chat = PromptInput(messages=(ChatMessage("user", "Hi"),)).item
    assert key((65_536,)) == key((65_536,), "Hi ")
    # The bytes of 65,536 in four are those of 0 and 1 in two.
    different = [key((65_536,)), key((0, 1)), key((0, 1), at=(1,)), key((0, 1), chat)]
    assert len(set(different)) == len(different)
