"""``neuronclaims figure``: one figure of one claim from the last report, as SVG, PDF or PNG."""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neuronclaims.cli import main
from neuronclaims.figures import Distributions, Panel, Point, Points, Row, Surface
from neuronclaims.foreign_text import one_line
from neuronclaims.reports import plots
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.json.report import write_json

sys.path.insert(0, str(Path(__file__).parent / "reports"))
from hostile import ATTACKS, entry, figures

DRAWN = [figure for figure in figures() if figure.kind not in ("table", "token map")]
NAMES = [figure.kind for figure in DRAWN]


@pytest.fixture
def report(tmp_path, monkeypatch) -> Path:
    """A folder with a report of three claims, the second of which ran on two models and the third came to nothing."""
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    first, second = entry("", 0), entry("", 1)
    other = replace(second.result, model="another")
    entries = [first, second, Entry("f.claims.yaml::another::claim-1", "passed", other), entry("", 2, None)]
    entries = [replace(each, result=replace(each.result, file="sub/f.claims.yaml")) for each in entries]
    write_json(tmp_path / "reports", Account(tuple(entries)))
    return tmp_path


def error_line(capsys) -> str:
    """The one line of an error."""
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def words(path: Path) -> str:
    """All text of an SVG, in its order; it must be well formed, hold no script and ask for nothing from elsewhere."""
    root = ElementTree.parse(path).getroot()
    tags = {node.tag.rsplit("}", 1)[-1] for node in root.iter()}
    assert not tags & {"script", "foreignObject", "a"}
    links = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
    assert all(link.startswith(("#", "data:image/png")) for link in links)
    return " ".join(" ".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text"))


@pytest.mark.parametrize("name", ["f.claims.yaml::claim-0", "sub/f.claims.yaml::model::claim-0"])
def test_a_claim_is_found_by_its_file_and_id_and_its_first_figure_is_drawn(report, capsys, name) -> None:
    assert main(["figure", name, "-o", "fig.svg"]) == 0
    said = capsys.readouterr().out
    assert "neuron 0:0 separates hanoi from baseline" in said
    assert said.count("--number") == 10
    shown = words(report / "fig.svg")
    assert all(word in shown for word in ("activation", "first", "second", "share of the set, %"))


@pytest.mark.parametrize("figure", DRAWN, ids=NAMES)
def test_every_figure_is_drawn_with_its_words_as_text_in_every_format(figure, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    for kind, begin in (("svg", b"<?xml"), ("pdf", b"%PDF-"), ("png", b"\x89PNG\r\n")):
        path = plots.write_figure(figure, tmp_path / f"fig.{kind}", width=3.3)
        assert path.read_bytes().startswith(begin)
    labels = {
        "distributions": ("activation", "first", "one", "cumulative share, %"),
        "paired": (
            "change",
            "before",
            "after",
            "by pairs: after - before ",
            "mean : 0.75",
            "held against 0.40",
        ),
        "ranks": ("place", "first", "place 10", "share : 0.67", "held against 0.60"),
        "points": ("index", "share", "0:2"),
        "surface": ("layer", "token", "activity", "lie", "truth"),
        "matrix": ("matrix", "a", "b", "10.0"),
        "bins": ("value", "share on top", "count"),
        "null": ("AUROC", "observed: 0.95"),
    }
    shown = words(tmp_path / "fig.svg")
    paired = figure.kind == "distributions" and figure.paired != "no"
    assert all(label in shown for label in labels["paired" if paired else figure.kind])


def test_a_picture_is_as_wide_as_asked_for_and_the_same_every_time(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    for kind in ("png", "svg", "pdf"):
        one, other = (
            plots.write_figure(DRAWN[0], tmp_path / f"{name}.{kind}", 3.3, dots=200) for name in "ab"
        )
        assert one.read_bytes() == other.read_bytes()
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (660, 480)
    assert ElementTree.parse(tmp_path / "a.svg").getroot().attrib["width"] == f"{3.3 * 72:g}pt"


@pytest.mark.parametrize("attack", [*ATTACKS, r"$\frac{1}{0}$ $x^2$ \alpha 5$"])
def test_untrusted_text_is_text(tmp_path, attack) -> None:
    pytest.importorskip("matplotlib")
    for figure in (each for each in figures(attack) if each.kind in ("distributions", "points", "matrix")):
        plots.write_figure(figure, tmp_path / "fig.svg")
        shown = "".join(words(tmp_path / "fig.svg").split())
        assert "".join(one_line(attack).split())[:40] in shown


def test_untrusted_text_is_text_in_every_figure(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    for figure in (each for each in figures(ATTACKS[0]) if each.kind not in ("table", "token map")):
        plots.write_figure(figure, tmp_path / "fig.svg")
        assert ATTACKS[0] in words(tmp_path / "fig.svg").replace(" ", "")


@pytest.mark.parametrize(
    "figure",
    [
        Distributions("x", (Row("a", (1.0,)), Row("b", ()))),
        Distributions("x", ()),
        Distributions("x", (Row("a", (2.0, 2.0, 2.0)), Row("b", (2.0,)))),
        Points("x", "y", ()),
        Points("x", "y", (Point(1.0, 1.0, "0:1", marked=True),)),
        Surface("x", "y", "z", (0.0, 1.0), (0.0, 1.0), (Panel("a", ((None, None), (None, None)), (0, 0)),)),
        Surface("x", "y", "z", (0.0,), (0.0,), (Panel("a", ((None,),), (0,)),)),
    ],
)
def test_figures_with_next_to_nothing_in_them_are_drawn(figure, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    assert plots.write_figure(figure, tmp_path / "fig.svg").stat().st_size > 1000


def test_a_claim_on_several_models_asks_which(report, capsys) -> None:
    assert main(["figure", "f.claims.yaml::claim-1", "-o", "fig.svg"]) == 1
    assert "'sub/f.claims.yaml::another::claim-1'" in error_line(capsys)
    assert main(["figure", "f.claims.yaml::another::claim-1", "-o", "fig.svg"]) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["f.claims.yaml::clam-0", "-o", "fig.svg"], "Did you mean 'sub/f.claims.yaml::claim-0'?"),
        (["other.yaml::claim-0", "-o", "fig.svg"], "no claim 'other.yaml::claim-0' among its 4"),
        (["f.claims.yaml::claim-2", "-o", "fig.svg"], "No such neuron."),
        (["f.claims.yaml::claim-0", "-o", "fig.gif"], "must end in .svg, .pdf or .png"),
        (["f.claims.yaml::claim-0", "-o", "no/such/fig.svg"], "could not be written"),
        (["f.claims.yaml::claim-0", "-o", "fig.svg", "--number", "12"], "--number is from 1 to 10"),
        (["f.claims.yaml::claim-0", "-o", "fig.svg", "--number", "4"], "is a table"),
        (["f.claims.yaml::claim-0", "-o", "fig.svg", "--report", "elsewhere"], "--claims-report=elsewhere"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(report, capsys, arguments, expected) -> None:
    assert main(["figure", *arguments]) == 1
    assert expected in error_line(capsys)
    assert not list(report.glob("fig.*"))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"claims": 3}', '{"claims": [{}]}', '{"claims": [{"file": 1}]}']
)
def test_a_file_that_is_no_report_is_one_clear_error(report, capsys, text) -> None:
    (report / "reports" / "claims.json").write_text(text)
    assert main(["figure", "f.claims.yaml::claim-0", "-o", "fig.svg"]) == 1
    assert "claims.json is no report" in error_line(capsys)


def test_a_report_of_another_version_is_to_be_made_again(report, capsys) -> None:
    path = report / "reports" / "claims.json"
    found = json.loads(path.read_text())
    found["claims"][0]["evidence"] = {"effect": "strong"}
    path.write_text(json.dumps(found))
    assert main(["figure", "f.claims.yaml::claim-0", "-o", "fig.svg"]) == 1
    assert "another version" in error_line(capsys)


def test_without_matplotlib_it_says_what_to_install(report, capsys, monkeypatch) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    assert main(["figure", "f.claims.yaml::claim-0", "-o", "fig.svg"]) == 1
    assert "pip install 'neuronclaims[figures]'" in error_line(capsys)


@pytest.mark.parametrize("width", ["0.5", "wide", "nan", "1e9"])
def test_a_width_that_will_not_do_is_refused(report, width, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["figure", "f.claims.yaml::claim-0", "-o", "fig.svg", "--width", width])
    assert "from 1 to 40" in capsys.readouterr().err
