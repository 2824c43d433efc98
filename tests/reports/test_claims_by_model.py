"""Claims by models: one matrix as plain data, and what terminal, page and job summary make of it."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from cases import for_each
from hostile import ATTACK
from markdown_it import MarkdownIt
from rich.cells import cell_len
from several_models import VERDICTS, put_to
from test_html_page import UNSEEN, Reader, plots_of, rendered
from test_job_summary import OURS, TABLE
from test_job_summary import Page as Markdown

from neuronclaims.foreign_text import visible
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry, in_order
from neuronclaims.reports.markdown.job_summary import LIMIT, summary
from neuronclaims.reports.matrix import MARKS, NO_RESULT, matrices
from neuronclaims.reports.terminal.writer import draw

STEPS = ("step9", "step1000", "last")
ROWS = {"grows": "?++", "fades": "+-!", "never": "-?-", "gaps": "+ -"}
SENTENCES = {
    "grows": "appears in step1000, and is supported in all after it; onset in step9 to step1000",
    "fades": "supported from the first, step9, on; last supported in step9, refuted in step1000; "
    "could not be tested in 1; onset in step9",
    "never": "supported in none of 3 models; onset in step1000 or after the last, if at all",
    "gaps": "supported from the first, step9, on; last supported in step9, refuted in last; onset in step9",
}
WORDS = {letter: verdict or "broken" for letter, verdict in VERDICTS.items()}
SEVEN = tuple(f"checkpoint-{number}" for number in range(7))


def drawn(entries, width: int, encoding: str = "utf-8", **more) -> str:
    text = draw(Account(tuple(entries)), width=width, colour=False, encoding=encoding, **more)
    return text[text.index("By model: ") :] if "By model: " in text else ""


def test_a_matrix_has_models_in_the_file_s_order_claims_by_their_place_and_gaps_where_nothing_is_known() -> (
    None
):
    (matrix,) = matrices(put_to(STEPS, ROWS) + put_to(["alone"], {"a": "+"}, file="g.claims.yaml"))
    assert matrix.models == STEPS
    assert [line.id for line in matrix.lines] == list(ROWS)
    for line in matrix.lines:
        letters = ROWS[line.id]
        assert [cell.verdict if cell else None for cell in line.cells] == [WORDS.get(c) for c in letters]
        assert line.story == SENTENCES[line.id]
    assert [cell and cell.numbers for cell in matrix.lines[1].cells] == [
        "1.00 [0.50, 1.50]",
        "1.10 [0.60, 1.60]",
        "",
    ]
    assert matrix.lines[0].effect == "AUROC"


def test_a_matrix_depends_on_no_order_and_a_file_on_one_model_has_none() -> None:
    entries = put_to(STEPS, ROWS) + put_to(STEPS[::-1], ROWS, file="g.claims.yaml")
    expected = matrices(in_order(entries))
    assert [(matrix.file, matrix.models) for matrix in expected] == [
        ("f.claims.yaml", STEPS),
        ("g.claims.yaml", STEPS[::-1]),
    ]
    for seed in range(5):
        assert matrices(in_order(random.Random(seed).sample(entries, len(entries)))) == expected
    assert matrices(put_to(STEPS[:1], {"a": "+", "b": "-"})) == []
    assert matrices(put_to(STEPS, {"a": "+  ", "b": "?  "})) == []


@for_each("models", [STEPS, SEVEN * 3])
def test_an_id_is_broken_in_no_table(models) -> None:
    long = "31-892-restores-an-with-a-long-name-7c09b6"
    models = [f"{model}-{place}" for place, model in enumerate(models)]
    lines = drawn(
        put_to(models, {long: "+" * len(models), "a": "-" * len(models)}, series=False), 60
    ).splitlines()
    assert any(long in line for line in lines)
    assert all(cell_len(line) <= 60 for line in lines)


@for_each("width", [60, 80, 100, 146, 200])
@for_each("models", [STEPS, SEVEN])
def test_in_every_width_each_verdict_is_a_mark_and_with_room_a_word_and_a_number(width, models) -> None:
    rows = {name: (letters * 3)[: len(models)] for name, letters in ROWS.items()}
    text = drawn(put_to(models, rows), width)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    for name, letters in rows.items():
        line = next(line for line in lines if line.startswith(name))
        assert "".join(re.findall(f"[{''.join(MARKS.values())}{NO_RESULT}]", line)) == "".join(
            MARKS[WORDS[letter]] if letter in WORDS else NO_RESULT for letter in letters
        )
        assert (WORDS[letters[0]] in line) == (CLAIM_COLUMN + 16 * len(models) <= width)
    if CLAIM_COLUMN + 16 * len(models) > width:
        assert "✓ supported, ✗ refuted, ? inconclusive, ! broken, – no result" in " ".join(text.split())
        assert all(f"{number}={model}" in text for number, model in enumerate(models, start=1))
    assert ("0.10 [-0.40, 0.60]" in text) == (width >= CLAIM_COLUMN + 20 * len(models))


CLAIM_COLUMN = 24
"""Columns the claims take at least, by the docs."""


def test_fifty_models_are_told_in_parts_each_with_all_claims() -> None:
    models = [f"m{number}" for number in range(50)]
    lines = drawn(put_to(models, {"one": "+" * 50, "two": "-" * 50}), 60).splitlines()
    assert max(map(cell_len, lines)) <= 60
    assert sum(line.count("✓") for line in lines if line.startswith("one")) == 50
    numbers = [line.split() for line in lines if re.fullmatch(r"[ \d]+", line) and line.strip()]
    assert [int(each) for line in numbers for each in line] == list(range(1, 51))


@pytest.mark.parametrize(("encoding", "marks"), [("ascii", "+x?!-"), ("cp437", "+x?!-"), ("utf-8", "✓✗?!–")])
def test_marks_are_ascii_where_the_encoding_has_no_others(encoding, marks) -> None:
    entries = put_to(STEPS, {"a": "+-?", "b": "!? "})
    text = drawn(entries, 100, encoding)
    assert all(mark in text for mark in marks)
    assert "\\u" not in text


def test_a_matrix_stands_once_after_the_last_model_of_its_file_and_not_in_a_short_report() -> None:
    entries = put_to(STEPS[:2], ROWS_OF_TWO) + put_to(STEPS[:2], ROWS_OF_TWO, file="g.claims.yaml")
    text = draw(Account(tuple(entries)), width=100, colour=False)
    headings = re.findall(r"^(?:[fg]\.claims\.yaml on \S+|By model: \S+)", text, re.MULTILINE)
    files = ("f.claims.yaml", "g.claims.yaml")
    assert headings == [
        heading
        for file in files
        for heading in (f"{file} on step9", f"{file} on step1000", f"By model: {file}")
    ]
    assert drawn(entries, 100, verbosity=-1) == ""


ROWS_OF_TWO = {"a": "+-", "b": "?+"}


def hostile() -> list[Entry]:
    names = [f"{number} {ATTACK}" for number in range(3)]
    rows = {f"a {ATTACK}": "+-!", f"b {ATTACK}": " +?"}
    return put_to(names, rows, f"f{ATTACK}.claims.yaml", ATTACK)


@pytest.mark.parametrize("width", [40, 60, 120, 200])
def test_hostile_names_stay_text_in_the_terminal(width) -> None:
    text = drawn(hostile(), width)
    assert text
    assert max(map(cell_len, text.splitlines())) <= width
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\ufeff]", text)
    assert "[bold]rich[/bold]:smile:" in re.sub(r"\s+", "", text)


def test_the_page_leads_from_every_cell_to_its_claim_and_names_rows_and_columns() -> None:
    entries = put_to(STEPS, ROWS)
    text = rendered(entries)
    (table,) = re.findall(r'<div class="wide matrix.*?</table>', text, re.DOTALL)
    found = Reader(table)
    links = found.tags("a")
    assert len(links) == len(entries)
    places = {article["id"] for article in Reader(text).tags("article")}
    assert {(link["href"] or "")[1:] for link in links} == places
    assert [link["aria-label"] for link in links][:3] == [
        "inconclusive: grows on step9",
        "supported: grows on step1000",
        "supported: grows on last",
    ]
    heads = found.tags("th")
    assert [head["scope"] for head in heads] == ["col"] * (2 + len(STEPS)) + ["row"] * len(ROWS)
    assert all(sentence in table for sentence in SENTENCES.values())
    assert table.count("no result") == 1
    region = found.elements[0][1]
    assert region["tabindex"] == "0"
    assert f'id="{region["aria-labelledby"]}"' in text


def test_only_files_on_several_models_have_a_matrix_and_only_three_or_more_a_course() -> None:
    one, two, three = (rendered(put_to(STEPS[:count], {"a": "+" * count})) for count in (1, 2, 3))
    assert ["by model" in text for text in (one, two, three)] == [False, True, True]
    assert ["through the models" in text for text in (one, two, three)] == [False, False, True]
    assert ["Effects with their intervals through" in text for text in (one, two, three)] == [
        False,
        False,
        True,
    ]


def test_hostile_names_stay_text_in_the_page() -> None:
    names = put_to(("x", "y", "z"), {"a": "+-!", "b": " +?"})
    harmless, attacked = Reader(rendered(names)), Reader(rendered(hostile()))
    assert [tag for tag, _ in attacked.elements] == [tag for tag, _ in harmless.elements]
    assert {name for _, a in attacked.elements for name in a} == {
        name for _, a in harmless.elements for name in a
    }
    assert not UNSEEN.search(rendered(hostile()))
    ids = [a["id"] for _, a in attacked.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert visible("</script><script>window.hacked=1</script>") in "".join(attacked.texts)


def course_of(text: str) -> tuple[str, list[Any]]:
    """Return the part of a page about a file with several models, and what it draws."""
    (section,) = re.findall(r'<section class="across".*?</section>', text, re.DOTALL)
    (place,) = re.findall(r'data-plots="(\d+)"', section)
    return section, plots_of(text)[int(place)]


def test_the_course_has_every_effect_with_its_interval_at_its_model_and_a_symbol_for_its_verdict() -> None:
    text = rendered(put_to(STEPS, ROWS))
    section, ((data, layout),) = course_of(text)
    symbols = {"+": "circle", "-": "x", "?": "circle-open"}
    found = {}
    for trace in data:
        if trace["mode"] == "markers":
            spans = zip(trace["error_y"]["arrayminus"], trace["error_y"]["array"], strict=True)
            for x, y, span in zip(trace["x"], trace["y"], spans, strict=True):
                found[trace["yaxis"], x] = (y, span, trace["marker"]["symbol"])
    assert found == {
        (f"y{number + 1}", place): (
            pytest.approx(number + place / 10),
            pytest.approx((0.5, 0.5)),
            symbols[letter],
        )
        for number, letters in enumerate(ROWS.values())
        for place, letter in enumerate(letters)
        if letter in symbols
    }
    assert [(note["xref"], note["x"]) for note in layout["annotations"] if note["text"] == "<b>!</b>"] == [
        ("x2", 2)
    ]
    assert layout["xaxis1"]["ticktext"] == list(STEPS)
    words = next(a["aria-label"] for _, a in Reader(section).elements if a.get("role") == "img")
    assert all(f"{name}: {sentence}." in words for name, sentence in SENTENCES.items())


def test_every_claim_with_an_effect_is_drawn_however_many_there_are() -> None:
    rows = {f"claim-{number}": "!!!" if number == 3 else "+-?" for number in range(30)}
    section, plots = course_of(rendered(put_to(STEPS, rows)))
    panels = [len({trace["xaxis"] for trace in data}) for data, _ in plots]
    assert panels == [12, 12, 5]
    assert section.count('role="img"') == 3


def markdown_rows(text: str) -> list[list[str]]:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    table = html[html.index("<table>") : html.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = (re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows)
    return [[re.sub(r"</?(?:code|span)>", "", cell).replace("<br>", "\n") for cell in row] for row in cells]


def test_the_job_summary_has_the_same_matrix() -> None:
    rows = markdown_rows(summary(Account(tuple(put_to(STEPS, ROWS)))))
    assert rows[0] == ["claim", *STEPS]
    assert rows[1] == [
        "grows\nAUROC",
        "? inconclusive\n0.00 [-0.50, 0.50]",
        "✓ supported\n0.10 [-0.40, 0.60]",
        "✓ supported\n0.20 [-0.30, 0.70]",
    ]
    assert rows[2][3] == "! broken"
    assert rows[4][2] == "– no result"
    assert "by model" not in summary(Account(tuple(put_to(STEPS[:1], {"a": "+"}))))


def test_hostile_names_stay_text_in_the_job_summary() -> None:
    page = Markdown(summary(Account(tuple(hostile()))))
    assert set(page.tags) <= OURS | TABLE
    assert page.attributes == []
    assert page.tags.count("td") == 2 * 4 + 9 * 5
    assert page.text.count("</script><script>window.hacked=1</script>") > 10


@pytest.mark.parametrize("room", [3_000, 10_000, 60_000, LIMIT])
def test_matrices_keep_the_summary_in_its_room_and_say_what_is_left_out(room) -> None:
    rows = {f"claim-{number}": "+-?" for number in range(300)}
    entries = put_to(STEPS, rows) + put_to(STEPS, rows, file="g.claims.yaml")
    text = summary(Account(tuple(entries)), room)
    assert len(text.encode()) <= room
    whole = room == LIMIT
    said = ("more of its claims by model are in index.html", "put to several models, left out here")
    assert any(words in text for words in said) != whole
    assert text.count(" by model\n") == 2 or not whole


def test_models_that_are_no_series_appear_and_are_lost_nowhere() -> None:
    (matrix,) = matrices(put_to(STEPS, ROWS, series=False))
    said = {line.id: line.story for line in matrix.lines}
    assert said["grows"] == "supported on 2 of 3 models, each judged by itself"
    page = rendered(put_to(STEPS, ROWS, series=False))
    assert "appears in" not in page
    assert "onset" not in page
    assert "shaded" not in page


def test_the_onset_is_shaded_and_told_in_the_terminal() -> None:
    text = rendered(put_to(STEPS, ROWS))
    _, ((_, layout),) = course_of(text)
    boxes = [(box["xref"], box["x0"], box["x1"]) for box in layout["shapes"]]
    assert boxes == [("x1", -0.5, 1.5), ("x2", -0.5, 0.5), ("x3", 0.5, 1.5), ("x4", -0.5, 0.5)]
    assert "shaded: where the claim may first hold" in text
    assert SENTENCES["grows"] in " ".join(drawn(put_to(STEPS, ROWS), 160).split())
