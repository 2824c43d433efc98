"""The page but for what differs from session to session: its time, and the sessions before it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from neuronclaims.foreign_text import visible
from neuronclaims.reports.account import Account
from neuronclaims.reports.history import History
from neuronclaims.reports.html.head import date_words
from neuronclaims.reports.html.past import past
from neuronclaims.reports.wording import p_value

HERE = Path(__file__).parent
WHEN, PAST = Markup("<!--when-->"), Markup("<!--past-->")
"""What stands in the page for its time and its past. No text of a user becomes a comment: "<" is escaped."""


def filled(page: str, account: Account, history: History) -> str:
    """Return a page with the time of its session, and with the sessions before it."""
    shown = templates().get_template("past.html").render(past=past(history, account))
    return page.replace(WHEN, escape(date_words(account.made))).replace(PAST, shown, 1)


@cache
def templates() -> Environment:
    """Return the templates of the page, which escape whatever is put into them."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["p"] = p_value
    return found


def _visible(value: Any) -> Any:
    """Escape control characters and characters that change the writing direction, in all text of templates."""
    if not isinstance(value, str) or isinstance(value, Markup) or (value.isascii() and value.isprintable()):
        return value
    return visible(value)
