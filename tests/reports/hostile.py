"""Results whose every text is an attack, and results of every figure type."""

from __future__ import annotations

from dataclasses import replace

from neuronclaims.figures import (
    BinRow,
    Bins,
    Distributions,
    Estimated,
    Matrix,
    Null,
    Panel,
    Point,
    Points,
    Ranks,
    Row,
    Surface,
    Table,
    TokenMap,
    TokenRow,
)
from neuronclaims.reports.entry import Entry
from neuronclaims.results import Effect, Evidence, Rank, Result, Selection, Test
from neuronclaims.set_accounts import ColumnTaken, DataAccount, Frame, RowsTaken, SetAccount

ATTACKS = (
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "' onfocus=window.hacked=1 autofocus '",
    "<!-- <b>bold</b> &lt;i&gt; &amp; %{x} %{customdata} ${1} {{ 7*7 }} {% raw %}",
    "\x1b[31mred\x1b[0m \x07 \x9b2J",
    "\u202eright-to-left\u2066 \u200f \u2028line\u2029 \ufeff \ud800",
    "[bold]rich[/bold] :smile:",
    "# Markdown [link](javascript:window.hacked=1) `code` | cell |",
    "javascript:window.hacked=1",
    "</style><style>*{display:none}</style>",
)
ATTACK = " ".join(ATTACKS)


def figures(text: str = "") -> tuple[object, ...]:
    """One figure of every type, with some text in all its words."""
    return (
        Distributions(
            f"activation {text}",
            (
                Row(
                    f"first {text}", (0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0, 7.5), (f"A prompt. {text}",) * 9
                ),
                Row(f"second {text}", (-3.0, -2.0, -2.0, -1.0, 0.0, 0.5, 1.0, 1.5)),
                Row(f"one {text}", (2.5,)),
                Row(f"none {text}", ()),
            ),
        ),
        Points(
            f"index {text}",
            f"share {text}",
            (
                Point(0.0, 1.0, f"0:0 {text}"),
                Point(1.0, 0.0, "0:1", -1.0, 1.0),
                Point(2.0, 5.0, f"0:2 {text}", 4.0, 6.0, marked=True),
            ),
            (-3.0, 3.0),
        ),
        Surface(
            f"layer {text}",
            f"token {text}",
            f"activity {text}",
            (0.0, 1.0, 2.0),
            (1.0, 2.0),
            (
                Panel(f"lie {text}", ((-1.0, 0.0, None), (1.0, 2.0, 3.0)), (4, 3)),
                Panel(f"truth {text}", ((0.0, 0.0, 1.0), (None, 1.0, -2.0)), (4, 2)),
            ),
        ),
        Table(f"table {text}", (f"neuron {text}", "share"), ((f"0:1 {text}", "10 %"), ("0:2", "5 %"))),
        Matrix(f"matrix {text}", (f"a {text}", "b"), ((10.0, 3.0), (3.0, None))),
        Bins(
            f"value {text}",
            f"share on top {text}",
            (
                BinRow(None, -1.0, 0, None, None, None, sparse=True),
                BinRow(-1.0, 0.0, 50, 0.1, 0.05, 0.2),
                BinRow(0.0, 1.0, 40, 0.5, 0.35, 0.65),
                BinRow(1.0, None, 3, 1.0, 0.3, 1.0, sparse=True),
            ),
        ),
        Null(f"AUROC {text}", 0.1, 0.9, (5, 20, 40, 5), 0.95, every=False),
        Distributions(
            f"change {text}",
            (Row(f"before {text}", (1.0, 2.0), (text, text)), Row("after", (2.0, 2.5))),
            Estimated(f"mean {text}", 0.75, 0.5, None, 0.95, 0.0, 0.4),
            "second - first",
        ),
        Ranks(
            f"place {text}",
            (Row(f"first {text}", (1.0, 30.0, 2.0), (text,) * 3), Row("second", (5.0, 400.0))),
            512,
            10,
            Estimated(f"share {text}", 2 / 3, 0.1, 0.99, 0.95, 0.6, 0.6),
        ),
        TokenMap(
            f"neuron {text}",
            f"last of {text}",
            (
                TokenRow(
                    f"first {text}", "for", 2.0, (f"one {text}", " two"), (-1.0, 2.0), (1,), (True, False)
                ),
                TokenRow("second", "against", -1.0, (f"{text}",), (0.1,), ()),
            ),
        ),
    )


def entry(text: str = "", number: int = 0, verdict: str | None = "supported") -> Entry:
    """A claim with some text in every field that can hold any."""
    evidence = Evidence(
        effect=Effect(f"AUROC {text}", 0.9, 0.8, 0.95, 0.95, f"score {text}"),
        other_effects=(Effect("difference of means", -1.5, None, None, 0.95, "counted"),),
        test=Test(f"exact {text}", "greater", 1.5, 0.01, 0.02, "holm", 2, 0.05, True, 70, 1 / 70, 0.001),
        unit=f"prompt {text}",
        paired=False,
        counts=((f"hanoi {text}", 9), ("baseline", 8)),
        rank=Rank(1, 128, f"t {text}"),
        selection=Selection("discovered", (f"found {text}",), prompts=9),
        notes=(f"A note. {text}",),
        figures=figures(text),  # type: ignore[arg-type]
    )
    result = Result(
        id=f"claim-{number} {text}".strip(),
        model=f"model {text}".strip(),
        sentence=f"neuron 0:{number} separates hanoi from baseline {text}".strip(),
        kind="separation",
        site=f"resid_post {text}".strip(),
        tokens="last of prompt",
        file=f"f{text}.claims.yaml",
        line=3,
        column=5,
        expect="supported",
        because=f"seen {text}",
        verdict=verdict,  # type: ignore[arg-type]
        reason=f"Because. {text}",
        evidence=evidence,
        fingerprint="ab" * 32,
        data=DataAccount((_account(text),), (f"in 'hanoi', one text is odd {text}",)),
    )
    if verdict is None:
        result = replace(result, evidence=None, error=f"No such neuron. {text}")
    outcome = "passed" if verdict == "supported" else "failed"
    return Entry(f"f.claims.yaml::model::claim-{number} {text}", outcome, result)  # type: ignore[arg-type]


def _account(text: str) -> SetAccount:
    column = ColumnTaken(f"label {text}", ((text, 3),), ((f"not {text}", 2),))
    rows = RowsTaken(f"p{text}.csv", 5, (column,))
    return SetAccount(
        f"hanoi {text}", 3, rows, frames=(Frame(f"the … {text}", 3),), odd=(f"1 text is odd {text}",)
    )
