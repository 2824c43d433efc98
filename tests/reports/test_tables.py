"""Tables for papers and for other programs: what stands in them, and that nobody's text is read as markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import ATTACK, entry

from neuronclaims.cli.application import run
from neuronclaims.foreign_text import one_line
from neuronclaims.publications import ReportedNumber
from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError
from neuronclaims.reports.frames import COLUMNS, rows_of
from neuronclaims.reports.json.report import write_json
from neuronclaims.reports.tables.formats import TableWriter, table_text
from neuronclaims.reports.tables.latex import latex, latex_numbers

PLAIN = entry()
SAID = replace(PLAIN.result, reported=ReportedNumber(48.5, "% of all", "table 2"))
LONG = "a_name/of_some_model-of.hers x \u2192 y \u2265 \u22122"
SPECIAL = r"\ { } $ & # ^ _ % ~ < > | ` [ ] *"


def unread(text: str) -> str:
    """Take LaTeX that shows a text as it is back to that text, by the meaning of each command."""
    shown = {
        "textbackslash": "\\",
        "textasciitilde": "~",
        "textasciicircum": "^",
        "textless": "<",
        "textgreater": ">",
        "textbar": "|",
        "textasciigrave": "`",
        "char34": '"',
        "allowbreak": "",
        "rightarrow": "\u2192",
        "geq": "\u2265",
        "-": "\u2212",
    }
    made = r"\\(text[a-z]+|char34|allowbreak)\{\}|\\([&%$#_{}])|\{([\[*])\}|\{\\kern0pt\}"
    pattern = made + r"|\$\\?([a-z]+|-)\$|([^\\{}$&#^_%~])"
    parts = list(re.finditer(pattern, text))
    assert "".join(part[0] for part in parts) == text, "something here has a meaning to LaTeX"
    return "".join(shown.get(part[1] or part[4], "") or part[2] or part[3] or part[5] or "" for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        SPECIAL,
        ATTACK,
        r"\input{/etc/passwd}",
        "a -- b --- ''c,, ?` !`",
        "*",
        "[x]",
        "a_name/of_some_model-of.hers x \u2192 y \u2265 \u22122",
    ],
)
def test_no_text_has_a_meaning_to_latex(text) -> None:
    written = latex(text)
    assert unread(written) == one_line(text)
    assert not re.search(r"--|''|,,|[?!]`|\n|^[\[*]", written)


def test_numbers_have_a_minus_and_powers_of_ten() -> None:
    assert latex_numbers("-1.2e-5 [-3, 4.0e7]") == r"$-$1.2$\times10^{-5}$ {[}$-$3, 4.0$\times10^{7}$]"
    assert latex_numbers("< 1e-300") == r"\textless{} 1$\times10^{-300}$"


def test_a_table_for_a_paper_has_what_a_paper_needs() -> None:
    claim = f"{PLAIN.result.sentence} | {PLAIN.result.model}"
    assert table_text([PLAIN.result], "markdown").splitlines() == [
        "| claim | model | n | effect [interval] | adjusted p | verdict |",
        "|---|---|---|---|---|---|",
        f"| {claim} | 9 + 8 | AUROC 0.90 &#91;0.80, 0.95&#93; | 0.020 | supported |",
    ]
    lines = table_text([PLAIN.result, SAID], "latex").splitlines()
    assert [line for line in lines if line.startswith("\\")][:2] == [
        r"\begin{tabular}{p{0.3\linewidth}lrlrlp{0.15\linewidth}}",
        r"\toprule",
    ]
    assert lines[3].split(" & ")[-1] == r"reported \\"
    rows = lines[5:7]
    assert [row.count(" & ") for row in rows] == [6, 6]
    assert rows[1].endswith(r"supported & 48.5 \% of all (table 2) \\")


def test_a_claim_without_a_result_is_a_row_and_foreign_texts_keep_the_columns() -> None:
    broken = replace(PLAIN.result, evidence=None, verdict=None, error="No such neuron.")
    markdown = table_text([broken, entry(ATTACK).result], "markdown").splitlines()
    assert markdown[2].endswith("|  |  |  | broken |")
    assert {line.count(" | ") for line in (markdown[0], *markdown[2:])} == {5}
    assert not re.search(r"<(?!span>|/span>)|\]\(|`", markdown[3])
    tex = table_text([entry(ATTACK).result], "latex").splitlines()
    assert len(re.findall(r"(?<!\\)&", tex[5])) == 5
    assert tex[5].count(r"\\") == 1


def test_a_parquet_file_has_the_columns_of_the_contract(tmp_path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    halves = replace(PLAIN, result=replace(PLAIN.result, sentence="caf\udce9"))
    path = TableWriter().write(tmp_path / "claims.parquet", Account((PLAIN, halves)))
    table = parquet.read_table(path)
    assert table.column_names == list(COLUMNS)
    types = {str: "string", float: "double", int: "int64", bool: "bool"}
    assert [str(kind) for kind in table.schema.types] == [types[kind] for kind in COLUMNS.values()]
    expected = {**rows_of([PLAIN.result])[0], "file": PLAIN.name.file}
    assert table.to_pylist() == [expected, {**expected, "sentence": "caf\\udce9"}]


def test_the_command_writes_a_report_as_a_table(tmp_path, monkeypatch, capsys) -> None:
    def exported(*words: str) -> tuple[int, str]:
        return run(["export", *words]), "".join(capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    account = Account((PLAIN, entry("", 1, None)))
    write_json(Path("reports"), account)
    results = [replace(each.result, file=each.name.file) for each in account.entries]
    for form, name in (("markdown", "a.md"), ("latex", "a.tex")):
        assert exported("reports", "--format", form) == (0, table_text(results, form))
        assert exported("reports/claims.json", "-o", name) == (0, f"{name} written: 2 claims\n")
        assert Path(name).read_text(encoding="utf-8") == table_text(results, form)
    wrong = {
        ("reports",): "Say what to write",
        ("reports", "--format", "parquet"): "Parquet is no text",
        ("nowhere", "--format", "latex"): "There is no report nowhere",
        ("reports", "-o", "a.csv"): "ends in .md, .tex, .parquet",
    }
    for words, message in wrong.items():
        status, said = exported(*words)
        assert (status, message in said) == (1, True), said
    with pytest.raises(ReportError, match=r"ends in \.md, \.tex, \.parquet, and 'a\.csv' does not"):
        TableWriter().write(Path("a.csv"), account)
