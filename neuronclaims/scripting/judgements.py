"""Results that show themselves: in a notebook, a terminal, a table, a figure, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Literal, overload

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import kinds
from neuronclaims.kinds.pages import prose_row
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry, in_order
from neuronclaims.reports.explanation import Explanation, KindWords, explain
from neuronclaims.reports.frames import frame_of
from neuronclaims.reports.notebook.cards import cards, first_figure
from neuronclaims.reports.terminal.writer import draw
from neuronclaims.reports.wording import effect_numbers, tally
from neuronclaims.results import Result

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl
    from matplotlib.figure import Figure as Painted

WIDTH = 100
"""Columns of results that are printed."""


class NoFigureError(NeuronClaimsError):
    """A result that has no such figure; the message says which it has."""


class Judgement(Result):
    """What one claim came to on one model: a ``Result`` that shows itself.

    >>> from neuronclaims import judge
    >>> found = judge('neuron 2:340 writes " Hanoi" more than 90% of tokens', "demo", site="mlp_post", cache=None)
    >>> found[0].model, found[0].kind
    ('demo', 'congruence')
    """

    __slots__ = ()

    @classmethod
    def of(cls, result: Result) -> Judgement:
        """Return a result as one that shows itself."""
        return cls(**{each.name: getattr(result, each.name) for each in fields(Result)})

    def explain(self) -> Explanation:
        """Explain in plain words what was asked, measured and found, and what it does not say."""
        return explained(self)

    @overload
    def figure(self, number: int | None = None, *, library: Literal["plotly"] = "plotly") -> go.Figure: ...
    @overload
    def figure(self, number: int | None = None, *, library: Literal["matplotlib"]) -> Painted: ...
    def figure(
        self, number: int | None = None, *, library: Literal["plotly", "matplotlib"] = "plotly"
    ) -> go.Figure | Painted:
        """Return a figure of the claim: of Plotly for a notebook, of matplotlib for a paper.

        ``number`` counts the claim's figures from 1; the one that says most if it is None. Raises NoFigureError where
        there is none, and PaperError where matplotlib is not installed.
        """
        if library not in ("plotly", "matplotlib"):
            raise NoFigureError(f"Figures are made by 'plotly' or 'matplotlib', not by {library!r}.")
        figures = self.evidence.figures if self.evidence is not None else ()
        chosen = first_figure(self.evidence) if self.evidence is not None and number is None else None
        if number is not None and 1 <= number <= len(figures):
            chosen = figures[number - 1]
        if chosen is None:
            raise NoFigureError(f"The claim {self.id!r} has {len(figures)} figures{self._which(number)}.")
        if library == "matplotlib":
            from neuronclaims.reports.plots import paint

            return paint(chosen)
        from neuronclaims.reports.html.figures.standalone import plotly_figure

        drawn = plotly_figure(chosen)
        if drawn is None:
            raise NoFigureError(
                f"Figure {number} of the claim {self.id!r} is a table; its rows are in claims.json."
            )
        return drawn

    def _which(self, number: int | None) -> str:
        if self.error is not None:
            return f", since it could not be tested: {self.error}"
        return f", none with the number {number}" if number is not None else " that could be drawn"

    @overload
    def to_frame(self, library: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> pl.DataFrame: ...
    def to_frame(self, library: Literal["pandas", "polars"] = "pandas") -> pd.DataFrame | pl.DataFrame:
        """Return the claim as a table of one row; raise FrameError where the library is not installed."""
        return frame_of([self], library)

    def __str__(self) -> str:
        return shown([self])

    def __repr__(self) -> str:
        effect = f", {effect_numbers(self.evidence.effect)}" if self.evidence is not None else ""
        return f"<{self.verdict or 'broken'}: {self.sentence} ({self.model}{effect})>"

    def _repr_html_(self) -> str:
        return cards([self])


class Judgements(Sequence[Judgement]):
    """The results of some claims, in the order of their files. A notebook shows them as cards.

    Ask for one by its place, or by its id.
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self._all = tuple(Judgement.of(result) for result in results)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, which: int | str) -> Judgement: ...
    @overload
    def __getitem__(self, which: slice) -> Judgements: ...
    def __getitem__(self, which: int | str | slice) -> Judgement | Judgements:
        if isinstance(which, slice):
            return Judgements(self._all[which])
        if isinstance(which, int):
            return self._all[which]
        found = [each for each in self._all if which in (each.id, f"{each.model}::{each.id}")]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{each.model}::{each.id}" for each in found)
            raise KeyError(f"{which!r} stands for several: {names}")
        raise KeyError(f"no claim {which!r}; there are {', '.join(each.id for each in self._all) or 'none'}")

    @property
    def as_expected(self) -> bool:
        """Whether every claim came out as its file expects."""
        return all(each.as_expected for each in self._all)

    def explain(self) -> list[Explanation]:
        """Explain each claim in plain words."""
        return [each.explain() for each in self._all]

    @overload
    def to_frame(self, library: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> pl.DataFrame: ...
    def to_frame(self, library: Literal["pandas", "polars"] = "pandas") -> pd.DataFrame | pl.DataFrame:
        """Return a table with a row per claim; docs/python.md lists its columns.

        Raises FrameError where the library is not installed.
        """
        return frame_of(self._all, library)

    def __str__(self) -> str:
        return shown(self._all)

    def __repr__(self) -> str:
        return "\n".join(
            [f"<{len(self)} claim{'s' * (len(self) != 1)}>", *(f"  {each!r}" for each in self._all)]
        )

    def _repr_html_(self) -> str:
        return cards(self._all, tally(_entries(self._all)))


def explained(result: Result) -> Explanation:
    """Explain a result, with what its kind of claim says of all its claims."""
    kind = next((kind for kind in kinds() if kind.name == result.kind), None)
    if kind is None:
        return explain(result)
    return explain(result, KindWords(prose_row(kind, "null hypothesis"), prose_row(kind, "does not say")))


def shown(results: Sequence[Result]) -> str:
    """Return results as pytest's terminal shows them, without colours."""
    return draw(Account(tuple(in_order(_entries(results)))), width=WIDTH, colour=False).rstrip("\n")


def _entries(results: Sequence[Result]) -> list[Entry]:
    return [
        Entry(f"{each.file}::{each.model}::{each.id}", "passed" if each.as_expected else "failed", each)
        for each in results
    ]
