"""Write results as one HTML document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup

from neuronclaims.reports.account import Account
from neuronclaims.reports.history import History
from neuronclaims.reports.html.claim_view import ClaimView
from neuronclaims.reports.html.forest import forest
from neuronclaims.reports.html.gaps import PAST, WHEN, filled, templates
from neuronclaims.reports.html.head import models_of
from neuronclaims.reports.html.overview import overview
from neuronclaims.reports.html.policy import policy
from neuronclaims.reports.html.script import NO_SCRIPT, DrawingScript
from neuronclaims.reports.html.shared import PlotData
from neuronclaims.reports.wording import tally

HERE = Path(__file__).parent
SCRIPTS = ("theme.js", "overview.js", "figures.js")
STYLES = ("base.css", "overview.css", "claims.css", "phone.css", "print.css")
NOTHING_BEFORE = History()
RESERVED = "/* Plotly puts its own rules here */"


def page(
    account: Account,
    *,
    environment: Mapping[str, str],
    commits: Mapping[str, str],
    drawing: DrawingScript = NO_SCRIPT,
    history: History = NOTHING_BEFORE,
) -> str:
    """Return the report of a session as HTML; its entries are in the order of file and model.

    ``environment`` are the versions the numbers were made with, ``commits`` where claim files stand in git,
    ``drawing`` is the script that draws, and ``history`` are the earlier sessions.
    """
    return filled(drawn(account, environment, commits, drawing), account, history)


def drawn(
    account: Account, environment: Mapping[str, str], commits: Mapping[str, str], drawing: DrawingScript
) -> str:
    """Return the page with gaps where its time and the earlier sessions belong."""
    plots = PlotData()
    claims = [ClaimView(entry, commits.get(entry.result.file, ""), plots) for entry in account.entries]
    script = "\n".join(_asset(name) for name in SCRIPTS)
    start = _asset("start.js")
    style, dark = "\n".join(_asset(name) for name in STYLES), _asset("dark.css")
    return (
        templates()
        .get_template("report.html")
        .render(
            policy=policy([start, script], [style, dark, RESERVED], later=[drawing.digest]),
            start=Markup(start),
            script=Markup(script),
            style=Markup(style),
            dark=Markup(dark),
            reserved=Markup(RESERVED),
            drawing=drawing,
            tally=tally(account.entries),
            overview=overview(claims, plots),
            claims=claims,
            plots=plots,
            forest=forest(claims),
            past=PAST,
            account=account,
            when=WHEN,
            models=models_of(account),
            environment=environment,
        )
    )


@cache
def _asset(name: str) -> str:
    return (HERE / "assets" / name).read_text(encoding="utf-8")
