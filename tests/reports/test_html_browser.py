"""The HTML report in a browser: opened from its folder, it draws, filters, sorts and asks nobody for anything."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import Page, chromium, find_chromium
from forked import run_pytest
from hostile import ATTACK, ATTACKS, entry
from thorough import THOROUGH, draws

from neuronclaims.figures import Distributions, Row, Surface
from neuronclaims.foreign_text import visible
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.html import write_html

pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not on this machine"),
    pytest.mark.skipif(not THOROUGH, reason="a browser takes more than a minute: make thorough"),
]

ROOT = Path(__file__).parents[2]
DRAW_ALL = """
(async () => {
  for (const plot of document.querySelectorAll(".plot")) {
    plot.closest("details")?.setAttribute("open", "");
    plot.scrollIntoView({ block: "center" });
    for (let waited = 0; !plot.dataset.state && waited < 500; waited++) await new Promise((on) => setTimeout(on, 20));
    plot.dataset.seen = `${plot.dataset.state} ${plot.querySelectorAll(".main-svg").length > 0}`;
  }
  return [...document.querySelectorAll(".plot")].map((plot) => plot.dataset.seen);
})()
"""
SHOWN = "[...document.querySelectorAll('#rows tr[data-claim]:not([hidden])')].map((row) => row.dataset.claim)"
SECTIONS = "[...document.querySelectorAll('.claim:not([hidden])')].map((claim) => claim.id)"


SOON = ("places", "flowers", "heads", "picked", "ranks", "sets", "seed-001-steering", "seed-002-alone")


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The report of demo claims, written by a pytest session: of those that are soon judged, or of all."""
    folder = tmp_path_factory.mktemp("demo")
    files = draws([f"claims/{name}.claims.yaml" for name in SOON], ["claims/"])
    written = (f"--claims-report={folder}", "-q", "-p", "no:cacheprovider")
    done = run_pytest(ROOT, [*files, *written], {**os.environ, "PYTEST_ADDOPTS": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "index.html"


VERDICTS = ("supported", "refuted", "inconclusive", None)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A report with one claim of each verdict, and every type of figure in all that have any."""
    claims = [entry("", number, verdict) for number, verdict in enumerate(VERDICTS)]
    return write_html(tmp_path_factory.mktemp("small"), Account(tuple(claims)))


@pytest.fixture(scope="module")
def flat(tmp_path_factory) -> Path:
    """The same without surfaces: drawing those in 3D without a graphics card takes a second each time."""
    claims = [without_surfaces(entry("", number, verdict)) for number, verdict in enumerate(VERDICTS)]
    return write_html(tmp_path_factory.mktemp("flat"), Account(tuple(claims)))


def without_surfaces(one: Entry) -> Entry:
    if one.result.evidence is None:
        return one
    figures = tuple(figure for figure in one.result.evidence.figures if not isinstance(figure, Surface))
    return replace(one, result=replace(one.result, evidence=replace(one.result.evidence, figures=figures)))


def choose(browser: Page, name: str, value: str) -> None:
    browser.js(
        f"(() => {{ const field = document.querySelector('[name={name}]'); field.value = {value!r};"
        "field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def complaints(browser: Page) -> list[str]:
    """What the console says but for drivers, which have opinions about software rendering."""
    return [
        text for text in browser.complaints if "GPU stall" not in text and "willReadFrequently" not in text
    ]


def test_demo_claims_are_drawn_with_no_complaint_and_no_request(browser, demo) -> None:
    browser.open(demo)
    states = browser.js(DRAW_ALL)
    assert len(states) > draws(40, 80)
    assert set(states) == {"drawn true"}
    assert complaints(browser) == []
    outside = [url for url in browser.requests if not url.startswith(("data:", "blob:"))]
    assert [Path(url).name for url in outside] == ["index.html"]
    assert all(url.startswith("file:") for url in outside)


def test_figures_out_of_sight_are_not_drawn_and_let_go_of_again(browser, demo) -> None:
    browser.open(demo)
    drawn = "document.querySelectorAll('.plot[data-state=drawn]').length"
    state = "document.querySelectorAll('.plot')[20].dataset.state"
    assert browser.js(state) is None
    browser.js("document.querySelectorAll('.plot')[20].scrollIntoView()")
    browser.wait(f"{state} === 'drawn'")
    assert browser.js(drawn) < 20
    browser.js("scrollTo(0, 0)")
    browser.wait(f"{state} === undefined")


def test_no_attack_is_run_and_all_are_shown(browser, tmp_path) -> None:
    browser.open(write_html(tmp_path, Account((entry(ATTACK, 0), entry(ATTACK, 1, None)))))
    assert set(browser.js(DRAW_ALL)) == {"drawn true"}
    assert browser.js("window.hacked") is None
    assert complaints(browser) == []
    assert len(browser.requests) == len(
        [url for url in browser.requests if url.startswith(("file:", "data:"))]
    )
    page = browser.js("document.querySelector('main').innerText")
    assert all(visible(attack) in page for attack in ATTACKS[:4])
    browser.js("document.querySelector('.plot').scrollIntoView()")
    browser.wait("document.querySelector('.plot').dataset.state === 'drawn'")
    legend = browser.js("document.querySelector('.legendtext').textContent")
    assert "first </script><script>window.hacked=1</script>" in legend
    assert "<b>bold</b> &lt;i&gt; &amp; %{x}" in legend


def test_texts_that_read_like_names_of_colours_stay_texts(browser, tmp_path) -> None:
    rows = Row("var:grid", (1.0, 2.0, 3.0), ("var:ink",) * 3), Row("on:least,most:0.5", (1.0, 2.0))
    claim = entry()
    evidence = replace(claim.result.evidence, figures=(Distributions("var:paper", rows),))
    browser.open(
        write_html(tmp_path, Account((replace(claim, result=replace(claim.result, evidence=evidence)),)))
    )
    assert set(browser.js(DRAW_ALL)) == {"drawn true"}
    legend = browser.js("[...document.querySelectorAll('.legendtext')].map((text) => text.textContent)")
    assert set(legend) == {"var:grid", "on:least,most:0.5"}
    assert browser.js("document.querySelector('.xtitle').textContent") == "var:paper"
    assert browser.js("document.querySelector('.plot').data.find((trace) => trace.text).text[0]") == "var:ink"


def test_filters_hide_rows_and_claims_and_say_how_many_are_left(browser, flat) -> None:
    browser.open(flat)
    all_claims = browser.js(SHOWN)
    assert len(all_claims) == 4
    browser.js("document.querySelector('[name=verdict][value=supported]').click()")
    assert browser.js(SHOWN) == browser.js(SECTIONS) == all_claims[:3]
    assert browser.js("document.getElementById('count').textContent") == "3 of 4 claims shown"
    choose(browser, "text", "0:2")
    assert browser.js(SHOWN) == browser.js(SECTIONS) == [all_claims[1]]
    choose(browser, "text", "nothing like this")
    assert browser.js(SECTIONS) == []
    assert browser.js("document.getElementById('none').hidden") is False
    browser.js("document.querySelector('[type=reset]').click()")
    browser.wait(f"{SHOWN}.length === 4")
    browser.js("document.querySelector('[name=unexpected]').click()")
    assert browser.js(SHOWN) == all_claims[:3]


def test_the_model_and_file_filters_take_names_as_they_are(browser, tmp_path) -> None:
    browser.open(write_html(tmp_path, Account((entry('a"b', 0), entry("it's <x>", 1)))))
    names = browser.js("[...document.querySelector('[name=model]').options].map((option) => option.value)")
    assert names == ["", 'model a"b', "model it's <x>"]
    browser.js(
        "(() => { const field = document.querySelector('[name=model]'); field.selectedIndex = 2;"
        "field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    assert len(browser.js(SHOWN)) == 1


def test_columns_sort_both_ways_and_back_and_leave_unknown_values_last(browser, flat) -> None:
    browser.open(flat)
    first = browser.js(SHOWN)
    claims = {name[: len("claim-0")]: name for name in first}
    assert [name[: len("claim-0")] for name in first] == ["claim-1", "claim-2", "claim-3", "claim-0"]
    head = "document.querySelectorAll('#rows thead th')"
    by_verdict = [claims[f"claim-{number}"] for number in (0, 2, 1, 3)]
    browser.js(f"{head}[0].querySelector('button').click()")
    assert browser.js(SHOWN) == by_verdict
    assert browser.js(f"{head}[0].getAttribute('aria-sort')") == "ascending"
    browser.js(f"{head}[1].querySelector('button').click(); {head}[1].querySelector('button').click()")
    assert browser.js(SHOWN) == [claims[f"claim-{number}"] for number in (3, 2, 1, 0)]
    assert browser.js(f"[...{head}].map((cell) => cell.getAttribute('aria-sort'))")[:2] == [
        None,
        "descending",
    ]
    browser.js(f"{head}[1].querySelector('button').click()")
    assert browser.js(SHOWN) == first
    for _ in range(2):
        browser.js(f"{head}[3].querySelector('button').click()")
        assert browser.js(SHOWN)[-1] == claims["claim-3"]


@pytest.mark.parametrize(
    ("place", "marks", "told"),
    [
        (0, ".xy2 .points path", "A prompt.0"),
        (1, ".points path", "0:2 [4.00, 6.00]: 5.00"),
    ],
)
def test_pointing_at_a_value_tells_what_and_how_much_it_is(browser, flat, place, marks, told) -> None:
    browser.open(flat)
    plot = f"document.querySelectorAll('.plot')[{place}]"
    browser.js(f"{plot}.scrollIntoView({{ block: 'center' }})")
    browser.wait(f"{plot}.dataset.state === 'drawn'")
    last = "0" if place == 0 else "-1"
    spot = browser.js(
        f"(() => {{ const box = [...{plot}.querySelectorAll('{marks}')].at({last}).getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    browser.point(spot[0] - 40, spot[1])
    browser.point(*spot)
    browser.wait(f"{plot}.querySelector('.hovertext')?.textContent.includes('{told}')")


def test_many_claims_are_folded_by_file_and_a_filter_unfolds_what_fits(browser, tmp_path) -> None:
    several = [without_surfaces(entry("", number)) for number in range(41)]
    browser.open(write_html(tmp_path, Account((*several, entry("", 41, "refuted")))))
    seen = (
        "[...document.querySelectorAll('#rows tr[data-claim]')].filter((row) => row.checkVisibility()).length"
    )
    assert browser.js(seen) == 1
    browser.js("document.querySelector('#rows .group button').click()")
    assert browser.js(seen) == 42
    browser.js("document.querySelector('#rows .group button').click()")
    choose(browser, "text", "0:7")
    assert browser.js(seen) == 1
    assert browser.js("document.querySelectorAll('.forest [data-of]:not([hidden])').length") == 1


def test_nothing_is_wider_than_a_narrow_screen(browser, flat) -> None:
    browser.size(390, 900)
    browser.open(flat)
    browser.js(DRAW_ALL)
    assert browser.js("document.documentElement.scrollWidth") == 390
    scrolls = "one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'auto'"
    assert browser.js(f"[...document.querySelectorAll('main *')].filter((one) => {scrolls}).length") == 0
    browser.size(1280, 900)


def test_a_link_to_a_claim_that_is_filtered_away_shows_it_again(browser, flat) -> None:
    browser.open(flat)
    first = browser.js(SHOWN)[0]
    choose(browser, "text", "0:3")
    browser.js(f"location.hash = '{first}'")
    browser.wait(f"{SHOWN}.length === 4")


def test_a_link_from_elsewhere_arrives_at_its_claim(browser, flat) -> None:
    browser.open(flat)
    last = browser.js(SHOWN)[-1]
    browser.call("Page.navigate", url="about:blank")  # else the page is not loaded again
    browser.open(f"{flat.resolve().as_uri()}#{last}")
    browser.wait(f"document.getElementById('{last}')?.getBoundingClientRect().top < 300")


def test_colours_follow_the_system_and_the_button_and_figures_follow_them(browser, flat) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.plot .xtitle')).fill"
    browser.open(flat)
    browser.js("document.querySelector('.plot').scrollIntoView()")
    browser.wait("document.querySelector('.plot .xtitle') !== null")
    light = browser.js(background), browser.js(ink)
    browser.prefer("dark")
    browser.wait(f"{background} !== '{light[0]}'")
    browser.wait(f"document.querySelector('.plot .xtitle') && {ink} !== '{light[1]}'")
    browser.js("document.getElementById('theme').click()")
    browser.wait(f"{background} === '{light[0]}'")
    browser.wait(f"document.querySelector('.plot .xtitle') && {ink} === '{light[1]}'")
    browser.js("localStorage.clear()")


def test_paper_has_every_figure_in_light_colours_though_the_reader_prefers_dark(
    browser, small, tmp_path
) -> None:
    browser.prefer("dark")
    browser.open(small)
    browser.wait("window.Plotly !== undefined")
    browser.js(BEFORE_PAPER)
    browser.print(tmp_path / "page.pdf")
    ink, *states = browser.js("window.printed")
    assert ink == "rgb(27, 31, 36)"
    assert len(states) > 10
    assert set(states) == {"drawn640"}


BEFORE_PAPER = """
addEventListener("beforeprint", async () => {
  for (let turn = 0; turn < 1000; turn++) await null;  // printing begins when no promise is left to keep
  const every = [...document.querySelectorAll(".plot:not(.solid)")];
  const plots = every.filter((plot) => !plot.closest("details:not([open])"));
  const widths = plots.map((plot) => plot.dataset.state + plot.querySelector(".main-svg").getAttribute("width"));
  window.printed = [getComputedStyle(document.querySelector(".plot .xtitle")).fill, ...widths];
})
"""


def test_everything_one_can_click_is_reached_by_the_keyboard_and_seen(browser, flat) -> None:
    browser.open(flat)
    browser.js("document.getElementById('more').open = true")
    reached = []
    for _ in range(16):
        browser.press("Tab", 9)
        reached.append(browser.js("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert reached[0] == "Skip to the claims"
    assert {"Dark", "verdict", "kind", "file", "model", "text", "unexpected", "Show all"} <= set(reached)
    assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_who_listens_hears_the_name_of_every_control_table_and_figure(flat, tmp_path) -> None:
    with chromium(tmp_path / "profile", "--force-renderer-accessibility") as page:
        page.open(flat)
        page.js("document.getElementById('more').open = true")
        page.call("Accessibility.enable")
        nodes = [node for node in page.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    named = {"image", "table", "region", "article", "search", "columnheader"}
    roles = [node["role"]["value"] for node in nodes]
    assert {"button", "combobox", "searchbox", "checkbox", "link", *named} <= {*roles}
    assert roles.count("article") == 4
    unnamed = [
        node
        for node, role in zip(nodes, roles, strict=True)
        if role in named or any(fact["name"] == "focusable" for fact in node["properties"])
        if not node.get("name", {}).get("value", "").strip()
    ]
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_background(browser, flat, scheme) -> None:
    browser.prefer(scheme)
    browser.open(flat)
    worst = browser.js(CONTRAST)
    assert worst[0] >= 4.5, worst


CONTRAST = """
(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const part = c[i] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = [99, ""];
  for (const node of document.querySelectorAll("body *")) {
    const told = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!told || node.closest(".plot, script, [hidden]")) continue;
    const [one, other] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < worst[0]) worst = [ratio, node.textContent.trim().slice(0, 60)];
  }
  return worst;
})()
"""


@pytest.mark.parametrize(("scheme", "colours"), [("light", "wb"), ("dark", "bw")])
def test_numbers_in_cells_are_black_or_white_by_what_they_stand_on(browser, flat, scheme, colours) -> None:
    browser.prefer(scheme)
    browser.open(flat)
    plot = "document.querySelector('.plot.square')"
    browser.js(f"{plot}.scrollIntoView()")
    browser.wait(f"{plot}.dataset.state === 'drawn'")
    fills = browser.js(
        f"[...{plot}.querySelectorAll('.textpoint text')].map((text) => getComputedStyle(text).fill)"
    )
    names = {"rgb(0, 0, 0)": "b", "rgb(255, 255, 255)": "w"}
    assert [names[fill] for fill in fills][:2] == list(colours)


def test_without_webgl_heat_maps_tell_what_surfaces_would(small, tmp_path) -> None:
    with chromium(tmp_path / "profile", "--disable-3d-apis") as page:
        page.size(1280, 900)
        page.open(small)
        assert sorted(set(page.js(DRAW_ALL))) == ["drawn true", "failed false"]
        states = page.js("[...document.querySelectorAll('.plot.solid')].map((plot) => plot.textContent)")
        assert states
        assert all("no WebGL" in state for state in states)
        assert page.js("document.querySelectorAll('a[href^=http]').length") == 0


def test_a_thousand_claims_are_one_small_file_that_filters(browser, tmp_path) -> None:
    path = write_html(tmp_path, Account(tuple(entry("", number) for number in range(1000))))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 30_000_000
    browser.open(path)
    assert browser.js(f"{SHOWN}.length") == 1000
    choose(browser, "text", "0:999")
    assert browser.js(f"{SECTIONS}.length") == 1
    assert complaints(browser) == []
