"""The HTML report as text: what stands in it, that text stays text, and what it may load."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hostile import ATTACK, ATTACKS, entry

from neuronclaims.foreign_text import visible
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.html.claim_view import ClaimView
from neuronclaims.reports.html.page import page
from neuronclaims.reports.html.script import NO_SCRIPT

VERDICTS = ("supported", "refuted", "inconclusive", None)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Reader(HTMLParser):
    """Collects a page's elements, attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open = [tag]

    def handle_endtag(self, tag: str) -> None:
        self.open = []

    def handle_data(self, data: str) -> None:
        last, attributes = self.elements[-1] if self.elements else ("", {})
        if self.open == [last] and last in self.inline and "type" not in attributes:
            self.inline[last].append(data)
        elif self.open != ["script"]:
            self.texts.append(data)

    def tags(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rendered(entries: Sequence[Entry], complete: bool = True) -> str:
    return page(
        Account(tuple(entries), () if complete else ("missing",), made="2026-01-01T00:00:00+00:00"),
        environment={"neuronclaims": "1", "python": ATTACK},
        commits={entry.result.file: f"abc {ATTACK}" for entry in entries},
    )


@pytest.fixture(scope="module")
def attacked() -> str:
    return rendered([entry(ATTACK, number, verdict) for number, verdict in enumerate(VERDICTS)])


def test_no_text_of_a_user_becomes_an_element_or_an_attribute(attacked) -> None:
    harmless = Reader(rendered([entry("", number, verdict) for number, verdict in enumerate(VERDICTS)]))
    found = Reader(attacked)
    assert {tag for tag, _ in found.elements} == {tag for tag, _ in harmless.elements}
    for tag in ("script", "style", "article", "figure", "meta", "a", "input"):
        assert len(found.tags(tag)) == len(harmless.tags(tag)), tag
    names = {name for _, attributes in found.elements for name in attributes}
    assert names == {name for _, attributes in harmless.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "src", "srcdoc"}
    assert all((a["href"] or "").startswith("#") for a in found.tags("a"))


def test_every_attack_can_be_read_letter_by_letter(attacked) -> None:
    text = "".join(Reader(attacked).texts)
    for attack in ATTACKS:
        assert text.count(visible(attack)) > 20, attack


def test_nothing_can_turn_the_direction_of_writing_or_move_a_cursor(attacked) -> None:
    assert UNSEEN.findall(attacked) == []


def test_the_policy_allows_the_page_s_own_script_and_styles_by_their_hashes_and_nothing_else(
    attacked,
) -> None:
    found = Reader(attacked)
    given = next(m["content"] for m in found.tags("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in (given or "").split("; "))

    def hashes(kind: str) -> set[str]:
        digests = (hashlib.sha256(text.encode()).digest() for text in found.inline[kind])
        return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}

    assert set(rules["script-src"].split()) == {*hashes("script"), NO_SCRIPT.digest}
    assert set(rules["style-src"].split()) == hashes("style")
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in (given or "")
    assert "http" not in (given or "")


def test_the_page_names_no_other_host(attacked) -> None:
    assert re.findall(r"https?://[^\s\"']+", attacked) == []
    assert not [a for tag, a in Reader(attacked).elements if tag in ("link", "img", "iframe", "object")]


def test_every_claim_has_its_own_place_that_the_overview_links_to() -> None:
    alike = [entry("x!", 1), entry("x?", 1), entry("y", 2)]
    found = Reader(rendered(alike))
    places = [article["id"] for article in found.tags("article")]
    assert len(set(places)) == 3
    assert set(places) <= {(a["href"] or "")[1:] for a in found.tags("a")}
    assert [row["data-claim"] for row in found.tags("tr") if "data-claim" in row] == places
    assert ClaimView(alike[0]).anchor == ClaimView(entry("x!", 1)).anchor


def test_every_id_is_there_once_and_every_label_names_one(attacked) -> None:
    found = Reader(attacked)
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    named = {a["aria-labelledby"] for _, a in found.elements if "aria-labelledby" in a}
    assert named <= set(ids)


def plots_of(text: str) -> list[Any]:
    """Return what a page draws, place by place; the first are the texts that plots share."""
    packed = re.search(r'<script type="text/plain" id="plots">([A-Za-z0-9+/=]*)</script>', text)
    assert packed
    lines = gzip.decompress(base64.b64decode(packed[1], validate=True)).decode("ascii")
    return [json.loads(line) for line in lines.split("\n")]


def test_each_plot_has_words_and_data_and_each_figure_a_table(attacked) -> None:
    data = plots_of(attacked)
    for article in re.findall(r"<article.*?</article>", attacked, re.S):
        plots = [a for _, a in Reader(article).elements if (a.get("class") or "").startswith("plot ")]
        assert all(a["role"] == "img" and a["aria-label"] for a in plots)
        place = Reader(article).tags("article")[0].get("data-plots")
        assert (len(data[int(place)]) if place else 0) == len(plots)
        for figure in re.findall(r"<figure>.*?</figure>", article, re.S):
            assert "<table" in figure
            assert "<figcaption>" in figure


def test_tables_say_what_their_columns_are(attacked) -> None:
    for table in re.findall(r"<table.*?</table>", attacked, re.S):
        assert "<caption" in table
        head = Reader(table.split("</thead>")[0]).tags("th")
        assert head
        assert all(cell["scope"] == "col" for cell in head)


@pytest.mark.parametrize("name", ["plain", "with space", "it's", "$(rm -rf ~)", 'a"b', "a;b"])
def test_the_line_to_test_a_claim_again_is_one_argument_to_a_shell(name: str) -> None:
    nodeid = f"claims/a.claims.yaml::demo::{name}"
    assert shlex.split(ClaimView(Entry(nodeid, "passed", entry().result)).command) == ["pytest", nodeid]


def test_a_session_cut_short_says_so_and_a_whole_one_does_not() -> None:
    assert "Partial report" in rendered([entry()], complete=False)
    assert "Partial report" not in rendered([entry()])


def test_what_became_of_a_claim_since_the_baseline_is_said_and_can_be_filtered_by() -> None:
    lost = replace(entry("x", 1), drift="lost", drift_reason="The effect <fell>.")
    found = Reader(rendered([lost, entry("y", 2)]))
    assert [row["data-drift"] for row in found.tags("tr") if "data-claim" in row] == ["lost", ""]
    assert "drift" in {select["name"] for select in found.tags("select")}
    assert ": The effect <fell>." in found.texts
    assert "drift" not in {select["name"] for select in Reader(rendered([entry("y", 2)])).tags("select")}


def test_a_claim_that_could_not_be_tested_shows_its_error_and_no_numbers() -> None:
    text = rendered([entry("", 0, None)])
    assert "No such neuron." in text
    assert "<figure>" not in text
    assert ">broken<" in text


def test_the_same_results_make_the_same_page() -> None:
    assert rendered([entry(), entry("", 1)]) == rendered([entry(), entry("", 1)])


def test_texts_that_claims_share_stand_in_the_page_once_and_plots_find_them_again() -> None:
    alike, other = entry("", 0), entry("else", 1)
    text = rendered([alike, entry("", 2), other])
    shared, *plots = plots_of(text)
    first, second, third = (
        [
            shared[trace["text"]["shared"]]
            for data, _ in claim
            for trace in data
            if "shared" in trace.get("text", "")
        ]
        for claim in plots[-3:]
    )
    assert ["A prompt."] * 9 in first
    assert first == second
    assert ["A prompt. else"] * 9 in third
    assert sum(texts == ["A prompt."] * 9 for texts in shared) == 1


def test_a_report_is_written_without_plotly_s_package_and_read_without_jinja(tmp_path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path.parent)!r})
import neuronclaims.pytest_session.recorder, neuronclaims.reports.entry
print(sorted({{"jinja2", "plotly", "numpy"}} & set(sys.modules)))
from pathlib import Path
from neuronclaims.reports.html import write_html
from neuronclaims.reports.account import Account
write_html(Path({str(tmp_path)!r}), Account(()))
print(sorted({{"jinja2", "plotly"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout.split("\n")[:2] == ["[]", "['jinja2']"]
