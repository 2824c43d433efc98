"""Tests, effects, intervals, corrections and verdicts: arrays in, plain results out.

Nothing here knows of models, prompts or pytest. Names load on first use, so importing the package costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuronclaims.stats.assumptions import doubts
    from neuronclaims.stats.designs import TwoSampleDesign, two_sample_design
    from neuronclaims.stats.effects.association import (
        WithinUnits,
        association_estimate,
        association_test,
        within_unit_auroc,
        within_unit_correlation,
    )
    from neuronclaims.stats.effects.bins import Bin, ProportionBins
    from neuronclaims.stats.effects.blocked import (
        blocked_auroc_estimate,
        blocked_hedges_g_estimate,
        blocked_mean_difference_estimate,
    )
    from neuronclaims.stats.effects.bootstrap import bootstrap_estimate
    from neuronclaims.stats.effects.changes import Change, effect_change
    from neuronclaims.stats.effects.estimate import Estimate
    from neuronclaims.stats.effects.intervals import (
        auroc_estimate,
        cliffs_delta_estimate,
        dz_estimate,
        hedges_g_estimate,
        mean_difference_estimate,
        paired_auroc_estimate,
        paired_cliffs_delta_estimate,
        paired_mean_difference_estimate,
    )
    from neuronclaims.stats.effects.margins import smallest_margin_p, smallest_share_margin_p
    from neuronclaims.stats.effects.points import auroc, auroc_many, paired_t_many, welch_t_many
    from neuronclaims.stats.effects.ratios import (
        RatioSummary,
        RatioTest,
        ratio_of_means_estimate,
        ratio_summary,
        ratio_test,
    )
    from neuronclaims.stats.effects.shares import (
        share_difference_estimate,
        share_estimate,
        share_test,
        wilson_limits,
    )
    from neuronclaims.stats.effects.together import (
        auroc_estimates,
        hedges_g_estimates,
        mean_difference_estimates,
    )
    from neuronclaims.stats.effects.top_k import (
        Overlap,
        noise_ceiling,
        occurrences,
        overlap,
        overlap_estimate,
        top_k_members,
    )
    from neuronclaims.stats.equivalence import (
        EquivalenceResult,
        equivalence_test,
        interval_equivalence_test,
        share_equivalence_test,
    )
    from neuronclaims.stats.inputs import Alternative, StatsError
    from neuronclaims.stats.multiplicity import Correction, adjust
    from neuronclaims.stats.permutation.clusters import Cluster, ClusterResult, cluster_test
    from neuronclaims.stats.permutation.exchange import exchange_test
    from neuronclaims.stats.permutation.max_statistic import MaxResults, max_statistic_tests
    from neuronclaims.stats.permutation.one_sample import one_sample_test
    from neuronclaims.stats.permutation.results import TestResult, TestResults
    from neuronclaims.stats.permutation.top_sets import (
        distinct_test,
        overlap_specificity_test,
        share_difference_test,
    )
    from neuronclaims.stats.permutation.two_samples import (
        two_sample_first_looks,
        two_sample_test,
        two_sample_tests,
    )
    from neuronclaims.stats.planning.pilots import SimulatedPower, simulated_power, simulated_units_needed
    from neuronclaims.stats.planning.power import power_of
    from neuronclaims.stats.planning.sizes import smallest_units, units_needed
    from neuronclaims.stats.planning.table import PlanRow, plan
    from neuronclaims.stats.seeds import seed_from
    from neuronclaims.stats.sentences import explain
    from neuronclaims.stats.verdicts import (
        Decision,
        Fact,
        Finding,
        Reason,
        Side,
        Verdict,
        decide,
        decide_fact,
    )

_HOME = {
    "assumptions": ("doubts",),
    "designs": ("TwoSampleDesign", "two_sample_design"),
    "effects.points": ("auroc", "auroc_many", "paired_t_many", "welch_t_many"),
    "inputs": ("Alternative", "StatsError"),
    "effects.estimate": ("Estimate",),
    "effects.together": ("auroc_estimates", "hedges_g_estimates", "mean_difference_estimates"),
    "effects.intervals": (
        "auroc_estimate",
        "auroc_estimates",
        "cliffs_delta_estimate",
        "dz_estimate",
        "hedges_g_estimate",
        "mean_difference_estimate",
        "paired_auroc_estimate",
        "paired_cliffs_delta_estimate",
        "paired_mean_difference_estimate",
    ),
    "effects.bootstrap": ("bootstrap_estimate",),
    "effects.changes": ("Change", "effect_change"),
    "effects.margins": ("smallest_margin_p", "smallest_share_margin_p"),
    "effects.ratios": ("RatioSummary", "RatioTest", "ratio_of_means_estimate", "ratio_summary", "ratio_test"),
    "effects.shares": ("share_difference_estimate", "share_estimate", "share_test", "wilson_limits"),
    "equivalence": (
        "EquivalenceResult",
        "equivalence_test",
        "interval_equivalence_test",
        "share_equivalence_test",
    ),
    "multiplicity": ("Correction", "adjust"),
    "effects.blocked": (
        "blocked_auroc_estimate",
        "blocked_hedges_g_estimate",
        "blocked_mean_difference_estimate",
    ),
    "permutation.max_statistic": ("MaxResults", "max_statistic_tests"),
    "permutation.one_sample": ("one_sample_test",),
    "effects.association": (
        "WithinUnits",
        "association_estimate",
        "association_test",
        "within_unit_auroc",
        "within_unit_correlation",
    ),
    "effects.bins": (
        "Bin",
        "ProportionBins",
    ),
    "effects.top_k": (
        "Overlap",
        "noise_ceiling",
        "occurrences",
        "overlap",
        "overlap_estimate",
        "top_k_members",
    ),
    "permutation.clusters": (
        "Cluster",
        "ClusterResult",
        "cluster_test",
    ),
    "permutation.exchange": ("exchange_test",),
    "permutation.top_sets": (
        "distinct_test",
        "overlap_specificity_test",
        "share_difference_test",
    ),
    "permutation.results": ("TestResult", "TestResults"),
    "permutation.two_samples": ("two_sample_first_looks", "two_sample_test", "two_sample_tests"),
    "planning.pilots": ("SimulatedPower", "simulated_power", "simulated_units_needed"),
    "planning.power": ("power_of",),
    "planning.sizes": ("smallest_units", "units_needed"),
    "planning.table": ("PlanRow", "plan"),
    "seeds": ("seed_from",),
    "sentences": ("explain",),
    "verdicts": ("Decision", "Fact", "Finding", "Reason", "Side", "Verdict", "decide", "decide_fact"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Alternative",
    "Bin",
    "Change",
    "Cluster",
    "ClusterResult",
    "Correction",
    "Decision",
    "EquivalenceResult",
    "Estimate",
    "Fact",
    "Finding",
    "MaxResults",
    "Overlap",
    "PlanRow",
    "ProportionBins",
    "RatioSummary",
    "RatioTest",
    "Reason",
    "Side",
    "SimulatedPower",
    "StatsError",
    "TestResult",
    "TestResults",
    "TwoSampleDesign",
    "Verdict",
    "WithinUnits",
    "adjust",
    "association_estimate",
    "association_test",
    "auroc",
    "auroc_estimate",
    "auroc_estimates",
    "auroc_many",
    "blocked_auroc_estimate",
    "blocked_hedges_g_estimate",
    "blocked_mean_difference_estimate",
    "bootstrap_estimate",
    "cliffs_delta_estimate",
    "cluster_test",
    "decide",
    "decide_fact",
    "distinct_test",
    "doubts",
    "dz_estimate",
    "effect_change",
    "equivalence_test",
    "exchange_test",
    "explain",
    "hedges_g_estimate",
    "hedges_g_estimates",
    "interval_equivalence_test",
    "max_statistic_tests",
    "mean_difference_estimate",
    "mean_difference_estimates",
    "noise_ceiling",
    "occurrences",
    "one_sample_test",
    "overlap",
    "overlap_estimate",
    "overlap_specificity_test",
    "paired_auroc_estimate",
    "paired_cliffs_delta_estimate",
    "paired_mean_difference_estimate",
    "paired_t_many",
    "plan",
    "power_of",
    "ratio_of_means_estimate",
    "ratio_summary",
    "ratio_test",
    "seed_from",
    "share_difference_estimate",
    "share_difference_test",
    "share_equivalence_test",
    "share_estimate",
    "share_test",
    "simulated_power",
    "simulated_units_needed",
    "smallest_margin_p",
    "smallest_share_margin_p",
    "smallest_units",
    "top_k_members",
    "two_sample_design",
    "two_sample_first_looks",
    "two_sample_test",
    "two_sample_tests",
    "units_needed",
    "welch_t_many",
    "wilson_limits",
    "within_unit_auroc",
    "within_unit_correlation",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
