"""Batches are written while the next is measured, one at a time, and nothing that goes wrong is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from neuronclaims.cache.background import BackgroundWriter
from neuronclaims.cache.context import Context
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import CacheError, IntegrityError

NEED = Activations("mlp_post", 1, TokenRule("last", "prompt"), ("a", "b", "c")).request.need
VALUES = {text: np.full((1, 3), place, np.float32) for place, text in enumerate("abc")}


class Slow(Context):
    """A part of a cache that writes when it is let, and counts who writes at once."""

    let = threading.Event()
    most = 0

    def write(self, prompts, values) -> Path:
        """Write once it is let."""
        type(self).most += 1
        self.let.wait(60)
        type(self).most -= 1
        if prompts == ("b",):
            raise CacheError("full")
        return super().write(prompts, values)


@pytest.fixture
def context(tmp_path) -> Context:
    Slow.let, Slow.most = threading.Event(), 0
    return Slow(tmp_path / "kept", "0" * 64)


def read(context: Context) -> dict[str, float]:
    return {text: float(row[0]) for text, row in context.read({NEED: tuple("abc")})[NEED].items()}


def written(
    context: Context, texts: str, then: Exception | None = None, writer: BackgroundWriter | None = None
) -> None:
    with writer or BackgroundWriter(context) as writer:
        for text in texts:
            writer.write((text,), {NEED: VALUES[text]})
        if then is not None:
            raise then


def test_the_next_is_measured_while_one_is_written(context) -> None:
    with BackgroundWriter(context) as writer:
        writer.write(("a",), {NEED: VALUES["a"]})  # comes back while nothing is written yet
        assert writer.written == []
        context.let.set()
        writer.write(("c",), {NEED: VALUES["c"]})
        assert len(writer.written) == 1
    assert len(writer.written) == 2
    assert read(context) == {"a": 0.0, "c": 2.0}


@pytest.mark.parametrize("texts", ["b", "bc", "ab"])
def test_what_goes_wrong_is_raised(context, texts: str) -> None:
    context.let.set()
    with pytest.raises(CacheError, match="full"):
        written(context, texts)
    assert read(context) == {text: VALUES[text][0, 0] for text in texts[: texts.index("b")]}


def test_an_error_of_the_run_comes_first_and_what_was_written_is_known(context) -> None:
    context.let.set()
    for text, count in (("a", 1), ("b", 0)):
        writer = BackgroundWriter(context)
        with pytest.raises(IntegrityError):
            written(context, text, IntegrityError("wrong"), writer)
        assert [path.is_file() for path in writer.written] == [True] * count
