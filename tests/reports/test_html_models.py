"""Claims by models in a browser: drawn without a complaint, heads that stay in sight, links that arrive."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import find_chromium
from hostile import ATTACK
from several_models import put_to
from test_html_browser import CONTRAST, complaints
from thorough import draws

from neuronclaims.reports.account import Account
from neuronclaims.reports.html import write_html

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="Chromium is not on this machine")

STEPS = [f"model@step{2**number}" for number in range(14)]


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Path:
    """Fifteen claims on fourteen models, and another file on one."""
    rows = {f"claim-{number}": "+-?! +-?!+-?!+" for number in range(15)}
    alone = put_to(["alone"], {"a": "+"}, file="g.claims.yaml")
    return write_html(tmp_path_factory.mktemp("series"), Account(tuple(put_to(STEPS, rows) + alone)))


def test_the_course_is_drawn_even_of_hostile_names_with_no_complaint(browser, tmp_path) -> None:
    names = [f"{number} {ATTACK}" for number in range(3)]
    browser.open(write_html(tmp_path, Account(tuple(put_to(names, {f"a {ATTACK}": "+-!"}, text=ATTACK)))))
    browser.js("document.querySelector('.across .plot').scrollIntoView()")
    browser.wait("document.querySelector('.across .plot').dataset.state === 'drawn'")
    assert browser.js("window.hacked") is None
    assert complaints(browser) == []
    legend = "[...document.querySelectorAll('.across .legendtext')].map((text) => text.textContent)"
    assert browser.js(legend) == ["supported", "refuted"]
    assert browser.js("document.querySelector('.across .annotation-text').textContent").startswith(
        "a </script>"
    )


def test_heads_of_rows_and_columns_stay_in_sight(browser, series) -> None:
    browser.open(series)
    browser.js("document.querySelector('.matrix').scrollIntoView()")
    browser.js("document.querySelector('.matrix').scrollTo(900, 400)")
    place = (
        "(() => { const box = document.querySelector('.matrix').getBoundingClientRect();"
        " return [...document.querySelectorAll('.matrix %s')].map((head) => head.getBoundingClientRect())"
        ".map((head) => [head.left - box.left, head.top - box.top]); })()"
    )
    assert all(abs(top) < 2 for _, top in browser.js(place % "thead th"))
    assert all(abs(left) < 2 for left, _ in browser.js(place % "tbody th"))
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")


def test_a_verdict_leads_to_its_claim_on_that_model_and_the_file_filter_hides_the_table(
    browser, series
) -> None:
    browser.open(series)
    browser.js("document.querySelectorAll('.matrix tbody tr')[14].querySelectorAll('a')[12].click()")
    goal = "document.getElementById(location.hash.slice(1))"
    browser.wait(f"{goal}?.getBoundingClientRect().top < 300")
    assert f"::{STEPS[-1]}::claim-14" in browser.js(f"{goal}.querySelector('.again').textContent")
    browser.js(
        "(() => { const field = document.querySelector('[name=file]'); field.value = 'g.claims.yaml';"
        "field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    assert browser.js("document.querySelector('.across').hidden") is True


def test_on_paper_all_rows_and_columns_are_there(browser, series, tmp_path) -> None:
    browser.open(series)
    browser.prefer("light", "print")
    try:
        box = "document.querySelector('.matrix').getBoundingClientRect()"
        table = "document.querySelector('.matrix table').getBoundingClientRect()"
        assert browser.js(f"{table}.right <= {box}.right + 1 && {table}.bottom <= {box}.bottom + 1")
    finally:
        browser.prefer("light")


@pytest.mark.parametrize("scheme", draws(["dark"], ["light", "dark"]))
def test_all_text_of_the_table_stands_out(browser, series, scheme) -> None:
    browser.prefer(scheme)
    browser.open(series)
    worst = browser.js(CONTRAST)
    browser.prefer("light")
    assert worst[0] >= 4.5, worst
