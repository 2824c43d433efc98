"""Continuations as text: the tokens that a run kept, read by the tokenizer alone. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements import Measurement
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.continuations import END, ContinuationNeed
from neuronclaims.measurements.measurement import Need
from neuronclaims.models.sources import Source
from neuronclaims.models.token_texts import token_texts

Rows: TypeAlias = Mapping[Need, Mapping[str, NDArray[np.float32]]]
BETWEEN = " | "
"""What stands between the texts that were drawn after one prompt."""

Read: TypeAlias = Callable[[Sequence[list[int]]], list[str]]


def continuations(
    source: Source, measurements: Sequence[Measurement], rows: Rows
) -> dict[Measurement, NDArray[Any]]:
    """Return the answers to those of the measurements that ask for continuations, from the rows of their needs."""
    answers: dict[Measurement, NDArray[Any]] = {}
    read: Read | None = None
    for measurement in dict.fromkeys(measurements):
        what = measurement.request
        if what is None:
            continue
        read = read or _reader(source)
        many = what.need.samples if isinstance(what.need, ContinuationNeed) else 1
        drawn = [text for item in what.items for text in np.split(rows[what.need][item], many)]
        texts = read([[int(token) for token in text if token != END] for text in drawn])
        joined = [BETWEEN.join(texts[first : first + many]) for first in range(0, len(texts), many)]
        answers[measurement] = np.array(joined, dtype=np.str_)
        answers[measurement].flags.writeable = False
    return answers


def changed_continuations(
    source: Source, measurements: Sequence[Measurement], rows: Rows
) -> dict[Measurement, NDArray[Any]]:
    """Return what is written before and after changes: arrays of str [prompts, 2, samples] by measurement."""
    read = _reader(source)
    answers: dict[Measurement, NDArray[Any]] = {}
    for measurement in dict.fromkeys(measurements):
        what = measurement.request
        if what is None:
            continue
        many = 2 * (what.need.samples if isinstance(what.need, ChangeNeed) else 1)
        written = [text for item in what.items for text in np.split(rows[what.need][item], many)]
        texts = read([[int(token) for token in text if token != END] for text in written])
        found = np.array(texts, dtype=np.str_).reshape(len(what.items), 2, many // 2)
        found.flags.writeable = False
        answers[measurement] = found
    return answers


def _reader(source: Source) -> Read:
    slow = source.loaded.tokenizer if source.loaded is not None else None
    if slow is None or getattr(slow, "backend_tokenizer", None) is not None:
        return token_texts(source).continuations
    # A tokenizer handed over that is none of the tokenizers library: it is at hand already, and so is torch.
    return lambda rows: [str(slow.decode(tokens, skip_special_tokens=True)) for tokens in rows]
