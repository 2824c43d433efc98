"""Collect the data of all plots of a page: one compressed block, with the texts that plots share in it once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

from neuronclaims.reports.html.figures import Drawing
from neuronclaims.reports.html.policy import in_base64


class PlotData:
    """The plots of a page, place by place: those of a claim share one place, which its element names.

    Claims on the same prompts have the same names at their values, and those are most of what a plot weighs. So each
    different list of texts is kept once, and plots refer to it.
    """

    def __init__(self) -> None:
        self._texts: dict[tuple[str, ...], int] = {}
        self._places: list[str] = []

    def add(self, drawings: Sequence[Drawing]) -> int:
        """Keep the plots of some drawings, in the order of the page, and return their place."""
        plots = [plot for drawing in drawings for plot in drawing.plots]
        self._places.append(_json([(self._shared(plot.data), plot.layout) for plot in plots]))
        return len(self._places)

    @property
    def packed(self) -> str:
        """Everything kept so far: lines of JSON, the shared texts first, compressed by gzip and in Base64."""
        lines = "\n".join([_json(list(self._texts)), *self._places])
        return in_base64(gzip.compress(lines.encode("ascii"), 6, mtime=0))

    def _shared(self, traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._with_texts(trace) for trace in traces]

    def _with_texts(self, trace: dict[str, Any]) -> dict[str, Any]:
        texts = trace.get("text")
        if not isinstance(texts, list):
            return trace
        return {**trace, "text": {"shared": self._texts.setdefault(tuple(texts), len(self._texts))}}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
