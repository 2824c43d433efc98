"""Show a neuron's values on the tokens of prompts: text whose tokens are coloured, without any script."""

from __future__ import annotations

from neuronclaims.figures import TokenMap, TokenRow
from neuronclaims.reports.html.figures.drawing import Drawing, Numbers
from neuronclaims.reports.html.figures.token_text import ShownPrompt, ShownToken, TokenText
from neuronclaims.reports.wording import number

STEPS = 5
"""How many colours there are on each side of 0."""

LISTED = 3
"""Tokens of each prompt that the table lists: those with the largest values."""

SAYS = {"for": "most for the claim", "against": "most against it"}


def draw(figure: TokenMap) -> Drawing:
    """Colour the tokens by their value, from the largest size on both sides of 0."""
    caption = f"{figure.axis}, token by token (read: {figure.rule})"
    if not figure.rows:
        return Drawing(caption, (), (_numbers(figure),))
    groups = tuple(
        (said, tuple(_prompt(row, figure.largest) for row in figure.rows if row.speaks == speaks))
        for speaks, said in SAYS.items()
    )
    return Drawing(
        caption,
        (),
        (_numbers(figure),),
        TokenText(groups, _scale(figure), any(row.marked for row in figure.rows)),
    )


def step(value: float, largest: float) -> int:
    """Return the colour of a value: from ``-STEPS`` to ``STEPS``, 0 for what is near 0.

    >>> step(0.0, 2.0), step(2.0, 2.0), step(-1.1, 2.0)
    (0, 5, -3)
    """
    return round(STEPS * value / largest) if largest > 0 else 0


def classes_of(value: float, largest: float) -> str:
    """Return the classes of a token's colour in the page's style."""
    found = step(value, largest)
    return "" if found == 0 else f"{'up' if found > 0 else 'down'}-{abs(found)}"


def _prompt(row: TokenRow, largest: float) -> ShownPrompt:
    marked = set(row.marked)
    tokens = tuple(
        ShownToken(
            text,
            number(value),
            f"{classes_of(value, largest)}{' read' if place in marked else ''}".strip(),
        )
        for place, (text, value) in enumerate(zip(row.tokens, row.values, strict=True))
    )
    return ShownPrompt(row.set, number(row.value), *row.cut, tokens)


def _scale(figure: TokenMap) -> tuple[ShownToken, ...]:
    """Return the colours with the numbers they stand for, from the lowest that is there to the highest."""
    values = [value for row in figure.rows for value in row.values]
    ends = (min(0.0, *values), max(0.0, *values))
    shown = dict.fromkeys((ends[0], ends[0] / 2, 0.0, ends[1] / 2, ends[1]))
    return tuple(ShownToken(number(value), "", classes_of(value, figure.largest)) for value in shown)


def _numbers(figure: TokenMap) -> Numbers:
    rows = [
        (SAYS[row.speaks], row.set, number(row.value), row.tokens[place], number(row.values[place]))
        for row in figure.rows
        for place in sorted(range(len(row.tokens)), key=lambda at, row=row: -abs(row.values[at]))[:LISTED]  # type: ignore[misc]
    ]
    columns = ("prompt", "set", "read of it", "token", "value")
    return Numbers(columns, tuple(rows), "the tokens of each prompt with the largest values")
