"""GitHub's job summary: read back as HTML, what users wrote is text and nothing else."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser

import pytest
from hostile import ATTACK, entry
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from neuronclaims.foreign_text import one_line
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.files import ReportError
from neuronclaims.reports.markdown.job_summary import COLUMNS, LIMIT, ROWS, summary, write_summary
from neuronclaims.reports.markdown.markdown import escaped

RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"h2", "h3", "p", "ul", "li", "strong", "code", "br", "blockquote", "span", "details", "summary"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """Tags, attributes and texts of a page; the text nodes GitHub would look for names in."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.nodes: list[str] = []
        self.inside: list[str] = []
        self.feed(RENDER.render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        self.nodes.append("" if "code" in self.inside else data)
        self.text = getattr(self, "text", "") + data


def spaced(text: str) -> str:
    return " ".join(text.split())


@given(
    st.text(alphabet=st.characters() | st.sampled_from(list("@#:|`*_~<>&[]()!\\$-+.\n\rwx1")), max_size=60)
)
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    page = Page(f"x {escaped(text)} x")
    assert set(page.tags) <= {"p", "span"}
    assert spaced(page.text) == spaced(f"x {one_line(text)} x")
    for node in page.nodes:
        assert not re.search(r"[@#]\w|:[\w+-]+:|\$.*\$", node)


@pytest.mark.parametrize(
    "address", ["https://x.org", "http://x.org", "www.x.org", "WWW.x.org", "ftp://x.org"]
)
def test_addresses_do_not_become_links(address: str) -> None:
    # GitHub makes links of these as it reads the Markdown itself, where they stand in full.
    assert not re.search(r"www\.|://", escaped(address), re.IGNORECASE)
    assert address in Page(f"x {escaped(address)}").text


def test_a_hostile_session_has_the_summary_s_own_elements_and_all_its_rows() -> None:
    verdicts = ("supported", "refuted", "inconclusive", None)
    entries = tuple(entry(ATTACK, n, verdict) for n, verdict in enumerate(verdicts))
    page = Page(summary(Account(entries, (f"f.claims.yaml::model::{ATTACK}",), interrupted=True)))
    assert set(page.tags) <= OURS | TABLE
    assert [name for name, _ in page.attributes] == []
    assert page.tags.count("tr") == 1 + len(entries)
    assert page.tags.count("td") == len(COLUMNS) * len(entries)
    assert page.tags.count("li") == 3
    assert "</script><script>window.hacked=1</script>" in page.text
    assert "Partial: the run was interrupted after 4 of 5 claims" in page.text


def test_what_is_not_as_expected_comes_first_with_reason_and_place() -> None:
    entries = (entry("", 0), entry("", 1, "refuted"), entry("", 2, None))
    text = Page(summary(Account(entries))).text
    first, last = text.index("Not as expected"), text.index("All claims")
    missed = spaced(text[first:last])
    assert "refuted: neuron 0:1 separates hanoi from baseline" in missed
    assert "f.claims.yaml:3 on model" in missed
    assert "Because." in missed
    assert "No such neuron." in missed
    assert "neuron 0:0" not in missed
    assert "neuron 0:0" in text[last:]
    assert "Not as expected" not in summary(Account(entries[:1]))


@pytest.mark.parametrize(
    ("verdict", "drift", "times"),
    [
        ("refuted", "lost", 1),
        ("inconclusive", "weaker", 1),
        ("supported", "weaker", 1),
        ("refuted", "held", 0),
    ],
)
def test_what_became_of_a_claim_is_said_once_beside_what_it_came_to(verdict, drift, times) -> None:
    result = entry("", 0, verdict).result
    became = Entry("a::b::c", "failed", result, drift, "it was another <thing> once")
    text = Page(summary(Account((became,)))).text
    assert text.count("Since the baseline: it was another <thing> once") == times
    assert text.count("Because.") == (verdict != "supported")


@pytest.mark.parametrize("room", [2_000, 30_000, 200_000, LIMIT])
def test_the_summary_keeps_to_its_room_and_counts_what_is_left_out(room: int) -> None:
    entries = tuple(
        entry(ATTACK if n % 2 else "", n, "refuted" if n % 3 else "supported") for n in range(700)
    )
    text = summary(Account(entries), room)
    assert len(text.encode()) <= room
    page = Page(text)
    missed = sum(not e.result.as_expected for e in entries)
    left_out = [
        int(count.replace(",", ""))
        for count in re.findall(r"([\d,]+) more claims? (?:is|are) left out", page.text)
    ]
    shown = page.tags.count("li"), max(page.tags.count("tr") - 1, 0)
    assert max(shown) <= ROWS
    assert [missed - shown[0], len(entries) - shown[1]] == left_out


def test_a_summary_is_added_to_what_is_there(tmp_path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("# Before\n")
    assert write_summary(file, Account((entry(),))) == file
    once = file.read_text(encoding="utf-8")
    assert once.startswith("# Before\n")
    assert once.count("Claims about neurons") == 1
    write_summary(file, Account((entry(),)))
    assert file.read_text(encoding="utf-8").count("Claims about neurons") == 2


def test_a_full_summary_is_left_as_it_is(tmp_path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("x" * LIMIT)
    with pytest.raises(ReportError, match="has no room left"):
        write_summary(file, Account((entry(),)))
    assert file.stat().st_size == LIMIT


def test_a_summary_that_cannot_be_written_is_one_sentence(tmp_path) -> None:
    with pytest.raises(ReportError, match=r"could not be written: .*--claims-summary=off"):
        write_summary(tmp_path / "none" / "summary.md", Account((entry(),)))
    assert os.listdir(tmp_path) == []
