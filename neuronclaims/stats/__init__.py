"""Tests, effects, intervals, corrections and verdicts: arrays in, plain results out.

Nothing here knows of models, prompts or pytest. Names load on first use, so importing the package costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.lazy import attach

if TYPE_CHECKING:
    from neuronclaims.stats.assumptions import assumption_warnings as assumption_warnings
    from neuronclaims.stats.clusters.cluster_test import (
        Cluster as Cluster,
    )
    from neuronclaims.stats.clusters.cluster_test import (
        ClusterResult as ClusterResult,
    )
    from neuronclaims.stats.clusters.cluster_test import (
        cluster_test as cluster_test,
    )
    from neuronclaims.stats.designs import (
        TwoSampleDesign as TwoSampleDesign,
    )
    from neuronclaims.stats.designs import (
        two_sample_design as two_sample_design,
    )
    from neuronclaims.stats.effects.association import (
        WithinUnits as WithinUnits,
    )
    from neuronclaims.stats.effects.association import (
        association_estimate as association_estimate,
    )
    from neuronclaims.stats.effects.association import (
        association_test as association_test,
    )
    from neuronclaims.stats.effects.blocked import (
        blocked_auroc_estimate as blocked_auroc_estimate,
    )
    from neuronclaims.stats.effects.blocked import (
        blocked_hedges_g_estimate as blocked_hedges_g_estimate,
    )
    from neuronclaims.stats.effects.blocked import (
        blocked_mean_difference_estimate as blocked_mean_difference_estimate,
    )
    from neuronclaims.stats.effects.changes import Change as Change
    from neuronclaims.stats.effects.changes import effect_change as effect_change
    from neuronclaims.stats.effects.effect_size import EffectSize as EffectSize
    from neuronclaims.stats.effects.estimate import Estimate as Estimate
    from neuronclaims.stats.effects.intervals import (
        auroc_estimate as auroc_estimate,
    )
    from neuronclaims.stats.effects.intervals import (
        dz_estimate as dz_estimate,
    )
    from neuronclaims.stats.effects.intervals import (
        hedges_g_estimate as hedges_g_estimate,
    )
    from neuronclaims.stats.effects.intervals import (
        mean_difference_estimate as mean_difference_estimate,
    )
    from neuronclaims.stats.effects.intervals import (
        paired_auroc_estimate as paired_auroc_estimate,
    )
    from neuronclaims.stats.effects.intervals import (
        paired_mean_difference_estimate as paired_mean_difference_estimate,
    )
    from neuronclaims.stats.effects.margins import smallest_margin_p as smallest_margin_p
    from neuronclaims.stats.effects.points import (
        auroc as auroc,
    )
    from neuronclaims.stats.effects.points import (
        auroc_many as auroc_many,
    )
    from neuronclaims.stats.effects.points import (
        paired_t_many as paired_t_many,
    )
    from neuronclaims.stats.effects.points import (
        welch_t_many as welch_t_many,
    )
    from neuronclaims.stats.effects.ratios import (
        RatioSummary as RatioSummary,
    )
    from neuronclaims.stats.effects.ratios import (
        RatioTest as RatioTest,
    )
    from neuronclaims.stats.effects.ratios import (
        ratio_of_means_estimate as ratio_of_means_estimate,
    )
    from neuronclaims.stats.effects.ratios import (
        ratio_summary as ratio_summary,
    )
    from neuronclaims.stats.effects.ratios import (
        ratio_t_test as ratio_t_test,
    )
    from neuronclaims.stats.effects.ratios import (
        ratio_test as ratio_test,
    )
    from neuronclaims.stats.effects.shares import (
        share_difference_estimate as share_difference_estimate,
    )
    from neuronclaims.stats.effects.shares import (
        share_estimate as share_estimate,
    )
    from neuronclaims.stats.effects.shares import (
        share_test as share_test,
    )
    from neuronclaims.stats.effects.shares import (
        wilson_limits as wilson_limits,
    )
    from neuronclaims.stats.effects.together import (
        auroc_estimates as auroc_estimates,
    )
    from neuronclaims.stats.effects.together import (
        hedges_g_estimates as hedges_g_estimates,
    )
    from neuronclaims.stats.effects.together import (
        mean_difference_estimates as mean_difference_estimates,
    )
    from neuronclaims.stats.effects.top_k import (
        Overlap as Overlap,
    )
    from neuronclaims.stats.effects.top_k import (
        noise_ceiling as noise_ceiling,
    )
    from neuronclaims.stats.effects.top_k import (
        overlap as overlap,
    )
    from neuronclaims.stats.effects.top_k import (
        overlap_estimate as overlap_estimate,
    )
    from neuronclaims.stats.effects.top_k import (
        top_k_members as top_k_members,
    )
    from neuronclaims.stats.equivalence import (
        EquivalenceResult as EquivalenceResult,
    )
    from neuronclaims.stats.equivalence import (
        equivalence_test as equivalence_test,
    )
    from neuronclaims.stats.equivalence import (
        interval_equivalence_test as interval_equivalence_test,
    )
    from neuronclaims.stats.inputs import Alternative as Alternative
    from neuronclaims.stats.inputs import StatsError as StatsError
    from neuronclaims.stats.maximum.max_statistic import (
        MaxResults as MaxResults,
    )
    from neuronclaims.stats.maximum.max_statistic import (
        max_statistic_tests as max_statistic_tests,
    )
    from neuronclaims.stats.maximum.max_statistic import (
        search_tests as search_tests,
    )
    from neuronclaims.stats.multiplicity import Correction as Correction
    from neuronclaims.stats.multiplicity import adjust as adjust
    from neuronclaims.stats.permutation.exchange import LabelStatistic as LabelStatistic
    from neuronclaims.stats.permutation.exchange import exchange_test as exchange_test
    from neuronclaims.stats.permutation.one_sample import one_sample_test as one_sample_test
    from neuronclaims.stats.permutation.results import TestResult as TestResult
    from neuronclaims.stats.permutation.results import TestResults as TestResults
    from neuronclaims.stats.permutation.two_samples import (
        two_sample_first_looks as two_sample_first_looks,
    )
    from neuronclaims.stats.permutation.two_samples import (
        two_sample_test as two_sample_test,
    )
    from neuronclaims.stats.permutation.two_samples import (
        two_sample_tests as two_sample_tests,
    )
    from neuronclaims.stats.permutation.welch_guard import search_guard as search_guard
    from neuronclaims.stats.power.planning import EffectPlan as EffectPlan
    from neuronclaims.stats.power.planning import PlannedEffect as PlannedEffect
    from neuronclaims.stats.power.planning import Planning as Planning
    from neuronclaims.stats.power.power_of import power_of as power_of
    from neuronclaims.stats.power.question import PlannedClaim as PlannedClaim
    from neuronclaims.stats.power.reach import smallest_p as smallest_p
    from neuronclaims.stats.power.reach import smallest_p_against as smallest_p_against
    from neuronclaims.stats.power.sizes import sizes_in_reach as sizes_in_reach
    from neuronclaims.stats.power.sizes import (
        units_needed as units_needed,
    )
    from neuronclaims.stats.rule import Side as Side
    from neuronclaims.stats.rule import at_boundary as at_boundary
    from neuronclaims.stats.rule import boundaries as boundaries
    from neuronclaims.stats.rule import cautioned as cautioned
    from neuronclaims.stats.rule import interval_test as interval_test
    from neuronclaims.stats.rule import two_sided as two_sided
    from neuronclaims.stats.seeds import seed_from as seed_from
    from neuronclaims.stats.sentences import explain as explain
    from neuronclaims.stats.series.families import SERIES_CORRECTIONS as SERIES_CORRECTIONS
    from neuronclaims.stats.series.families import SeriesCorrection as SeriesCorrection
    from neuronclaims.stats.series.families import over_claims as over_claims
    from neuronclaims.stats.series.families import over_looks as over_looks
    from neuronclaims.stats.series.spending import own_share as own_share
    from neuronclaims.stats.series.spending import share_of_next as share_of_next
    from neuronclaims.stats.settings import LEVEL as LEVEL
    from neuronclaims.stats.settings import PAIRS as PAIRS
    from neuronclaims.stats.settings import UNITS as UNITS
    from neuronclaims.stats.settings import Exchange as Exchange
    from neuronclaims.stats.settings import Level as Level
    from neuronclaims.stats.settings import Resampling as Resampling
    from neuronclaims.stats.standardised import of_any_shape as of_any_shape
    from neuronclaims.stats.verdicts import (
        Decision as Decision,
    )
    from neuronclaims.stats.verdicts import (
        Fact as Fact,
    )
    from neuronclaims.stats.verdicts import (
        Reason as Reason,
    )
    from neuronclaims.stats.verdicts import (
        Tested as Tested,
    )
    from neuronclaims.stats.verdicts import (
        Verdict as Verdict,
    )
    from neuronclaims.stats.verdicts import (
        decide as decide,
    )
    from neuronclaims.stats.verdicts import (
        decide_fact as decide_fact,
    )

__getattr__, __dir__ = attach(__name__)
