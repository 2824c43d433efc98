"""Write results as the HTML of a notebook's output cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from neuronclaims.figures import Figure, Null, TokenMap, table_of
from neuronclaims.foreign_text import visible
from neuronclaims.reports.html.figures import draw
from neuronclaims.reports.html.figures.token_text import TokenText
from neuronclaims.reports.terminal.sketches import lines_of_all
from neuronclaims.reports.wording import counts_text, effect_name, number, p_value, rank_text
from neuronclaims.results import Evidence, Result

MOST_FIGURES = 12
"""How many claims of one output have a drawing; a notebook with thousands would not open."""


@dataclass(frozen=True, slots=True)
class Card:
    """One result as its card in a notebook."""

    result: Result
    drawn: bool = True

    @property
    def verdict(self) -> str:
        """The verdict in one word."""
        return self.result.verdict or "broken"

    @property
    def remark(self) -> str:
        """What was expected, where it came out otherwise, or where not support was expected."""
        if self.result.as_expected:
            return "as expected" if self.result.expect != "supported" else ""
        return f"expected {self.result.expect}"

    @property
    def numbers(self) -> str:
        """The effect with its interval, p, how many took part, and the rank, on one line."""
        evidence = self.result.evidence
        if evidence is None:
            return ""
        effect, test = evidence.effect, evidence.test
        parts = [f"{effect_name(effect)} {number(effect.value, effect.signed)}"]
        if effect.low is not None and effect.high is not None:
            parts[0] += f" ({100 * effect.level:g} % interval {number(effect.low)} to {number(effect.high)})"
        parts += [f"p {p_value(test.p_adjusted)} ({test.corrected})"] if test else []
        parts += [f"n {counts_text(evidence)}"] if evidence.counts else []
        parts += [f"rank {rank_text(self.result)}"] if evidence.rank else []
        return ", ".join(parts)

    @property
    def picture(self) -> Markup:
        """The first figure as SVG, or as bars of characters where matplotlib is not installed."""
        evidence = self.result.evidence
        if evidence is None or not self.drawn:
            return Markup("")
        figure = first_figure(evidence)
        if figure is not None and find_spec("matplotlib") is not None:
            from neuronclaims.reports.plots import svg_of

            return Markup(svg_of(figure))
        bars = "\n".join(lines_of_all(evidence.figures, ascii_only=False, everything=False))
        return Markup(f"<pre>{escape(visible(bars))}</pre>") if bars else Markup("")

    @property
    def tokens(self) -> list[tuple[str, TokenText]]:
        """The heat maps of its neurons, token by token, each with its title."""
        evidence = self.result.evidence
        maps = (
            [each for each in evidence.figures if isinstance(each, TokenMap)]
            if evidence and self.drawn
            else []
        )
        drawn = [draw(each) for each in maps]
        return [(each.caption, each.tokens) for each in drawn if each.tokens is not None]


def first_figure(evidence: Evidence) -> Figure | None:
    """Return the figure that says most of a claim: the first that is drawn and shows what was measured."""
    drawn = [
        figure for figure in evidence.figures if table_of(figure) is None and not isinstance(figure, TokenMap)
    ]
    measured = [figure for figure in drawn if not isinstance(figure, Null)]
    return next(iter([*measured, *drawn]), None)


def cards(results: Sequence[Result], tally: str = "") -> str:
    """Return results as HTML: a card for each, what is not as expected first."""
    ordered = sorted(results, key=lambda result: result.as_expected)
    shown = [Card(result, place < MOST_FIGURES) for place, result in enumerate(ordered)]
    return _environment().get_template("cards.html").render(cards=shown, tally=tally)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: (
            value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)
        ),
        trim_blocks=True,
        lstrip_blocks=True,
    )
