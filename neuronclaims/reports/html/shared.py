"""Store texts of points that many claims share once per page, and refer to them from plots."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from neuronclaims.reports.html.policy import embedded


class Texts:
    """All different lists of texts of a page's plots, in the order they came in.

    Claims on the same prompts have the same names at their values, and those are most of what a plot weighs.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, ...], int] = {}

    def shared(self, traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return Plotly's traces with ``{"shared": place}`` for every list of texts, which is kept."""
        return [self._shared(trace) for trace in traces]

    @property
    def embedded(self) -> Markup:
        """Return the lists kept so far as JSON for the page's script."""
        return embedded(list(self._places))

    def _shared(self, trace: dict[str, Any]) -> dict[str, Any]:
        texts = trace.get("text")
        if not isinstance(texts, list):
            return trace
        return {**trace, "text": {"shared": self._places.setdefault(tuple(texts), len(self._places))}}
