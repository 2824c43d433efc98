r"""The table of a paper in LaTeX, with the rules of the package ``booktabs``.

The texts of claims, models and units are others' texts: none of them is ever read as LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from neuronclaims.foreign_text import one_line
from neuronclaims.reports.tables.paper import PaperRow, headings

_WRITTEN = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",  # which babel makes a command of in some languages
    "[": "{[}",  # behind the end of a row these two would be read as options of it
    "*": "{*}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\0": r"{\kern0pt}",
    "\1": r"\allowbreak{}",
    # pdfLaTeX knows these in formulas alone
    "\u2190": r"$\leftarrow$",
    "\u2191": r"$\uparrow$",
    "\u2192": r"$\rightarrow$",
    "\u2193": r"$\downarrow$",
    "\u2194": r"$\leftrightarrow$",
    "\u21d2": r"$\Rightarrow$",
    "\u2212": "$-$",
    "\u221e": r"$\infty$",
    "\u2248": r"$\approx$",
    "\u2260": r"$\neq$",
    "\u2264": r"$\leq$",
    "\u2265": r"$\geq$",
}
"""What means something to LaTeX, and how it is written so that it shows as it is."""

_MEANING = re.compile("|".join(map(re.escape, _WRITTEN)))
_JOINED = re.compile(r"([-,'])(?=\1)|[!?](?=`)")
"""Signs that LaTeX makes another sign of with the next one, such as a dash of two hyphens.

Braces between them keep them apart in pdfLaTeX, and in LuaLaTeX only some room does, be it of no width.
"""
_LONG = re.compile(r"\S{25,}")
_BREAKS = re.compile(r"(?<=[_/.:])(?=\w)")
"""Where a long word, such as a path, may end a line: LaTeX itself breaks it nowhere."""

_IN_NUMBERS = re.compile(rf"(?P<base>[0-9.]+)e(?P<power>-?[0-9]+)|(?P<minus>-)|{_MEANING.pattern}")

HEAD = "% \\usepackage{booktabs}"


def latex(text: str) -> str:
    r"""Return somebody's text as LaTeX that shows it as it is, on one line.

    >>> print(latex("100% of neuron_1 & $x^2$ \\input{x}"))
    100\% of neuron\_1 \& \$x\textasciicircum{}2\$ \textbackslash{}input\{x\}
    >>> print(latex("[a] -- \"b\""))
    {[}a] -{\kern0pt}- \char34{}b\char34{}
    """
    apart = _JOINED.sub(lambda found: f"{found[0]}\0", one_line(text))
    apart = _LONG.sub(lambda found: _BREAKS.sub("\1", found[0]), apart)
    return _MEANING.sub(lambda found: _WRITTEN[found[0]], apart)


def latex_numbers(text: str) -> str:
    r"""Return numbers of ours as LaTeX: a minus that is one, and powers of ten.

    >>> print(latex_numbers("-0.50 [-1.2e-5, 0.10]"))
    $-$0.50 {[}$-$1.2$\times10^{-5}$, 0.10]
    """
    return _IN_NUMBERS.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    if found["power"] is not None:
        return rf"{found['base']}$\times10^{{{found['power']}}}$"
    return "$-$" if found["minus"] is not None else _WRITTEN[found[0]]


def latex_table(rows: Sequence[PaperRow]) -> str:
    r"""Return a ``tabular`` with a row for each claim, for a document that uses ``booktabs``.

    >>> row = PaperRow("a & b", "demo", "9 + 8", "AUROC", "0.90 [0.80, 0.95]", "2.0e-5", "supported", None)
    >>> print(latex_table([row]))
    % \usepackage{booktabs}
    \begin{tabular}{p{0.3\linewidth}lrlrl}
    \toprule
    claim & model & n & effect {[}interval] & adjusted p & verdict \\
    \midrule
    a \& b & demo & 9 + 8 & AUROC 0.90 {[}0.80, 0.95] & 2.0$\times10^{-5}$ & supported \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    titles = headings(rows)
    columns = r"p{0.3\linewidth}lrlrl" + (r"p{0.15\linewidth}" if len(titles) == 7 else "")
    lines = [
        HEAD,
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        f"{' & '.join(map(latex, titles))} \\\\",
        "\\midrule",
        *(f"{' & '.join(_cells(row, len(titles)))} \\\\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _cells(row: PaperRow, count: int) -> list[str]:
    effect = f"{latex(row.effect)} {latex_numbers(row.numbers)}".strip()
    cells = [latex(row.claim), latex(row.model), latex(row.n), effect, latex_numbers(row.p)]
    return [*cells, latex(row.verdict), latex(row.reported or "")][:count]
