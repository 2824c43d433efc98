"""What a claim's page says of its test, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from neuronclaims.reports.wording import number, p_value
from neuronclaims.results import Evidence, Result, Test

Pairs = list[tuple[str, str]]

ALTERNATIVES = {
    "greater": "greater",
    "less": "less",
    "two-sided": "different, either way",
    "within": "within the margin, on both sides",
    "not greater": "not greater by the margin",
    "not less": "not less by the margin",
}
"""What is claimed of an effect, in words."""


def test_lines(test: Test) -> Pairs:
    """Return what is said of a test, line by line: a heading and what stands behind it."""
    return list(_lines(test))


def ways_tried(test: Test) -> str:
    """Say how many ways to exchange the labels a test tried; empty where it needs none.

    >>> from neuronclaims.results import Test
    >>> ways_tried(Test("", "greater", None, 0.01, 0.01, "none", 1, 0.05, True, 252, 1 / 252, 0.0))
    'all 252 ways to exchange the labels were tried'
    """
    if not test.arrangements:
        return ""
    if test.exact:
        return f"all {test.arrangements:,} ways to exchange the labels were tried"
    return f"{test.arrangements:,} ways to exchange the labels were tried, drawn at random"


def place_lines(result: Result, evidence: Evidence) -> Pairs:
    """Return the neuron's place among others and by what it was ranked; nothing where that is not known."""
    rank = evidence.rank
    if rank is None:
        return []
    where = "" if rank.scope == "layer" else f" at {result.site}, all layers"
    by = {"t": "the paired t" if evidence.paired else "Welch's t"}.get(rank.by, rank.by)
    return [(f"place in the {rank.scope}", f"{rank.place:,} of {rank.among:,}{where}, ranked by {by}")]


def _lines(test: Test) -> Iterator[tuple[str, str]]:
    yield "method", test.method
    yield "the effect is claimed to be", ALTERNATIVES[test.alternative]
    if test.statistic is not None:
        yield "test statistic", number(test.statistic)
    yield "p of this claim alone", p_value(test.p_value)
    yield "p, corrected", f"{p_value(test.p_adjusted)} ({test.corrected})"
    yield "p counts up to (alpha)", f"{test.alpha:g}"
    yield (
        "least p these prompts could give",
        p_value(test.smallest_p) if test.smallest_p else "depends on the values",
    )
    if tried := ways_tried(test):
        yield "labels", tried
    if test.standard_error:
        yield "standard error of p, from drawing at random", p_value(test.standard_error)
