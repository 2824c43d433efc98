"""The tests of ``stats`` with all their settings as plain keywords, for tables of cases."""

from __future__ import annotations

from typing import Any

from neuronclaims import stats
from neuronclaims.stats import Exchange, LabelStatistic, Level, PlannedClaim, Resampling, Tested
from neuronclaims.stats.power.chances import Chances, chances

DRAWN = {"seed": "seed", "resamples": "draws", "exact_limit": "exact_limit", "max_resamples": "max_draws"}


def settings(given: dict[str, Any], **unsaid: Any) -> dict[str, Any]:
    """Take the settings of a test out of keywords, and return them as the objects that tests want."""
    drawn = unsaid | {name: given.pop(key) for key, name in DRAWN.items() if key in given}
    if "stop_after" in given:
        drawn["stop_after"] = given.pop("stop_after")
    return {"resampling": Resampling(**drawn), "level": level(given)}


def level(given: dict[str, Any]) -> Level:
    return Level(**{name: given.pop(name) for name in ("alpha", "family") if name in given})


def exchange(given: dict[str, Any]) -> Exchange:
    return Exchange(
        **{name: given.pop(name) for name in ("paired", "unit", "blocks", "column") if name in given}
    )


def two_sample_test(first: Any, second: Any, **given: Any) -> stats.TestResult:
    return stats.two_sample_test(first, second, exchange=exchange(given), **settings(given), **given)


def two_sample_tests(first: Any, second: Any, **given: Any) -> stats.TestResults:
    return stats.two_sample_tests(first, second, exchange=exchange(given), **settings(given), **given)


def two_sample_first_looks(first: Any, second: Any, **given: Any) -> tuple[stats.TestResult, ...]:
    return stats.two_sample_first_looks(first, second, exchange=exchange(given), **settings(given), **given)


def max_statistic_tests(first: Any, second: Any, **given: Any) -> stats.MaxResults:
    return stats.max_statistic_tests(first, second, exchange=exchange(given), **settings(given), **given)


def cluster_test(first: Any, second: Any, **given: Any) -> stats.ClusterResult:
    made = settings(given, max_draws=99_999)
    return stats.cluster_test(first, second, exchange=exchange(given), **made, **given)


def one_sample_test(values: Any, **given: Any) -> stats.TestResult:
    return stats.one_sample_test(values, **settings(given), **given)


def exchange_test(statistic: Any, sizes: tuple[int, int], **given: Any) -> stats.TestResult:
    names = ("name", "tolerance", "content", "columns")
    of = LabelStatistic(statistic, **{name: given.pop(name) for name in names if name in given})
    return stats.exchange_test(of, sizes, exchange=exchange(given), **settings(given), **given)


def association_test(found: Any, **given: Any) -> stats.TestResult:
    return stats.association_test(found, **settings(given), **given)


def ratio_test(tops: Any, bottoms: Any, **given: Any) -> stats.RatioTest:
    confidence = {"confidence": given.pop("level")} if "level" in given else {}
    if given.pop("method", "sign flip") == "t":
        settings(given)
        return stats.ratio_t_test(tops, bottoms, **confidence, **given)
    return stats.ratio_test(tops, bottoms, **settings(given), **confidence, **given)


def planned(given: dict[str, Any]) -> PlannedClaim:
    own = {
        key: given.pop(key)
        for key in list(given)
        if key not in ("counts", "power", "sizes", "alpha", "family")
    }
    return PlannedClaim(level=level(given), **own)


def power_of(**given: Any) -> float:
    return stats.power_of(planned(given), given["counts"])


def units_needed(**given: Any) -> tuple[int, int] | None:
    return stats.units_needed(planned(given), **given)


def chances_of(**given: Any) -> Chances:
    return chances(planned(given), *given["counts"])


def decide(**given: Any) -> stats.Decision:
    return stats.decide(Tested(**given))
