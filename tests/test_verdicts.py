"""One family of claims: what random draws leave open about one p matters only where its verdict hangs on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.judging.verdicts import conclude
from neuronclaims.kinds import Finding, templates
from neuronclaims.kinds.kind import Sample, Statement
from neuronclaims.results import Result, Selection
from neuronclaims.stats import EffectSize, Estimate, TestResult

DRAWS = 999_999
DIFFERENCE = EffectSize("mean_difference", "difference of means")


def family(folder: Path, size: int, correction: str) -> ClaimFile:
    ups, downs = ([f"{name} {number}" for number in range(20)] for name in ("up", "down"))
    claims = [
        f"{{id: c{number}, claim: neuron 0:{number} activates more for ups than downs}}"
        for number in range(size)
    ]
    lines = [
        "version: 1",
        "models: [some]",
        "site: resid_post",
        "tokens: last of prompt",
        f"correction: {correction}",
        f"sets: {{ups: {ups}, downs: {downs}}}",
        "claims:",
        *(f"  - {claim}" for claim in claims),
    ]
    path = folder / "family.claims.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_claim_file(path, templates())


def found(p: float) -> Finding:
    """A clear effect whose p comes from random draws, in doubt about one of the levels Holm may compare it with."""
    test = TestResult(
        statistic=1.0,
        p_value=p,
        p_greater=p,
        p_less=1 - p,
        alternative="two-sided",
        exact=False,
        arrangements=DRAWS,
        smallest_p=1 / (DRAWS + 1),
        standard_error=(p * (1 - p) / DRAWS) ** 0.5,
        resolved=False,
        degenerate=False,
        method="permutation",
    )
    return Finding(
        estimate=Estimate(DIFFERENCE, 1.0, 0.5, 1.5, 0.95, "Welch t interval"),
        statement=Statement("greater", 0.0, None, None),
        test=test,
        sample=Sample("prompt", (("ups", 20), ("downs", 20))),
        selection=Selection("beforehand"),
        notes=(),
        figures=(),
    )


def judged(folder: Path, p_values: list[float | None], correction: str = "holm") -> list[Result]:
    file = family(folder, len(p_values), correction)
    findings = {f"c{number}": found(p) for number, p in enumerate(p_values) if p is not None}
    errors = {f"c{number}": "no such layer" for number, p in enumerate(p_values) if p is None}
    return list(conclude(file, "some", findings, errors).values())


EXPLAINED = ("supported", "as claimed")
UNEXPLAINED = ("inconclusive", "chance alone could explain it")
OPEN = ("inconclusive", "cannot tell on which side")


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        pytest.param([0.01667, 0.0001, 0.5], EXPLAINED, id="at 0.05/3, compared with 0.05/2"),
        pytest.param([0.01667, 0.0001, 0.0002], EXPLAINED, id="at 0.05/3, compared with 0.05"),
        pytest.param([0.0501, 0.0001, 0.5], UNEXPLAINED, id="at 0.05, compared with 0.05/2"),
        pytest.param([0.025, 0.01667], EXPLAINED, id="at 0.05/2, but last of two"),
        pytest.param([0.01667, 0.3, 0.5], OPEN, id="at 0.05/3, compared with it"),
        pytest.param([0.025, 0.0001, 0.5], OPEN, id="at 0.05/2, compared with it"),
        pytest.param([0.01667, None, None], OPEN, id="at 0.05/3, the others in error"),
    ],
)
def test_random_draws_leave_a_claim_open_only_where_its_own_level_is_in_doubt(
    tmp_path: Path, p_values: list[float | None], expected: tuple[str, str]
) -> None:
    first = judged(tmp_path, p_values)[0]
    verdict, reason = expected
    assert first.verdict == verdict, first.reason
    assert reason in first.reason


def test_levels_of_benjamini_and_hochberg_can_be_in_doubt_as_well(tmp_path: Path) -> None:
    # The second of three is compared with 0.05 * 2 / 3.
    doubtful = judged(tmp_path, [0.0333, 0.0001, 0.5], "benjamini-hochberg")[0]
    assert doubtful.verdict == "inconclusive"
    assert judged(tmp_path, [0.0300, 0.0001, 0.5], "benjamini-hochberg")[0].verdict == "supported"


def test_a_claim_in_error_has_no_verdict_and_says_why(tmp_path: Path) -> None:
    good, bad = judged(tmp_path, [0.0001, None])
    assert (bad.verdict, bad.evidence, bad.error) == (None, None, "no such layer")
    assert good.evidence is not None
    assert good.evidence.test.p_adjusted == pytest.approx(0.0002)
