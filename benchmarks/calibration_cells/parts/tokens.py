"""C2: tokens of one prompt are not independent, nor are prompts of one template; what taking them so does."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import ttest_ind

from calibration_cells.bands import attained, published, rejected
from calibration_cells.cell import Cell, Row
from calibration_cells.parts.draws import Floats, tokens
from calibration_cells.parts.trials import tested
from neuronclaims import stats

PROMPTS, LENGTH = 10, 30
SHARED = (0.0, 0.05, 0.2, 0.5, 0.8)
"""How much of a token's variance its prompt shares (the intraclass correlation)."""
GROUPS, MEMBERS = 8, 4


def tokens_or_prompts(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for icc in SHARED:
        make = _prompt_averages(icc)
        found = tested(make, repetitions, seed, "C2", icc, exact_limit=0)
        case = {"part shared within a prompt": f"{icc:g}"}
        for alpha in (0.05, 0.01):
            measure = f"prompt as the unit, at {alpha}"
            level = attained(alpha, found.step)
            rows.append(rejected(TABLE, case, measure, found.two_sided, alpha, level))
    return rows


def tokens_as_units(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for icc in SHARED:
        case = {"part shared within a prompt": f"{icc:g}"}
        p = tested(_all_tokens(icc), repetitions, seed, "C2 tokens", icc, exact_limit=0).two_sided
        rows.append(published(TABLE, case, "token as the unit, permutation, at 0.05", p <= 0.05))
        rng = stats.seed_from("C2 t", str(icc), purpose="calibration", run_seed=seed)
        first, second = _all_tokens(icc)(np.random.default_rng(rng), min(repetitions, 1000))
        t = np.asarray(ttest_ind(first, second, equal_var=False).pvalue)
        rows.append(published(TABLE, case, "token as the unit, Welch's t-test, at 0.05", t <= 0.05))
    return rows


TABLE = f"No effect, {PROMPTS} + {PROMPTS} prompts of {LENGTH} tokens: how often a test rejects"


def _prompt_averages(icc: float) -> Callable[[np.random.Generator, int], tuple[Floats, Floats]]:
    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        first, second = (tokens(rng, PROMPTS, LENGTH, sets, icc).mean(axis=1) for _ in range(2))
        return first, second

    return make


def _all_tokens(icc: float) -> Callable[[np.random.Generator, int], tuple[Floats, Floats]]:
    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        shape = (PROMPTS * LENGTH, sets)
        first, second = (tokens(rng, PROMPTS, LENGTH, sets, icc).reshape(shape) for _ in range(2))
        return first, second

    return make


def templates(repetitions: int, seed: int) -> list[Row]:
    """Prompts made from a few templates: the template is the unit when it is declared as the group."""
    table = f"No effect, {GROUPS} + {GROUPS} templates of {MEMBERS} prompts each: how often a test rejects"
    names = [[f"{side}{place // MEMBERS}" for place in range(GROUPS * MEMBERS)] for side in "ab"]
    design = stats.two_sample_design(*names)
    rows = []
    for icc in (0.2, 0.5, 0.8):
        make = _templated(icc)

        def declared(rng: np.random.Generator, sets: int, make: Made = make) -> tuple[Floats, Floats]:
            return design.units(*make(rng, sets))

        case = {"part shared within a template": f"{icc:g}"}
        found = tested(declared, repetitions, seed, "C2 templates", icc)
        for alpha in (0.05, 0.01):
            level = attained(alpha, found.step)
            measure = f"template declared as group, at {alpha}"
            rows.append(rejected(table, case, measure, found.two_sided, alpha, level))
        p = tested(make, repetitions, seed, "C2 templates", icc).two_sided
        rows.append(published(table, case, "group not declared, at 0.05", p <= 0.05))
    return rows


def shared_templates(repetitions: int, seed: int) -> list[Row]:
    """The same templates in both sets: each gives one difference."""
    table = f"No effect, {GROUPS} templates used in both sets, unequally often: how often a test rejects"
    uneven = [place // 3 for place in range(3 * GROUPS)], [place % GROUPS for place in range(2 * GROUPS)]
    design = stats.two_sample_design(*([f"t{template}" for template in side] for side in uneven))
    rows = []
    for icc in (0.5, 0.8):

        def make(rng: np.random.Generator, sets: int, icc: float = icc) -> tuple[Floats, Floats]:
            template = math.sqrt(icc) * rng.standard_normal((GROUPS, sets))
            noise = [math.sqrt(1 - icc) * rng.standard_normal((len(side), sets)) for side in uneven]
            return design.units(*(template[side] + part for side, part in zip(uneven, noise, strict=True)))

        found = tested(make, repetitions, seed, "C2 shared", icc, paired=True)
        for alpha in (0.05, 0.01):
            level = attained(alpha, found.step)
            case = {"part shared within a template": f"{icc:g}"}
            rows.append(
                rejected(table, case, f"difference per template, at {alpha}", found.two_sided, alpha, level)
            )
    return rows


Made = Callable[[np.random.Generator, int], tuple[Floats, Floats]]


def _templated(icc: float) -> Made:
    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        shape = (GROUPS * MEMBERS, sets)
        first, second = (tokens(rng, GROUPS, MEMBERS, sets, icc).reshape(shape) for _ in range(2))
        return first, second

    return make


CELLS = (
    Cell("C2", "prompts", tokens_or_prompts, 5_000, 50_000),
    Cell("C2", "tokens", tokens_as_units, 2_000, 20_000),
    Cell("C2", "templates", templates, 5_000, 100_000),
    Cell("C2", "shared templates", shared_templates, 5_000, 100_000),
)
