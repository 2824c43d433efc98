"""Answers with gaps: values that are NaN or infinite, as broken weights or too small a number type make them.

A gap is an error of the claims that read it, and of no other. The run keeps what it measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Activations
from neuronclaims.measurements.arrays.blocks import all_finite
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.continuations import Continuations
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.measurement import Measurement
from neuronclaims.measurements.pools import EachPool
from neuronclaims.sites import printed

SHOWN = 3
"""So many neurons with gaps are named; the others are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Gappy:
    """The answer to a measurement on the model called ``model``: ``values`` [rows, columns], not all of them finite."""

    measurement: Measurement
    values: NDArray[Any]
    model: str

    def read(self, own: Collection[int] | None = None) -> NDArray[Any]:
        """Return the values for one who reads the columns ``own``, or all of them for None.

        Columns of others that have a gap are 0 throughout, so that nothing seems to happen in them. Raises
        MeasurementError, which names a neuron and a text, where a column to be read has a gap.
        """
        gaps = ~np.isfinite(self.values)
        columns = gaps.any(axis=0)
        if own is None or columns[list(own)].any():
            wanted = gaps if own is None else gaps[:, sorted(own)]
            row, place = (int(number) for number in np.argwhere(wanted)[0])
            raise MeasurementError(self._said(row, place if own is None else sorted(own)[place]))
        values: NDArray[Any] = self.values.copy()
        values[:, columns] = 0
        values.flags.writeable = False
        return values

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that have a gap."""
        return tuple(int(column) for column in np.flatnonzero(~np.isfinite(self.values).all(axis=0)))

    def _said(self, row: int, column: int) -> str:
        described = self.measurement.description
        text = described.texts[1][row] if described.texts else ""
        shown = " and ".join(shorten(str(each)) for each in (text if isinstance(text, tuple) else (text,)))
        called = described.texts[0].removesuffix("s") if described.texts else "text"
        value, what = self.values[row, column], described.what
        if isinstance(self.measurement, Activations):
            what = f"{printed(self.measurement.site)} of neuron {self.neuron(self.measurement, column)}"
        cause = self._change(row) or "The weights are broken, or the number type is too small."
        return f"{what} in {self.model} is {value} for the {called} {shown}. {cause}"

    def _change(self, row: int) -> str:
        """Say that a change is the cause, where what is read of a text is finite before it; nothing of other gaps."""
        need = getattr(self.measurement, "need", None)
        if not isinstance(need, ChangeNeed):
            return ""
        found = self.measurement.columns(self.values[[row]])  # type: ignore[attr-defined]
        before = getattr(found, "corrupted" if need.pairs else "before", None)
        if before is not None and not np.isfinite(before).all():
            return ""
        said = f"The change ({need.intervention}) makes it so"
        if before is not None:
            said += ": before it, it is finite"
        return f"{said}. Take a smaller amount." if fields(need.intervention) else f"{said}."  # type: ignore[arg-type]

    def neuron(self, asked: Activations, column: int) -> str:
        """Return a column's neuron; unpooled, the first column counts positions, and each neuron has several."""
        pool = asked.tokens.pool
        if isinstance(pool, EachPool):
            column = (column - 1) % ((self.values.shape[1] - 1) // pool.positions)
        return f"{asked.layer}:{column}"


def with_gaps(measurement: Measurement, values: NDArray[Any], model: str) -> NDArray[Any] | Gappy:
    """Return values as they are where all are finite, and otherwise with what they are of.

    >>> from neuronclaims.measurements import Activations, TokenRule
    >>> asked = Activations("mlp_post", 2, TokenRule("last", "prompt"), ("I like Hanoi.",))
    >>> with_gaps(asked, np.array([[1.0, np.nan]]), "demo").read(own=[0])
    array([[1., 0.]])
    """
    if measurement.request is None or isinstance(measurement, Continuations) or values.dtype.kind != "f":
        return values
    return values if all_finite(values) else Gappy(measurement, values, model)


def gaps_note(answers: Iterable[object]) -> tuple[str, ...]:
    """Say which neurons of the layers that a claim was ranked in have gaps; nothing where none has."""
    names = {
        f"{printed(answer.measurement.site)} {answer.neuron(answer.measurement, column)}": None
        for answer in answers
        if isinstance(answer, Gappy) and isinstance(answer.measurement, Activations)
        for column in answer.columns
    }
    if not names:
        return ()
    named = ", ".join(list(names)[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (f"NaN or infinite for some prompts, and taken for 0 where neurons are ranked: {named}.",)
