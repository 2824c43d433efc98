"""Rows made of values, as a claim on two sets would have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neuronclaims import stats
from neuronclaims.baselines.rows import Baseline, Environment, SavedClaim, SavedEffect, SavedValues, rounded

Blocks = tuple[tuple[int, ...], tuple[int, ...]]
ENVIRONMENT = Environment("demo", "a" * 64, "b" * 64, "float32", "cpu", {"torch": "2.0", "numpy": "1.26"})
WAYS = {
    ("difference", False): stats.mean_difference_estimate,
    ("difference", True): stats.paired_mean_difference_estimate,
    ("sd", False): stats.hedges_g_estimate,
    ("sd", True): stats.dz_estimate,
    ("auroc", False): stats.auroc_estimate,
    ("auroc", True): stats.paired_auroc_estimate,
}


def row(
    first: Sequence[float],
    second: Sequence[float],
    *,
    scale: str = "difference",
    paired: bool = False,
    verdict: str | None = "supported",
    side: str | None = "greater",
    content: str = "same",
    environment: str = ENVIRONMENT.key,
    **more: object,
) -> SavedClaim:
    """A row whose effect is that of its values."""
    e = WAYS[scale, paired](np.asarray(first, float), np.asarray(second, float))
    sides = (
        {f"{name}{place}": rounded(value) for place, value in enumerate(values)}
        for name, values in (("a", first), ("b", second))
    )
    fields = {
        "content": content,
        "sentence": "neuron 0:0 activates more for a than b",
        "kind": "contrast",
        "environment": environment,
        "verdict": verdict,
        "effect": SavedEffect(e.name, rounded(e.value), rounded(e.low), rounded(e.high), e.level),
        "side": side,
        "p": 0.001,
        "p_adjusted": 0.01,
        "family": 10,
        "alpha": 0.05,
        "n": {"a": len(first), "b": len(second)},
        "values": SavedValues("resid_post 0:0, mean of prompt", scale, paired, *sides),  # type: ignore[arg-type]
    }
    return SavedClaim(**{**fields, **more})  # type: ignore[arg-type]


def kept(
    values: SavedValues, value: float, *, spread: float = 0.1, side: str = "greater", **more: object
) -> SavedClaim:
    """A row of another kind, with an interval of its effect and the values that this is made of."""
    effect = SavedEffect("effect", rounded(value), rounded(value - spread), rounded(value + spread), 0.95)
    made = row([0, 1, 2], [0, 1, 2], side=side, effect=effect, kind="other")
    return replace(made, **{"values": values, **more})  # type: ignore[arg-type]


def one_set(values: Sequence[float], scale: str = "share", **more: object) -> SavedClaim:
    """A row whose effect is the mean of one set's values."""
    named = {f"a{place}": rounded(value) for place, value in enumerate(values)}
    made = SavedValues("mlp_post 0:0", scale, False, named, {})  # type: ignore[arg-type]
    return kept(made, float(np.mean(values)), **more)  # type: ignore[arg-type]


def ratio(tops: Sequence[float], bottoms: Sequence[float], **more: object) -> SavedClaim:
    """A row whose effect is the ratio of two means."""
    sides = (
        {f"a{place}": rounded(value) for place, value in enumerate(values)} for values in (tops, bottoms)
    )
    made = SavedValues("mlp_post 0:0 restored", "ratio", True, *sides)  # type: ignore[arg-type]
    return kept(made, float(np.mean(tops) / np.mean(bottoms)), **more)  # type: ignore[arg-type]


def in_blocks(
    first: Sequence[float], second: Sequence[float], blocks: Blocks, scale: str, **more: object
) -> SavedClaim:
    """A row of two sets within blocks."""
    found = row(first, second, scale=scale, **more)
    assert found.values is not None
    return replace(found, values=replace(found.values, blocks=blocks))


def baseline(**rows: SavedClaim) -> Baseline:
    """A baseline of rows named by their claims' ids."""
    named = {f"x.claims.yaml::demo::{name}": each for name, each in rows.items()}
    return Baseline(named, {ENVIRONMENT.key: ENVIRONMENT})
