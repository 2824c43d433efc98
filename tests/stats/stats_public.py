"""Every public test and estimate as a function of two samples, and a result as text, to the last bit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

import flat
import numpy as np

from neuronclaims import stats

MONTE_CARLO = {"resamples": 999, "exact_limit": 100}


def _tests(paired: bool, statistic: str, alternative: str, **options: Any) -> Callable[..., Any]:
    def call(a, b):
        return flat.two_sample_tests(
            a, b, paired=paired, statistic=statistic, alternative=alternative, seed=9, **options
        )

    return call


COLUMNS: dict[str, Callable[..., Any]] = {
    f"{statistic} {alternative} {'paired' if paired else 'independent'} {how}": _tests(
        paired, statistic, alternative, **options
    )
    for statistic in ("mean", "auroc")
    for alternative in ("greater", "two-sided")
    for paired in (False, True)
    for how, options in (("exact", {}), ("drawn", MONTE_CARLO))
} | {"welch_t_many": stats.welch_t_many, "auroc_many": stats.auroc_many, "paired_t_many": stats.paired_t_many}
"""Calls on [n1, m] and [n2, m]; what is paired, or takes pairs, has "paired" in its name."""


def _test(paired: bool, statistic: str, **options: Any) -> Callable[..., Any]:
    def call(a, b):
        return flat.two_sample_test(
            a, b, paired=paired, statistic=statistic, alternative="greater", seed=9, **options
        )

    return call


def _halves(x) -> list[int]:
    return [2 * i // len(x) for i in range(len(x))]


def _blocked(name: str) -> Callable[..., Any]:
    return lambda a, b: getattr(stats, name)(a, b, (_halves(a), _halves(b)))


def _equivalence(scale: str, paired: bool) -> Callable[..., Any]:
    return lambda a, b: stats.equivalence_test(a, b, margin=0.3, scale=scale, paired=paired)


def _ratio(method: str) -> Callable[..., Any]:
    return lambda a, b: flat.ratio_test(
        a, b, threshold=0.3, alternative="greater", seed=9, method=method, max_resamples=9_999
    )


def _change(scale: str, paired: bool) -> Callable[..., Any]:
    """Compare two samples with the same ones, the values of the first without their signs."""

    def call(a, b):
        values = np.asarray(a)
        moved = np.abs(values) if values.dtype.kind in "buif" else values
        found = stats.effect_change((a, b), (moved, b), scale=scale, paired=paired)
        return found, found.estimate()

    return call


SINGLE: dict[str, Callable[..., Any]] = {
    "test of means": _test(False, "mean"),
    "test of means, drawn": _test(False, "mean", **MONTE_CARLO, max_resamples=9_999),
    "test of AUROC": _test(False, "auroc"),
    "paired test of means": _test(True, "mean"),
    "paired test of AUROC": _test(True, "auroc"),
    "one_sample_test": lambda a, b: flat.one_sample_test(a, alternative="greater", seed=9),
    "assumption_warnings": lambda a, b: stats.assumption_warnings(a, b, paired=False, statistic="mean"),
    "assumption_warnings, paired": lambda a, b: stats.assumption_warnings(
        a, b, paired=True, statistic="auroc"
    ),
    "auroc": stats.auroc,
    "auroc_estimate": stats.auroc_estimate,
    "mean_difference_estimate": stats.mean_difference_estimate,
    "hedges_g_estimate": stats.hedges_g_estimate,
    "paired_mean_difference_estimate": stats.paired_mean_difference_estimate,
    "dz_estimate, paired": stats.dz_estimate,
    "paired_auroc_estimate": stats.paired_auroc_estimate,
    "equivalence_test": _equivalence("difference", False),
    "equivalence_test in sd": _equivalence("sd", False),
    "equivalence_test of AUROC": _equivalence("auroc", False),
    "paired equivalence_test": _equivalence("difference", True),
    "paired equivalence_test in sd": _equivalence("sd", True),
    "paired equivalence_test of AUROC": _equivalence("auroc", True),
    "ratio_of_means_estimate, paired": stats.ratio_of_means_estimate,
    "ratio_test, paired": _ratio("sign flip"),
    "ratio_test by t, paired": _ratio("t"),
    "ratio_summary, paired": stats.ratio_summary,
    "effect_change": _change("difference", False),
    "effect_change in sd": _change("sd", False),
    "effect_change of AUROC": _change("auroc", False),
    "paired effect_change": _change("difference", True),
    "paired effect_change of AUROC": _change("auroc", True),
    "effect_change of ratio, paired": _change("ratio", True),
    "effect_change of share, paired": _change("share", True),
}
"""Calls on [n1] and [n2]."""

BLOCKED: dict[str, Callable[..., Any]] = {
    "blocked test": lambda a, b: flat.two_sample_test(
        a,
        b,
        paired=False,
        statistic="mean",
        alternative="greater",
        seed=9,
        blocks=(_halves(a), _halves(b)),
    ),
} | {
    name: _blocked(name)
    for name in ("blocked_auroc_estimate", "blocked_hedges_g_estimate", "blocked_mean_difference_estimate")
}
"""Calls on [n1] and [n2] of which the first and the second half are blocks."""


def _max_statistic(paired: bool, statistic: str) -> Callable[..., Any]:
    return lambda a, b: flat.max_statistic_tests(
        a, b, paired=paired, statistic=statistic, alternative="greater", seed=9
    )


def _cluster(paired: bool) -> Callable[..., Any]:
    def call(a, b):
        maps = [x.reshape(len(x), 1, -1) for x in (a, b)]
        return flat.cluster_test(*maps, paired=paired, alternative="greater", seed=9)

    return call


def _first_looks(paired: bool, statistic: str) -> Callable[..., Any]:
    return lambda a, b: flat.two_sample_first_looks(
        a, b, paired=paired, statistic=statistic, alternative="greater", seed=9
    )


GRIDS: dict[str, Callable[..., Any]] = {
    "two_sample_first_looks": _first_looks(False, "mean"),
    "two_sample_first_looks of AUROC": _first_looks(False, "auroc"),
    "paired two_sample_first_looks": _first_looks(True, "mean"),
    "auroc_estimates": stats.auroc_estimates,
    "hedges_g_estimates": stats.hedges_g_estimates,
    "mean_difference_estimates": stats.mean_difference_estimates,
    "max_statistic_tests": _max_statistic(False, "mean"),
    "max_statistic_tests of AUROC": _max_statistic(False, "auroc"),
    "paired max_statistic_tests": _max_statistic(True, "mean"),
    "cluster_test": _cluster(False),
    "paired cluster_test": _cluster(True),
    "overlap_estimate": lambda a, b: stats.overlap_estimate(a, b, 2, seed=9, resamples=99),
    "noise_ceiling": lambda a, b: stats.noise_ceiling(np.concatenate([a, b]), 2, seed=9, splits=20),
    "overlap": lambda a, b: stats.overlap(a.mean(axis=0), b.mean(axis=0), 2),
    "top_k_members": lambda a, b: stats.top_k_members(np.concatenate([a, b]), 2),
}
"""Calls on [n1, m] and [n2, m] that search all columns at once."""


def numbers(result: Any) -> list[float]:
    """Return every number in a result, however nested."""
    if isinstance(result, np.ndarray):
        return [float(x) for x in result.ravel()]
    if dataclasses.is_dataclass(result):
        return [x for field in dataclasses.fields(result) for x in numbers(getattr(result, field.name))]
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in numbers(part)]
    if isinstance(result, (bool, str)) or result is None or callable(result):
        return []
    return [float(result)]


def exact_text(result: Any) -> Any:
    """Return a result as text in which floats are hexadecimal, so that equal texts mean equal bits."""
    if isinstance(result, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(result).tobytes()).hexdigest() + str(result.dtype)
    if dataclasses.is_dataclass(result):
        compared = [field.name for field in dataclasses.fields(result) if field.compare]
        return {name: exact_text(getattr(result, name)) for name in compared}
    if isinstance(result, (list, tuple)):
        return [exact_text(part) for part in result]
    return result.hex() if isinstance(result, float) else str(result)


def everything(seed: int) -> str:
    """Return the results of all calls on samples made from ``seed``, as text."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.4, 1, (20, 300)), rng.normal(0, 1, (24, 300))
    found = {}
    for name, call in COLUMNS.items():
        n = 20 if "paired" in name else 24
        found[name] = exact_text(
            call(*((a, b[:n]) if "drawn" in name else (a[:6], b[: 6 if n == 20 else 8])))
        )
    for name, call in GRIDS.items():
        found[name] = exact_text(call(a[:6, :40], b[:6, :40]))
    for name, call in SINGLE.items():
        found[name] = exact_text(call(a[:, 0], b[: 20 if "paired" in name else 24, 0]))
    return json.dumps(found, sort_keys=True)


if __name__ == "__main__":
    print(everything(1))
